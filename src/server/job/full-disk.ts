import { statfsSync } from 'node:fs';
import { errorCode } from '../../system/error-text.ts';
import { Refusal } from '../policy/refusal.ts';
import { closeAnswer, smallAnswer } from './answer.ts';
import type { Compiled } from './answer.ts';

const mebibyte = 1024 * 1024;

/** With less room than this, in bytes, or fewer files, a disk is full: no compiler can work there. */
const least = { bytes: mebibyte, files: 16 };

/**
 * With less room than this, in bytes, a compiler that failed without a word may have filled the disk: it takes away
 * what it wrote for itself.
 */
const scarce = 256 * mebibyte;

/** What is left of a disk. */
export interface Room {
  readonly bytes: number;
  /** How many files more there may be; infinite where they are not counted. */
  readonly files: number;
}

/** What a filesystem has left for this account. @throws the system's error */
export function roomIn(folder: string): Room {
  const { bavail, bsize, files, ffree } = statfsSync(folder);
  return { bytes: bavail * bsize, files: files === 0 ? Infinity : ffree };
}

/** Whether a failed compiler that has said this may have failed for want of room, of which this is left. */
export function failedForRoom(said: string, { bytes, files }: Room): boolean {
  if (bytes < least.bytes || files < least.files) return true;
  // Its messages go to the same disk as its object, so that they may be lost too.
  if (said === '') return bytes < scarce;
  return /: (?:No space left on device|Disk quota exceeded)$/m.test(said);
}

/** A refusal for a full disk, which is not a bug but something for the administrator. */
const refusal = (reason: string): Refusal =>
  new Refusal(
    'no_disk_space',
    `no room for the job in the temporary directory of this server (${reason}): its administrator can empty it, or set TMPDIR to another`,
  );

/** The same for an error of the system; undefined for another error. */
export function noRoom(error: unknown): Refusal | undefined {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS' ? refusal(code) : undefined;
}

/**
 * What a compiler made in a folder, unless it failed for want of room there, which would look like a fault of the
 * source.
 * @throws Refusal, with the files closed
 */
export function unlessFull<T extends Compiled>(folder: string, compiled: T, findRoom = roomIn): T {
  const { status, stderr, stdout } = compiled;
  // One that was killed by a signal had other reasons.
  if (status === 0 || (status & 0x7f) !== 0) return compiled;
  if (stderr.length + stdout.length > smallAnswer) return compiled;
  const said = Buffer.concat([stderr.read(), stdout.read()]).toString('latin1');
  if (!failedForRoom(said, findRoom(folder))) return compiled;
  closeAnswer(compiled);
  throw refusal('ENOSPC');
}
