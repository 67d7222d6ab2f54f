import { stampLength } from '../../wire/agent/inputs.ts';

/** What a stamp says is at a path. */
export type Kind = 'absent' | 'file' | 'directory' | 'link' | 'other';

/** EMEDIUMTYPE of Linux: a disk's word for a file system whose times cannot be trusted. */
const untrusted = 124;
/** ENOENT and ENOTDIR: what a compiler goes on after. */
const absence: ReadonlySet<number> = new Set([2, 20]);
const typeBits = 0o170000;
const kinds: ReadonlyMap<number, Kind> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'link'],
]);

/** What changed less than this long ago may change again without a trace in its times, in ns. */
const youngNs = 2_000_000_000n;

/** The stamp with this index; it shares the bytes. */
export function stampAt(stamps: Buffer, index: number): Buffer {
  return stamps.subarray(index * stampLength, (index + 1) * stampLength);
}

/** Whether a stamp stands for a file system whose times cannot be trusted. */
export function isUntrusted(stamp: Buffer): boolean {
  return stamp.readUInt32LE(0) === untrusted;
}

/** Whether it is not known what is at a stamp's path: a compiler would stop there. */
export function isDenied(stamp: Buffer): boolean {
  const error = stamp.readUInt32LE(0);
  return error !== 0 && !absence.has(error);
}

/** What is at a stamp's path; what cannot be looked at counts as absent, and is denied. */
export function kindOf(stamp: Buffer): Kind {
  if (stamp.readUInt32LE(0) !== 0) return 'absent';
  return kinds.get(stamp.readUInt32LE(4) & typeBits) ?? 'other';
}

/** Device and inode: the same for all names of a file. */
export const identityOf = (stamp: Buffer): string => stamp.toString('latin1', 8, 24);

/** When its contents changed last, in ns since 1970. */
export const mtimeOf = (stamp: Buffer): bigint => stamp.readBigInt64LE(32);

/** Whether something may change again without another stamp, when it was looked at at that time, in ns since 1970. */
export function isYoungAt(stamp: Buffer, nowNs: bigint): boolean {
  const changed = mtimeOf(stamp);
  const status = stamp.readBigInt64LE(40);
  return nowNs - (changed > status ? changed : status) < youngNs;
}

/** The same with a time in ms. */
export function isYoung(stamp: Buffer, nowMs: number): boolean {
  return isYoungAt(stamp, BigInt(Math.trunc(nowMs)) * 1_000_000n);
}

/**
 * Directories of the kernel's own file systems, whose times tell nothing. With `-I/` a compiler looks there for
 * `<sys/types.h>`, in vain; so the names that were looked for are all that is asked about them.
 */
const kernelDirectories: ReadonlySet<string> = new Set(['/proc', '/sys']);

const directoryStamp = Buffer.alloc(stampLength);
directoryStamp.writeUInt32LE(0o040000, 4);

/** Whether a directory is known by the names in it alone. */
export const isKernelDirectory = (path: string): boolean => kernelDirectories.has(path);

/** A stamp as it is noted: a directory of the kernel's has one that never changes. */
export const notedStamp = (path: string, stamp: Buffer): Buffer =>
  isUntrusted(stamp) && isKernelDirectory(path) ? directoryStamp : stamp;
