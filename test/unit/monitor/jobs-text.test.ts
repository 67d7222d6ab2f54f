import { describe, expect, it } from 'vitest';
import { jobLine, jobsText } from '../../../src/monitor/jobs-text.ts';

const job = { pid: 2246, file: 'a.c', host: '127.0.0.1', slot: 0, phase: 'Compile' } as const;

describe('jobLine()', () => {
  it("is distcc's line", () => {
    expect(jobLine(job)).toBe('  2246  Compile     a.c                                           127.0.0.1[0]');
  });

  it('cuts long names, and keeps columns with letters of several bytes', () => {
    expect(jobLine({ ...job, file: 'ä'.repeat(40), host: 'h'.repeat(40), pid: 4194304 })).toBe(
      `4194304  Compile     ${'ä'.repeat(30)} ${'h'.repeat(24)}[0]`,
    );
  });

  it('shows nothing that would move a cursor', () => {
    expect(jobLine({ ...job, file: '\u001B[2J\n.c' })).toContain(' ?[2J?.c ');
  });
});

describe('jobsText()', () => {
  it('ends every look with an empty line, and leaves out what is done', () => {
    expect(jobsText([])).toBe('\n');
    expect(jobsText([job, { ...job, phase: 'Done' }])).toBe(`${jobLine(job)}\n\n`);
  });
});
