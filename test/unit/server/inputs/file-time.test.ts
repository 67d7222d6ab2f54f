import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeclaredInput } from '../../../../src/server/inputs/declared-input.ts';
import { copyWithTime } from '../../../../src/server/inputs/file-copies.ts';
import { isKeptEverywhere, secondOnDisk, timeOnDisk } from '../../../../src/server/inputs/file-time.ts';
import { mayHaveKept } from '../../../../src/server/results/may-keep.ts';
import { resultKey } from '../../../../src/server/results/result-key.ts';
import { holds } from '../../wire/checked.ts';

const second = 1_000_000_000n;

let top: string;
beforeEach(() => (top = mkdtempSync(join(tmpdir(), 'file-time-'))));
afterEach(() => rmSync(top, { recursive: true }));

const twin = (path: string, mtimeNs: bigint): DeclaredInput => ({
  kind: 'file',
  path,
  hash: '01',
  size: 1,
  mtimeNs,
  proof: undefined,
});

/** The name of the result of a compile of files with one content; undefined when it is not kept. */
function keyOf(times: readonly bigint[]): string | undefined {
  const inputs = times.map((time, at) => twin(`/${at}.h`, time));
  if (!mayHaveKept([], inputs)) return undefined;
  return resultKey({ identity: '', path: '', words: [], output: '', directory: '/', environment: [], inputs });
}

/** The times that files have on the disk that were declared with these, in seconds as compilers read them. */
function secondsOnDisk(times: readonly bigint[]): bigint[] {
  writeFileSync(join(top, 'from'), 'x');
  return times.map((time) => {
    const copy = join(top, 'copy');
    copyWithTime(join(top, 'from'), copy, time);
    const { mtimeNs } = statSync(copy, { bigint: true });
    rmSync(copy);
    return mtimeNs / second;
  });
}

/** Which of them are equal. */
const relation = (values: readonly bigint[]): number[] => values.map((value) => values.indexOf(value));

const bounds = [-(2n ** 63n), -(2n ** 31n) * second, 0n, 2n ** 31n * second, 2n ** 63n - 1n];
const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
const within = (from: bigint, to: bigint): fc.Arbitrary<bigint> =>
  fc.bigInt(from < least ? least : from, to > most ? most : to);
/** Any time that can be declared, often near to a bound. */
const time = fc.oneof(
  ...[...bounds, 1_700_000_000n * second].map((bound) => within(bound - 3n * second, bound + 3n * second)),
  within(least, most),
);

describe('times of files', () => {
  it('that give one name to a result are equal on the disk where the others are', () => {
    holds(
      'times of files',
      fc.property(fc.array(fc.tuple(time, time), { minLength: 2, maxLength: 4 }), (pairs) => {
        const [mine, theirs] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
        const key = keyOf(mine);
        if (key === undefined || key !== keyOf(theirs)) return;
        expect(relation(secondsOnDisk(mine))).toEqual(relation(secondsOnDisk(theirs)));
      }),
      1000,
    );
  });

  it('are on the disk as is said here, if every file system keeps them', () => {
    holds(
      'times of files',
      fc.property(time, (declared) => {
        if (isKeptEverywhere(declared)) expect(secondsOnDisk([declared])).toEqual([secondOnDisk(declared)]);
      }),
      500,
    );
  });

  it('are rounded down, and are not before 1970', () => {
    expect(timeOnDisk(-1n)).toBe(0n);
    expect(isKeptEverywhere(-1n)).toBe(false);
    expect(timeOnDisk(second - 1n)).toBe(999_999n);
    expect(secondOnDisk(second - 1n)).toBe(0n);
  });
});
