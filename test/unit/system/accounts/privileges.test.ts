import { describe, expect, it } from 'vitest';
import { dropPrivileges } from '../../../../src/system/accounts/privileges.ts';
import type { Identity } from '../../../../src/system/accounts/privileges.ts';

const account = { name: 'distcc', uid: 100, gid: 200 };

/** A kernel's behaviour as far as identities go; `faults` are the ways in which dropping may go wrong. */
function recorder(faults: { keepsRoot?: boolean; groups?: number[]; failing?: string } = {}) {
  const calls: string[] = [];
  let [uid, gid, groups] = [0, 0, [0, 4, 27]];
  const may = (name: string): void => {
    if (faults.failing === name) throw new Error(`EPERM: ${name}`);
    if (uid !== 0 && faults.keepsRoot !== true) throw new Error('EPERM');
  };
  const identity: Identity = {
    getuid: () => uid,
    getgid: () => gid,
    getgroups: () => faults.groups ?? groups,
    setgroups: (next) => {
      may('setgroups');
      calls.push(`setgroups ${next.join(',')}`);
      groups = [...next];
    },
    setgid: (next) => {
      may('setgid');
      calls.push(`setgid ${next}`);
      gid = next;
    },
    setuid: (next) => {
      may('setuid');
      calls.push(`setuid ${next}`);
      uid = next;
    },
  };
  return { identity, calls, now: () => ({ uid, gid, groups }) };
}

describe('dropPrivileges()', () => {
  it('gives up groups, then group, then user, and ends with exactly one group', () => {
    const { identity, calls, now } = recorder();
    dropPrivileges(identity, account);
    expect(calls).toEqual(['setgroups 200', 'setgid 200', 'setuid 100']);
    expect(now()).toEqual({ uid: 100, gid: 200, groups: [200] });
  });

  it.each([
    { name: 'root', uid: 0, gid: 0 },
    { name: 'toor', uid: 0, gid: 5 },
    { name: 'wheel', uid: 5, gid: 0 },
  ])('refuses to serve as $name before changing anything', (root) => {
    const { identity, calls } = recorder();
    expect(() => dropPrivileges(identity, root)).toThrow(
      expect.objectContaining({ status: 112, message: expect.stringContaining('--user') }),
    );
    expect(calls).toEqual([]);
  });

  it.each(['setgroups', 'setgid', 'setuid'])('ends when %s fails', (failing) => {
    expect(() => dropPrivileges(recorder({ failing }).identity, account)).toThrow(/cannot become "distcc": EPERM/);
  });

  it('ends when the way back to root is open', () => {
    expect(() => dropPrivileges(recorder({ keepsRoot: true }).identity, account)).toThrow(/privileges are still there/);
  });

  it('ends when another group is left', () => {
    expect(() => dropPrivileges(recorder({ groups: [200, 27] }).identity, account)).toThrow(
      /privileges are still there/,
    );
  });
});
