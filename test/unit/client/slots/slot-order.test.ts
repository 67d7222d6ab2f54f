import { describe, expect, it } from 'vitest';
import { parseHostList } from '../../../../src/client/hosts/host-list.ts';
import { lockName } from '../../../../src/client/hosts/host.ts';
import type { Host } from '../../../../src/client/hosts/host.ts';
import { candidatesOf, pauseBefore, usableHosts } from '../../../../src/client/slots/slot-order.ts';

const hostsOf = (text: string): readonly Host[] => parseHostList({ name: 'x', text, unit: 'words' }).hosts;
const names = (hosts: readonly Host[]): string[] => hosts.map(({ definition }) => definition);

describe('candidatesOf()', () => {
  it('gives the first slot of every host before the second of any', () => {
    const order = [...candidatesOf(hostsOf('a/2 b/1 localhost/3'))].map(
      ({ host, slot }) => `${host.definition}#${slot}`,
    );
    expect(order).toEqual(['a/2#0', 'b/1#0', 'localhost/3#0', 'a/2#1', 'localhost/3#1', 'localhost/3#2']);
  });

  it('has no limit to the number of hosts', () => {
    const [first] = candidatesOf(hostsOf('a/1\n'.repeat(250_000)));
    expect(first).toMatchObject({ slot: 0 });
  });

  it('gives nothing without hosts', () => {
    expect([...candidatesOf([])]).toEqual([]);
  });
});

describe('usableHosts()', () => {
  it('leaves out hosts that are down, rest, have no slot, or failed this job', () => {
    const hosts = hostsOf('a b,down c d/-1 e localhost');
    const [, , , , failed] = hosts;
    const usable = usableHosts(hosts, {
      failed: new Set(failed === undefined ? [] : [failed]),
      rests: ({ name }) => name === 'c',
    });
    expect(names(usable)).toEqual(['a', 'localhost']);
  });
});

describe('pauseBefore()', () => {
  it('looks often at first and settles at 50 ms', () => {
    expect([0, 1, 8, 100].map((attempt) => pauseBefore(attempt, undefined))).toEqual([10, 15, 50, 50]);
  });

  it('follows the setting of the user', () => {
    expect(pauseBefore(3, 1000)).toBe(1000);
    expect(pauseBefore(3, 0)).toBe(0);
  });
});

describe('lockName()', () => {
  it.each([
    ['localhost/7', 'localhost'],
    ['angry:4000,lzo', 'tcp_angry_4000'],
    ['[::1]:43632', 'tcp_::1_43632'],
    ['ted@angry/3:/bin/d', 'ssh_angry'],
  ])('names "%s" as distcc does', (word, name) => {
    expect(hostsOf(word).map(lockName)).toEqual([name]);
  });
});
