import { lstatSync } from 'node:fs';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { makeFolder } from './make-folder.ts';

/**
 * Makes a folder for sockets if it is missing. @throws Failure (status 107) for one that others can enter: they could
 * listen in our place
 */
export function makePrivateFolder(folder: string): void {
  makeFolder(folder, 0o700);
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o77) !== 0) {
    throw new Failure(exitStatus.inputOutput, `"${folder}" must be a directory that only you can enter: chmod 700 it`);
  }
}
