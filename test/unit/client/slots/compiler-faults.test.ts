import { describe, expect, it } from 'vitest';
import { CompilerFaults } from '../../../../src/client/slots/compiler-faults.ts';

describe('CompilerFaults', () => {
  it('keeps what a host lacks by host and by compiler, for a while', () => {
    let now = 0;
    const faults = new CompilerFaults(() => now);
    faults.lacks('one', 'gcc', { why: 'it has no gcc', seconds: 60 });
    expect(faults.why('one', 'gcc')).toBe('it has no gcc');
    expect([faults.why('one', 'g++'), faults.why('two', 'gcc')]).toEqual([undefined, undefined]);
    now = 60_000;
    expect(faults.why('one', 'gcc')).toBeUndefined();
  });

  it('takes three differences in a row for another compiler, and one more after a rest', () => {
    let now = 0;
    const faults = new CompilerFaults(() => now);
    const differs = (): boolean => faults.differs('one', 'gcc', 60);
    expect([differs(), differs()]).toEqual([false, false]);
    expect(faults.why('one', 'gcc')).toBeUndefined();
    faults.works('one', 'gcc');
    expect([differs(), differs(), differs()]).toEqual([false, false, true]);
    expect(faults.why('one', 'gcc')).toBe('its gcc fails where the one here does not');
    now = 61_000;
    expect(faults.why('one', 'gcc')).toBeUndefined();
    expect(differs()).toBe(true);
  });

  it('keeps nothing when hosts do not rest', () => {
    const faults = new CompilerFaults(() => 0);
    faults.lacks('one', 'gcc', { why: 'it has no gcc', seconds: 0 });
    expect(faults.why('one', 'gcc')).toBeUndefined();
  });
});
