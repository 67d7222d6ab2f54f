import { createHash } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { attempt } from '../../basics/attempt.ts';
import type { Steps } from '../../basics/steps.ts';
import { pathOf } from '../../system/byte-text.ts';
import { quoted } from '../../wire/quoted.ts';
import type { DeclaredInput } from './declared-input.ts';
import { Refusal } from '../policy/refusal.ts';

interface Known {
  readonly stamp: string;
  readonly hash: string;
}

/** Headers of compilers are a few hundred; strangers choose the names. */
const mostKnown = 4096;
const known = new Map<string, Known>();

/** How much of a file is read in one step, in bytes. */
const stepLength = 512 * 1024;

function stampOf(path: string): string {
  const { dev, ino, size, mtimeMs, ctimeMs } = lstatSync(path);
  return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
}

/**
 * The hash of a file of this machine, as a client would declare it; it is read again when it has changed. Undefined
 * when it cannot be read.
 */
function* hashOf(path: string): Steps<string | undefined> {
  const stamp = attempt(() => stampOf(path));
  const before = known.get(path);
  if (before !== undefined && before.stamp === stamp) return before.hash;
  const hash = stamp === undefined ? undefined : yield* readHash(path);
  if (hash === undefined || stamp === undefined) return undefined;
  if (known.size >= mostKnown) known.clear();
  known.set(path, { stamp, hash });
  return hash;
}

/** A stranger may name the largest files of this machine. */
function* readHash(path: string): Steps<string | undefined> {
  const descriptor = attempt(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  if (descriptor === undefined) return undefined;
  try {
    const hash = createHash('sha256');
    const bytes = Buffer.allocUnsafe(stepLength);
    for (;;) {
      const count = attempt(() => readSync(descriptor, bytes));
      if (count === undefined) return undefined;
      if (count === 0) return hash.digest('hex');
      hash.update(bytes.subarray(0, count));
      yield;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a client's input is what this machine has at the same path. */
function* isSame(input: DeclaredInput, path: string): Steps<boolean> {
  const found = attempt(() => lstatSync(path, { throwIfNoEntry: false }));
  switch (input.kind) {
    case 'directory':
      return found?.isDirectory() === true;
    case 'link':
      return (
        found?.isSymbolicLink() === true &&
        isSameTarget(
          input,
          attempt(() => readlinkSync(path)),
        )
      );
    case 'file':
      return found?.isFile() === true && found.size === input.size && (yield* hashOf(path)) === input.hash;
  }
}

const isSameTarget = (
  { path, target }: { readonly path: string; readonly target: string },
  own: string | undefined,
): boolean => own !== undefined && resolve(dirname(path), target) === resolve(dirname(path), own);

/**
 * Compares a client's input with what its job will see in its place, which is this machine's, in steps.
 * @throws Refusal when they differ
 */
export function* requireSame(input: DeclaredInput): Steps<void> {
  const path = pathOf(input.path);
  if (path !== undefined && (yield* isSame(input, path))) return;
  throw new Refusal(
    'compiler_differs',
    `${quoted(input.path)} belongs to the compiler and differs here: install the same version of the compiler on both`,
  );
}
