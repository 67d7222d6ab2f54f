import { statfsSync } from 'node:fs';
import { errorCode } from '../../system/error-text.ts';
import { Overload, Refusal } from '../policy/refusal.ts';

const mebibyte = 1024 * 1024;

/** How much the files of clients may take. */
export interface InputLimits {
  /** Bytes of all contents that are kept. */
  readonly quota: number;
  /** How many contents are kept. */
  readonly contents: number;
  readonly sessions: number;
  readonly sessionsPerAddress: number;
  /** A session without a connection ends after this time, in ms. */
  readonly idleMs: number;
  /** Bytes of memory for what all sessions have defined; one may have a quarter. */
  readonly memory: number;
  /** States of a client's files that jobs are working on at a time. */
  readonly generations: number;
  /** Files, links and directories of one tree, and of all. */
  readonly entries: number;
  readonly allEntries: number;
  /** Bytes of files that are there twice in one tree, and in all. */
  readonly copies: number;
  readonly allCopies: number;
  /** Bytes of the files in all trees of one address. */
  readonly perAddress: number;
}

/** The limits for a server with `memory` for requests and `quota` for contents, in bytes. */
export function planInputs(memory: number, quota: number): InputLimits {
  return {
    quota,
    contents: 131_072,
    sessions: 64,
    sessionsPerAddress: 8,
    idleMs: 15 * 60_000,
    memory: Math.max(8 * mebibyte, memory / 4),
    generations: 64,
    entries: 65_536,
    allEntries: 1_048_576,
    copies: 64 * mebibyte,
    allCopies: 512 * mebibyte,
    perAddress: quota / 2,
  };
}

const usualQuota = 2048 * mebibyte;

/** The room for contents in a folder: 2 GiB, but no more than a quarter of a small file system, which may be memory. */
export function quotaIn(folder: string): number {
  const { blocks, bsize } = statfsSync(folder);
  return Math.min(usualQuota, Math.floor((blocks * bsize) / 4));
}

/** No more files of a client's can be kept here, because of what others have. */
export const full = (): Overload =>
  new Overload(
    'no_disk_space',
    'this server has no room for more files of clients now: its disk or its limits are full',
  );

const fullDisk = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EMLINK']);
const strangeName = new Set(['ENAMETOOLONG', 'EILSEQ', 'EINVAL']);

/** A disk that is full, and names that its file system does not take. */
export function refusalOfSystem(error: unknown): Refusal | undefined {
  const code = errorCode(error) ?? '';
  if (fullDisk.has(code)) return full();
  if (!strangeName.has(code)) return undefined;
  return new Refusal(
    'client_files',
    'the file system of this server does not take a name of the job: compile this file locally',
  );
}
