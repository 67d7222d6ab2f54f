import { describe, expect, it } from 'vitest';
import { TextMemory } from '../../../../src/client/transport/text-memory.ts';

describe('TextMemory', () => {
  it('lends what has come back, the smallest that fits', () => {
    const memory = new TextMemory();
    const [small, big] = [memory.take(1000), memory.take(1_000_000)];
    expect([small.length >= 1000, big.length >= 1_000_000]).toEqual([true, true]);
    memory.giveBack(big);
    memory.giveBack(small);
    expect(memory.take(2000)).toBe(small);
    expect(memory.take(2000)).toBe(big);
    expect(memory.take(2000)).not.toBe(big);
  });

  it('never lends the same twice, nor too little', () => {
    const memory = new TextMemory();
    const small = memory.take(0);
    memory.giveBack(small);
    expect(memory.take(small.length + 1).length).toBeGreaterThan(small.length);
    expect(memory.take(1)).toBe(small);
    expect(memory.take(1)).not.toBe(small);
  });

  it('keeps no more than a few texts', () => {
    const memory = new TextMemory();
    const huge = memory.take(100_000_000);
    memory.giveBack(huge);
    expect(memory.take(1)).not.toBe(huge);
  });
});
