import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { posix } from '../../../src/system/posix.ts';

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

describe.runIf(process.platform === 'linux')('a system call that fails', () => {
  const codeOf = (act: () => unknown): unknown => {
    try {
      act();
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error;
    }
    return 'it did not fail';
  };
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

  it('takes no text that the system would cut, and no number beyond what there is', () => {
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
