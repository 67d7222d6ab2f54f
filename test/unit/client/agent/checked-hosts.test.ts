import { describe, expect, it } from 'vitest';
import { CheckedHosts } from '../../../../src/client/agent/checked-hosts.ts';

describe('CheckedHosts', () => {
  it('has an object looked at again after a while, and when the host says something else of its compiler', () => {
    let now = 0;
    const checked = new CheckedHosts(() => now);
    expect(checked.isDue('host gcc', undefined)).toBe(true);
    checked.isSame('host gcc', 'told');
    expect([
      checked.isDue('host gcc', 'told'),
      checked.isDue('host gcc', 'more'),
      checked.isDue('host', 'told'),
    ]).toEqual([false, true, true]);
    now = 10_000;
    expect(checked.isDue('host gcc', 'told')).toBe(true);
  });

  it('lets a host with another compiler rest', () => {
    let now = 0;
    const checked = new CheckedHosts(() => now);
    checked.isOther('host gcc', 'it is old', 60);
    expect([checked.whyOther('host gcc'), checked.whyOther('host clang')]).toEqual(['it is old', undefined]);
    now = 60_000;
    expect([checked.whyOther('host gcc'), checked.isDue('host gcc', undefined)]).toEqual([undefined, true]);
  });
});
