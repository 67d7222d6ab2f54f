import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../../../packaging/systemd');

/** What a unit sets from its account on: the fence. */
function fenceOf(unit: string): ReadonlySet<string> {
  const lines = readFileSync(join(folder, unit), 'utf8').split('\n');
  const begin = lines.findIndex((line) => line.startsWith('User='));
  const end = lines.indexOf('[Install]');
  return new Set(lines.slice(begin, end < 0 ? undefined : end).filter((line) => line !== '' && !line.startsWith('#')));
}

const without = (some: ReadonlySet<string>, others: ReadonlySet<string>): string[] =>
  [...some].filter((line) => !others.has(line));

// systemd has no way to include one unit in others.
describe('the units of the service', () => {
  const fence = fenceOf('distccd.service');

  it('have a fence', () => expect(fence.size).toBeGreaterThan(30));

  it('share it, except the one with a process for each client, which needs less', () => {
    const other = fenceOf('distccd@.service');
    expect(without(fence, other)).toEqual([
      'TasksMax=4096',
      'RootDirectoryStartOnly=yes',
      'RestrictAddressFamilies=AF_UNIX',
    ]);
    expect(without(other, fence)).toEqual(['TasksMax=512', 'RestrictAddressFamilies=none']);
  });

  it('share it, except the one whose daemon opens a port: it has a network, and makes no namespaces', () => {
    const other = fenceOf('distccd-port@.service');
    expect(without(fence, other)).toEqual([
      'RestrictNamespaces=user mnt pid',
      'SystemCallFilter=mount mount_setattr pivot_root umount2',
      'PrivateNetwork=yes',
      'RestrictAddressFamilies=AF_UNIX',
    ]);
    expect(without(other, fence)).toEqual([
      'RestrictNamespaces=yes',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
      'IPAddressAllow=localhost link-local 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7',
    ]);
  });
});
