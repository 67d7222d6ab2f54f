import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadHosts } from '../../../../src/client/hosts/host-source.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'host-source-test-'));
  mkdirSync(join(home, '.distcc'));
});
afterEach(() => rmSync(home, { recursive: true }));

const names = (environment: Record<string, string>): string[] =>
  loadHosts(environment).hosts.map(({ definition }) => definition);

describe('loadHosts()', () => {
  it('takes the first source that exists, and no other', () => {
    writeFileSync(join(home, '.distcc/hosts'), 'from-home\n');
    mkdirSync(join(home, 'own'));
    writeFileSync(join(home, 'own/hosts'), 'from-folder\n');
    expect(names({ HOME: home })).toEqual(['from-home']);
    expect(names({ HOME: home, DISTCC_DIR: join(home, 'own') })).toEqual(['from-folder']);
    expect(names({ HOME: home, DISTCC_HOSTS: 'from-variable' })).toEqual(['from-variable']);
    expect(names({ HOME: home, DISTCC_HOSTS: '' })).toEqual([]);
  });

  it('says which source holds no hosts', () => {
    writeFileSync(join(home, '.distcc/hosts'), '# none yet\n');
    expect(loadHosts({ HOME: home }).warnings).toEqual([
      `${home}/.distcc/hosts contained no hosts; can't distribute work`,
    ]);
    expect(loadHosts({ DISTCC_HOSTS: ' ' }).warnings).toEqual([
      "$DISTCC_HOSTS contained no hosts; can't distribute work",
    ]);
  });

  it('shuffles the hosts only when the list says so', () => {
    const hosts = Array.from({ length: 50 }, (_none, index) => `h${index}`);
    expect(names({ DISTCC_HOSTS: hosts.join(' ') })).toEqual(hosts);
    const shuffled = names({ DISTCC_HOSTS: `--randomize ${hosts.join(' ')}` });
    expect(shuffled).not.toEqual(hosts);
    expect(shuffled.sort()).toEqual(hosts.sort());
  });

  it('refuses a file that is not a host list', () => {
    writeFileSync(join(home, '.distcc/hosts'), '');
    truncateSync(join(home, '.distcc/hosts'), 1024 * 1024 + 1);
    expect(() => loadHosts({ HOME: home })).toThrow('is longer than 1 MiB');
    rmSync(join(home, '.distcc/hosts'));
    mkdirSync(join(home, '.distcc/hosts'));
    expect(() => loadHosts({ HOME: home })).toThrow(`cannot read "${home}/.distcc/hosts"`);
  });

  it('does not wait for a pipe, and takes /dev/null for a list without hosts', () => {
    execFileSync('mkfifo', [join(home, '.distcc/hosts')]);
    expect(() => loadHosts({ HOME: home })).toThrow('is not a regular file: it cannot hold a host list');
    rmSync(join(home, '.distcc/hosts'));
    symlinkSync('/dev/null', join(home, '.distcc/hosts'));
    expect(names({ HOME: home })).toEqual([]);
  });
});
