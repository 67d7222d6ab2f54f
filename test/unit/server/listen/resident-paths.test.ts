import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDaemonOptions } from '../../../../src/config/read-daemon-options.ts';
import { residentEnvironment, residentPaths, residentSocket } from '../../../../src/server/listen/resident-paths.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'place-'));
  chmodSync(top, 0o700);
});
afterEach(() => rmSync(top, { recursive: true }));

function pathsFor(words: readonly string[], environment: NodeJS.ProcessEnv) {
  const reading = readDaemonOptions(words);
  if (!('options' in reading)) throw new Error('no options');
  return residentPaths(words, reading.options, environment);
}

const words = ['--inetd', '--enable-tcp-insecure'];

describe('residentPaths()', () => {
  it('is in the folder of the session, or in the temporary directory, or in /tmp', () => {
    const user = process.getuid?.();
    expect(pathsFor(words, { XDG_RUNTIME_DIR: top, TMPDIR: '/var/tmp' }).folder).toBe(`${top}/distccd`);
    expect(pathsFor(words, { TMPDIR: top }).folder).toBe(`${top}/distccd-${user}`);
    expect(pathsFor(words, {}).folder).toBe(`/tmp/distccd-${user}`);
    // No socket can have so long a name.
    expect(pathsFor(words, { TMPDIR: `/${'x'.repeat(100)}` }).folder).toBe(`/tmp/distccd-${user}`);
  });

  it('is not in the folder of another user', () => {
    const user = process.getuid?.();
    const other = user === 0 ? join(top, 'other') : '/';
    if (user === 0) {
      mkdirSync(other);
      chownSync(other, 65_534, 65_534);
    }
    expect(pathsFor(words, { XDG_RUNTIME_DIR: other, TMPDIR: top }).folder).toBe(`${top}/distccd-${user}`);
  });

  it('has another name for other words, variables and lists of programs', () => {
    const list = join(top, 'list');
    writeFileSync(list, '/usr/bin/gcc\n');
    const socket = (said: readonly string[], more: NodeJS.ProcessEnv = {}): string =>
      pathsFor(said, { TMPDIR: top, ...more }).socket;
    const first = socket(words);
    expect(socket(words)).toBe(first);
    const others = [socket(['--inetd']), socket(words, { DISTCCD_PATH: '/opt/bin' })];
    others.push(socket(words, { DISTCC_CMDLIST: list }));
    writeFileSync(list, '/usr/bin/gcc\n/usr/bin/clang\n');
    others.push(socket(words, { DISTCC_CMDLIST: list }));
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it('has the same name for each connection', () => {
    const one = { TMPDIR: top, SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22', XDG_SESSION_ID: '1', LANG: 'de_DE.UTF-8' };
    const two = { TMPDIR: top, SSH_CONNECTION: '192.0.2.1 2 192.0.2.2 22', XDG_SESSION_ID: '2' };
    expect(pathsFor(words, one)).toEqual(pathsFor(words, two));
  });
});

describe('residentEnvironment()', () => {
  it('has nothing of the connection', () => {
    const own = { PATH: '/bin', TMPDIR: top, SSH_CONNECTION: 'x', SSH_AUTH_SOCK: 'y', CACHE_DIRECTORY: '/z' };
    const paths = pathsFor(words, own);
    const environment = residentEnvironment(own, paths);
    expect(environment).toEqual({ PATH: '/bin', TMPDIR: top, _DISTCCD_RESIDENT: paths.socket });
    expect([residentSocket(environment), residentSocket(own)]).toEqual([paths.socket, undefined]);
  });
});
