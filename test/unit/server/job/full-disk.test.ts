import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../../src/server/policy/refusal.ts';
import { failedForRoom, noRoom, roomIn, unlessFull } from '../../../../src/server/job/full-disk.ts';
import { ResultFile } from '../../../../src/server/job/result-file.ts';
import { exited } from '../../../../src/wire/wait-status.ts';

const mebibyte = 1024 * 1024;
const much = { bytes: 1e12, files: Infinity };

describe('failedForRoom()', () => {
  it.each([
    ['a.c:1: error: what', much, false],
    ['', much, false],
    ['', { bytes: 100 * mebibyte, files: 1000 }, true],
    ['a.c:1: error: what', { bytes: 100 * mebibyte, files: 1000 }, false],
    ['a.c:1: error: what', { bytes: 4096, files: 1000 }, true],
    ['a.c:1: error: what', { bytes: 1e12, files: 0 }, true],
    ['fatal error: error writing to /.job/x.s: No space left on device\n', much, true],
    ['cc1: fatal error: a.o: Disk quota exceeded\ncompilation terminated.\n', much, true],
    ['a.c:1: error: #error No space left on device', much, false],
  ])('%j with %j is %s', (said, room, failed) => {
    expect(failedForRoom(said, room)).toBe(failed);
  });
});

describe('unlessFull()', () => {
  const none = ResultFile.empty;
  const compiled = (status: number) => ({ status, stderr: none, stdout: none, object: none });
  const full = () => ({ bytes: 0, files: 0 });

  it('refuses what failed on a full disk', () => {
    expect(() => unlessFull('/', compiled(exited(1)), full)).toThrow(Refusal);
    expect(() => unlessFull('/', compiled(exited(1)), full)).toThrow('no room for the job');
  });

  it('takes what went well, was killed, or failed on another disk', () => {
    for (const one of [compiled(0), compiled(9)]) expect(unlessFull('/', one, full)).toBe(one);
    const failed = compiled(exited(1));
    expect(unlessFull('/', failed, () => much)).toBe(failed);
  });
});

describe('roomIn()', () => {
  it('finds some room here', () => {
    expect(roomIn('/').bytes).toBeGreaterThan(0);
    expect(roomIn('/proc').files).toBe(Infinity);
  });
});

describe('noRoom()', () => {
  it('is for errors of a full disk alone', () => {
    const error = (code: string): Error => Object.assign(new Error(code), { code });
    expect(noRoom(error('ENOSPC'))).toBeInstanceOf(Refusal);
    expect(noRoom(error('EACCES'))).toBeUndefined();
  });
});
