import { constants, copyFileSync, linkSync, renameSync, rmSync, utimesSync } from 'node:fs';
import type { DiskPath } from '../../system/byte-text.ts';
import { errorCode } from '../../system/error-text.ts';
import { timeOnDisk } from './file-time.ts';

/** Where a file system has no links, or no more of them. */
const noLink = new Set(['EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EXDEV']);

/** Gives a file one more name, or where there are no links a copy, which is written as `scratch` first. */
export function linkOrCopy(from: string, to: DiskPath, scratch: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!noLink.has(errorCode(error) ?? '')) throw error;
    copyFile(from, scratch);
    renameSync(scratch, to);
  }
}

/** Makes a copy, which is whole or not there. */
function copyFile(from: DiskPath, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (error) {
    rmSync(to, { force: true });
    throw error;
  }
}

/** Makes a copy with the declared time of its last change, in ns since 1970. @throws the system's error, then none */
export function copyWithTime(from: DiskPath, to: string, mtimeNs: bigint): void {
  copyFile(from, to);
  const seconds = Number(timeOnDisk(mtimeNs)) / 1e6;
  utimesSync(to, seconds, seconds);
}
