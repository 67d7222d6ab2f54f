import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { resolve, dirname } from 'node:path';
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

/** The hash of a file of this machine, as a client would declare it; it is read again when it has changed. */
function hashOf(path: string): string {
  const { dev, ino, size, mtimeMs, ctimeMs } = lstatSync(path);
  const stamp = [dev, ino, size, mtimeMs, ctimeMs].join(' ');
  const before = known.get(path);
  if (before?.stamp === stamp) return before.hash;
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (known.size >= mostKnown) known.clear();
  known.set(path, { stamp, hash });
  return hash;
}

/** Whether a client's input is what this machine has at the same path. */
function isSame(input: DeclaredInput, path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  switch (input.kind) {
    case 'directory':
      return found?.isDirectory() === true;
    case 'link':
      return found?.isSymbolicLink() === true && isSameTarget(input, readlinkSync(path));
    case 'file':
      return found?.isFile() === true && found.size === input.size && hashOf(path) === input.hash;
  }
}

const isSameTarget = ({ path, target }: { readonly path: string; readonly target: string }, own: string): boolean =>
  resolve(dirname(path), target) === resolve(dirname(path), own);

/**
 * Compares a client's input with what its job will see in its place, which is this machine's.
 * @throws Refusal when they differ
 */
export function requireSame(input: DeclaredInput): void {
  const path = pathOf(input.path);
  let same = false;
  try {
    same = path !== undefined && isSame(input, path);
  } catch {
    // What cannot be read here is not the same.
  }
  if (same) return;
  throw new Refusal(
    'compiler_differs',
    `${quoted(input.path)} belongs to the compiler and differs here: install the same version of the compiler on both`,
  );
}
