import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TakenPlaces } from '../../../../src/client/slots/taken-slots.ts';

describe('TakenPlaces', () => {
  it('finds the first free place as a plain search does', () => {
    const range = fc.tuple(fc.nat(100), fc.nat(100));
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(100)), range, (taken, [first, end]) => {
        const places = new TakenPlaces();
        for (const place of taken) places.take(place);
        let expected: number | undefined;
        for (let at = first; at < end && expected === undefined; at += 1) if (!taken.includes(at)) expected = at;
        expect(places.firstFree(first, end)).toBe(expected);
        expect(places.count).toBe(taken.length);
        for (const place of taken) places.release(place);
        expect([places.count, places.firstFree(first, 200)]).toEqual([0, first]);
      }),
    );
  });
});
