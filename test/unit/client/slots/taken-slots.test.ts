import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TakenSlots } from '../../../../src/client/slots/taken-slots.ts';

describe('TakenSlots', () => {
  it('finds the first free slot as a plain search does', () => {
    const range = fc.tuple(fc.nat(100), fc.nat(100));
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(100)), range, (taken, [first, end]) => {
        const slots = new TakenSlots();
        for (const slot of taken) slots.take(slot);
        let expected: number | undefined;
        for (let at = first; at < end && expected === undefined; at += 1) if (!taken.includes(at)) expected = at;
        expect(slots.firstFree(first, end)).toBe(expected);
        expect(slots.count).toBe(taken.length);
        for (const slot of taken) slots.release(slot);
        expect([slots.count, slots.firstFree(first, 200)]).toEqual([0, first]);
      }),
    );
  });
});
