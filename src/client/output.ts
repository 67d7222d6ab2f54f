import { accessSync, closeSync, constants, fchmodSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemReason } from '../system/error-text.ts';
import { openNewFile } from './unique-name.ts';

function found(path: string): Stats | undefined {
  try {
    // An object that is not there yet is the usual case, and an error made for it would cost more than looking.
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Why a compiler could not write its output here, or undefined. Asked before the job is sent: then the compiler is run here instead, and
 * the user reads its own error.
 */
export function outputObstacle(path: string): string | undefined {
  const folder = dirname(path);
  const old = found(path);
  // The usual case costs two questions.
  if (old === undefined && writable(`${folder}/.`)) return undefined;
  const there = found(folder);
  if (there === undefined) return `there is no directory "${folder}"`;
  if (!there.isDirectory()) return `"${folder}" is no directory`;
  if (old?.isDirectory() === true) return `"${path}" is a directory`;
  if (old !== undefined && writable(path)) return undefined;
  return writable(folder) ? undefined : `the directory "${folder}" is not writable`;
}

/** Writes a file of its own beside the output, so that the last step is a rename within one file system. */
function replace(path: string, bytes: Buffer, umask: number | undefined): void {
  const beside = (digits: string): string => join(dirname(path), `.distcc-${process.pid}-${digits}.tmp`);
  const { path: name, descriptor } = openNewFile(beside, 0o666);
  try {
    try {
      if (umask !== undefined) fchmodSync(descriptor, 0o666 & ~umask);
      writeFileSync(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
    renameSync(name, path);
  } catch (error) {
    unlinkSync(name);
    throw error;
  }
}

/**
 * Stores a compiler's output, mode 0666 less the umask, which is this process's unless it is given. A regular file appears whole or not at all; devices, fifos and files in a
 * directory where nothing can be made are written as they are. Throws an Error with a sentence.
 */
export async function saveOutput(path: string, bytes: Buffer, umask?: number): Promise<void> {
  try {
    const old = found(path);
    const special = old !== undefined && !old.isFile();
    if (special || (old !== undefined && !writable(dirname(path)))) await writeFile(path, bytes);
    else replace(path, bytes, umask);
  } catch (error) {
    throw new Error(`cannot write "${path}": ${systemReason(error)}`, { cause: error });
  }
}
