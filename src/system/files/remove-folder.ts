import { spawnSync } from 'node:child_process';
import {
  close,
  constants,
  lstatSync,
  opendirSync,
  openSync,
  readdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild } from '../processes/child.ts';

/**
 * rm works with descriptors, follows no link, and handles any depth of folders. If it fails, chmod first opens folders
 * that a program has closed to its own account, which is rare.
 */
const words = ['-c', 'rm -rf "$1" 2>/dev/null || { chmod -R u+rwx "$1"; rm -rf "$1"; } 2>/dev/null', 'sh'];
const shell = '/bin/sh';
const environment = { PATH: '/usr/bin:/bin' };

const isSame = (one: Stats, other: Stats): boolean => one.ino === other.ino && one.dev === other.dev;

/** Freeing the blocks of a larger file, in bytes, takes the system some time. */
const largeFile = 1024 * 1024;

/** Removes a file. The blocks of a large one are freed in another thread, when its last descriptor is closed. */
function removeFile(name: string): void {
  const about = lstatSync(name);
  if (!about.isFile() || about.size < largeFile) {
    unlinkSync(name);
    return;
  }
  const descriptor = openSync(name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  unlinkSync(name);
  close(descriptor);
}

/** A job leaves a few files; more than this are removed by rm, while this process does other work. */
const fewFiles = 64;

/** A directory of this size, in bytes, has few names on every filesystem: it can be read at once, which costs less. */
const smallFolder = 4096;

/** The names in the working directory, which has this size; undefined when there are too many. */
function fewNames(size: number): readonly string[] | undefined {
  if (size <= smallFolder) {
    const names = readdirSync('.');
    return names.length > fewFiles ? undefined : names;
  }
  const names: string[] = [];
  const folder = opendirSync('.', { bufferSize: fewFiles });
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (names.length === fewFiles) return undefined;
      names.push(entry.name);
    }
  } finally {
    folder.closeSync();
  }
  return names;
}

/**
 * Empties a folder that has only plain files, as jobs usually leave it; what it was like, undefined when it is not
 * empty now. It changes into the folder, so that no link can lead it elsewhere.
 */
export function emptyFolder(path: string): Stats | undefined {
  const home = process.cwd();
  try {
    const about = lstatSync(path);
    if (!about.isDirectory()) return undefined;
    process.chdir(path);
    try {
      if (!isSame(statSync('.'), about)) return undefined;
      const names = fewNames(about.size);
      for (const name of names ?? []) removeFile(name);
      return names === undefined ? undefined : about;
    } finally {
      process.chdir(home);
    }
  } catch {
    return undefined;
  }
}

/** Removes a folder that has only plain files; returns whether it is gone. */
function removeFlat(path: string): boolean {
  try {
    if (emptyFolder(path) === undefined) return lstatSync(path, { throwIfNoEntry: false }) === undefined;
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

const failed = (path: string): Error => new Error(`cannot remove "${path}"`);

/**
 * Pauses before further attempts, in ms: a program that was killed may make files for some time, a large one until the
 * kernel has taken its memory away.
 */
const pauses = [20, 80, 320, 1280];

/**
 * Removes a folder with everything in it; of a link only the link.
 * @throws when something is left after several attempts
 */
export async function removeFolder(path: string): Promise<void> {
  const argv = ['sh', ...words, path];
  for (const pause of [...pauses, undefined]) {
    if (removeFlat(path)) return;
    const rm = startChild({ path: shell, argv, environment, stdin: 'null', stdout: 'inherited', group: 'own' });
    if ((await rm.ended) === 0) return;
    if (pause !== undefined) await delay(pause);
  }
  throw failed(path);
}

/** The same with one attempt, synchronously, for what nobody uses any more. */
export function removeFolderNow(path: string): void {
  if (removeFlat(path)) return;
  if (spawnSync(shell, [...words, path], { env: environment, stdio: 'ignore' }).status !== 0) throw failed(path);
}
