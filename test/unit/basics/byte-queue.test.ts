import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../../src/basics/byte-queue.ts';

describe('ByteQueue', () => {
  it('gives back the bytes in order, however they were pushed and taken', () => {
    const sizes = fc.array(
      fc.oneof(fc.nat(40), fc.integer({ min: 4000, max: 9000 }), fc.integer({ min: 60_000, max: 70_000 })),
      { maxLength: 25 },
    );
    const property = fc.property(
      sizes,
      fc.array(fc.nat(20_000), { maxLength: 40 }),
      fc.boolean(),
      (pushes, takes, interleave) => {
        const total = pushes.reduce((sum, size) => sum + size, 0);
        const whole = Buffer.from(Array.from({ length: total }, (_, at) => (at * 7 + (at >> 8)) & 255));
        const queue = new ByteQueue();
        const out: Buffer[] = [];
        let at = 0;
        const wanted = [...takes];
        for (const size of pushes) {
          queue.push(Buffer.from(whole.subarray(at, at + size)));
          at += size;
          if (interleave) out.push(Buffer.from(queue.take(Math.min(wanted.shift() ?? 0, queue.length))));
        }
        for (const size of wanted) out.push(Buffer.from(queue.take(Math.min(size, queue.length))));
        out.push(Buffer.from(queue.take(queue.length)));
        return Buffer.concat(out).equals(whole) && queue.length === 0;
      },
    );
    const report = fc.check(property, { numRuns: 150 });
    console.log(`ByteQueue property: seed ${report.seed}`);
    expect(report.failed, fc.defaultReportMessage(report) ?? '').toBe(false);
  });

  it('does not let later bytes change what was taken', () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from('a'));
    queue.push(Buffer.from('bc'));
    const taken = queue.take(2);
    queue.push(Buffer.from('def'));
    expect(taken.toString()).toBe('ab');
    expect(queue.take(4).toString()).toBe('cdef');
  });

  it('refuses to take more than there is', () => {
    expect(() => new ByteQueue().take(1)).toThrow(RangeError);
  });
});
