import { describe, expect, it } from 'vitest';
import { ReasonCounts } from '../../../src/basics/reason-counts.ts';

describe('ReasonCounts', () => {
  it('counts a reason once however the files in it are called, and keeps options', () => {
    const counts = new ReasonCounts();
    expect(counts.count('"a.c" is a second source')).toBe('"..." is a second source');
    counts.count('"b.c" is a second source');
    counts.count('"-march=native" means another processor, for "a.c"');
    expect(counts.report()).toEqual([
      { why: '"..." is a second source', count: 2 },
      { why: '"-march=native" means another processor, for "..."', count: 1 },
    ]);
  });

  it.each([
    ['"src/a" and "a.cc"', '"..." and "..."'],
    [
      '"gcc-13.2", "c++", "x86_64-linux-gnu-g++" and "-fplugin=/a.so"',
      '"gcc-13.2", "c++", "x86_64-linux-gnu-g++" and "-fplugin=/a.so"',
    ],
    ['an odd " quote', 'an odd " quote'],
  ])('counts %s as %s', (sentence, counted) => {
    expect(new ReasonCounts().count(sentence)).toBe(counted);
  });

  it('counts together what comes after fifty reasons, and cuts long ones', () => {
    const counts = new ReasonCounts();
    for (let at = 0; at < 60; at += 1) counts.count(`reason ${at}`);
    expect(counts.report()).toHaveLength(51);
    expect(counts.report()[0]).toEqual({ why: 'other reasons', count: 10 });
    expect(new ReasonCounts().count('x'.repeat(10_000))).toHaveLength(403);
  });
});
