import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangingHosts, fixedHosts } from '../../../../src/client/hosts/changing-hosts.ts';
import type { JobHosts } from '../../../../src/client/hosts/changing-hosts.ts';
import { noHosts } from '../../../../src/client/hosts/host-list.ts';
import type { HostSource } from '../../../../src/client/hosts/host-list.ts';

const file = (text: string): HostSource => ({ name: '/etc/distcc/hosts', text, unit: 'lines' });
const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const names = ({ list }: JobHosts): string[] => list.hosts.map(({ definition }) => definition);

describe('ChangingHosts', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('shows its jobs the new list, and keeps the hosts that stay on it', () => {
    const hosts = new ChangingHosts(file('a/1 b/1\n'));
    const job = hosts.forJob(nothing);
    const [a, b] = job.list.hosts;
    hosts.update(file('c/1 b/1 a/2\n'));
    expect(names(job)).toEqual(['c/1', 'b/1', 'a/2']);
    expect(job.list.hosts[1]).toBe(b);
    expect(job.list.hosts).not.toContain(a);
    expect(hosts.forJob(nothing).key).toBe(job.key);
  });

  it('keeps the old list when the new one cannot be used', () => {
    const hosts = new ChangingHosts(file('a/1'));
    const job = hosts.forJob(nothing);
    expect(() => hosts.update(file('b/x'))).toThrow('"b/x"');
    expect(names(job)).toEqual(['a/1']);
  });

  it('reads once a second for all jobs that wait, and tells each of them what is new', async () => {
    const hosts = new ChangingHosts(file('a'));
    let text = 'a';
    const read = vi.fn(() => Promise.resolve(text));
    const changed = vi.fn();
    const ends = Array.from({ length: 3 }, () => hosts.forJob(read).watch(changed));
    await vi.advanceTimersByTimeAsync(2000);
    expect([read.mock.calls.length, changed.mock.calls.length]).toEqual([2, 0]);
    text = 'a b';
    await vi.advanceTimersByTimeAsync(1000);
    expect([read.mock.calls.length, changed.mock.calls.length]).toEqual([3, 3]);
    for (const end of ends) end();
    await vi.advanceTimersByTimeAsync(5000);
    expect(read.mock.calls.length).toBe(3);
  });

  it('survives a launcher that is gone and a file that cannot be used', async () => {
    const hosts = new ChangingHosts(file('a'));
    const changed = vi.fn();
    const answers = [() => Promise.reject(new Error('gone')), nothing, () => Promise.resolve('b/x')];
    hosts.forJob(() => answers.shift()?.() ?? nothing()).watch(changed);
    await vi.advanceTimersByTimeAsync(4000);
    expect([answers.length, changed.mock.calls.length]).toEqual([0, 0]);
  });

  it('shuffles for each job when the list says so', () => {
    const words = Array.from({ length: 50 }, (_none, at) => `h${at}`);
    const hosts = new ChangingHosts(file(`${words.join(' ')} --randomize`));
    const [one, other] = [hosts.forJob(nothing), hosts.forJob(nothing)];
    expect(names(one)).not.toEqual(names(other));
    expect(names(one)).toEqual(names(one));
    expect(names(one).sort()).toEqual([...words].sort());
  });
});

describe('fixedHosts()', () => {
  it('never changes', () => {
    const hosts = fixedHosts(noHosts);
    expect([hosts.list, hosts.watch(() => {})()]).toEqual([noHosts, undefined]);
  });
});
