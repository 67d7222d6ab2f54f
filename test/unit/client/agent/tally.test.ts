import { describe, expect, it } from 'vitest';
import { Tally } from '../../../../src/client/agent/tally.ts';

describe('Tally', () => {
  it('counts jobs, and reasons without the names in them, the most frequent first', () => {
    const tally = new Tally();
    tally.countSent('unpreprocessed');
    tally.countSent('result');
    tally.countSent('preprocessed');
    tally.countReason('it takes too long');
    tally.countReason('"a.h" has changed');
    tally.countReason('"b.h" has changed');
    expect(tally.report()).toEqual({
      unpreprocessed: 2,
      results: 1,
      preprocessed: 1,
      reasons: [
        { why: '"..." has changed', jobs: 2 },
        { why: 'it takes too long', jobs: 1 },
      ],
    });
  });

  it('counts together what comes after fifty reasons', () => {
    const tally = new Tally();
    for (let at = 0; at < 60; at += 1) tally.countReason(`reason ${at}`);
    const { reasons } = tally.report();
    expect(reasons).toHaveLength(51);
    expect(reasons[0]).toEqual({ why: 'other reasons', jobs: 10 });
  });
});
