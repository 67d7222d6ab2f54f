import { describe, expect, it } from 'vitest';
import { faultsIn, findingLines, Findings } from '../../../../src/client/doctor/findings.ts';

function some(): Findings {
  const findings = new Findings();
  findings.well('name', '"büro" is 192.0.2.1');
  findings.wrong('C', 'it says \u001b[2J\u202e');
  findings.note('agent', 'none runs yet');
  return findings;
}

describe('findingLines()', () => {
  it('marks each finding', () => {
    expect(findingLines('büro/4', some().all, { utf8: true })).toEqual([
      'büro/4',
      '  ✓ name         "büro" is 192.0.2.1',
      expect.stringMatching(/^ {2}✗ C {12}it says /),
      '  • agent        none runs yet',
    ]);
  });

  it('is plain ASCII elsewhere', () => {
    expect(findingLines('büro/4', some().all, { utf8: false }).slice(0, 2)).toEqual([
      'b?ro/4',
      '  ok name         "b?ro" is 192.0.2.1',
    ]);
    expect(findingLines('a', some().all, { utf8: false })[3]).toBe('  -- agent        none runs yet');
  });

  it('shows what would control a terminal as escapes', () => {
    expect(findingLines('a', some().all, { utf8: true }).join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('counts what is to be mended', () => {
    expect(faultsIn(some().all)).toBe(1);
  });
});
