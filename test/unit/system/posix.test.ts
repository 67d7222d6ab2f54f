import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { posixNode } from '../../../src/system/posix-node.ts';
import { posix } from '../../../src/system/posix.ts';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';

const require = createRequire(import.meta.url);

describe('posix', () => {
  it('has every function that the sources use', () => {
    const source = resolve(import.meta.dirname, '../../../src');
    const names = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const text = readFileSync(resolve(source, name), 'utf8');
        const dotted = [...text.matchAll(/\bposix\.([a-z]\w+)\??[.(]/g)].map((match) => match[1] ?? '');
        const taken = [...text.matchAll(/const \{ ([\w, ]+) \} = posix;/g)].flatMap(
          (match) => match[1]?.split(', ') ?? [],
        );
        return [...dotted, ...taken];
      });
    expect(new Set(names)).toContain('connect');
    for (const name of names) expect(posix, name).toHaveProperty(name);
  });
});

const both =
  process.platform === 'linux'
    ? ([
        ['src/system-calls', posix],
        ['posix-node', posixNode(require)],
      ] as const)
    : [];

describe.each(both)('the system calls of %s', (_, calls) => {
  it('are all there, and do the same', () => {
    for (const name of Object.keys(posix)) expect(calls, name).toHaveProperty(name);
    const pid = calls.posix_spawn?.(
      '/bin/sh',
      [],
      { flags: 0, sigdefault: [], sigmask: [] },
      ['sh', '-c', 'exit $X'],
      ['X=7'],
    );
    expect(calls.waitpid?.(pid ?? -1, 0)).toMatchObject({ ret: pid, wstatus: 7 << 8 });
    expect(codeOf(() => calls.posix_spawn?.('/gone', [], { flags: 0, sigdefault: [], sigmask: [] }, ['a'], []))).toBe(
      String(constants.errno.ENOENT),
    );
    expect(codeOf(() => calls.dup?.(100_000))).toBe(String(constants.errno.EBADF));
    expect(codeOf(() => calls.set_inheritable?.(100_000, true))).toBe(String(constants.errno.EBADF));
    expect(codeOf(() => calls.waitpid?.(1, 0))).toBe(String(constants.errno.ECHILD));
  });

  it.skipIf(!needs('python3', 'python3'))('connect a socket to a path that is long, and send', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posix-test-with-a-long-name-'));
    const program = `import socket,sys; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); print('bound',flush=True); print(s.recv(99).decode())`;
    const child = spawn('python3', ['-c', program, join(folder, 'socket')], { stdio: ['ignore', 'pipe', 'inherit'] });
    let heard = '';
    child.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    try {
      await until(() => heard.includes('bound'), 'somebody listens');
      const socket = calls.socket?.(1, 2, 0) ?? -1;
      calls.connect?.(socket, Buffer.from(join(folder, 'socket')));
      calls.send?.(socket, Buffer.from('hello'), 0);
      closeSync(socket);
      await until(() => heard.includes('hello'), 'it is heard');
    } finally {
      child.kill();
      rmSync(folder, { recursive: true });
    }
  });
});

function codeOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return 'it did not fail';
}

describe.runIf(process.platform === 'linux')('a system call that fails', () => {
  const attributes = { flags: 0, sigdefault: [], sigmask: [] };
  const spawned = (path: string, argv: readonly string[] = ['a'], more: object = {}): unknown =>
    codeOf(() => posix.posix_spawn?.(path, [], { ...attributes, ...more }, argv, []));
  const { ENOENT, EINVAL, EBADF, ENAMETOOLONG } = constants.errno;

  it('says why, by number', () => {
    expect(spawned('/gone')).toBe(String(ENOENT));
    expect(codeOf(() => posix.dup?.(100_000))).toBe(String(EBADF));
    expect(codeOf(() => posix.set_inheritable?.(100_000, true))).toBe(String(EBADF));
    expect(codeOf(() => posix.waitpid?.(1, 0))).toBe(String(constants.errno.ECHILD));
  });

  it('takes no text that the system would cut, and no number out of range', () => {
    expect(spawned('/bin/true', ['a\0b'])).toBe(String(EINVAL));
    expect(spawned('/bin/true\0b')).toBe(String(EINVAL));
    expect(spawned('/bin/true', ['a'], { sigdefault: [1000] })).toBe(String(EINVAL));
    expect(codeOf(() => posix.getsockopt?.(0, 1, 17, 100_000))).toBe(String(EINVAL));
    expect(codeOf(() => posix.connect?.(0, Buffer.alloc(108, 'a')))).toBe(String(ENAMETOOLONG));
    expect(() => posix.dup?.(2 ** 32)).toThrow('a number of 32 bits expected');
    // -1 would leave the user as it is.
    expect(() => posix.setresuid?.(-1, -1, -1)).toThrow('the number of a user or group expected');
    expect(() => posix.setresgid?.(2 ** 32 - 1, 0, 0)).toThrow('the number of a user or group expected');
  });

  it('keeps descriptors as they were when no program takes the place of this one', () => {
    const flags = (): string[] =>
      [0, 1, 2].map((descriptor) => readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'));
    const before = flags();
    expect(codeOf(() => posix.execve?.('/gone', ['gone'], []))).toBe(String(ENOENT));
    expect(flags()).toEqual(before);
  });
});
