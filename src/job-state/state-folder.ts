import { closeSync, constants, fstatSync, readdirSync, readSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, systemReason } from '../system/error-text.ts';
import { lives } from '../system/processes/living-process.ts';
import { isOnLocalFilesystem } from '../system/files/local-filesystem.ts';
import { makeFolder } from '../system/files/make-folder.ts';
import { removeQuietly } from '../system/files/remove-quietly.ts';
import { createAnew, openRegular, UnsafeFile } from '../system/files/open-own-file.ts';
import { encodeJobRecord, nativeLayout, readJobRecord, recordSize } from './job-record.ts';
import type { JobRecord, PhaseName } from './job-record.ts';
import { sparePrefix } from './spare-files.ts';
import type { SpareFiles } from './spare-files.ts';

const prefix = 'binstate_';

/** Names of files that belong to a process. */
const ownedName = new RegExp(`^(?:${prefix}([1-9]\\d{0,9})|${sparePrefix}([1-9]\\d{0,9})_\\d+)$`);

/**
 * A record that is older than this, in ms, belongs to a client that has ended (doc/distcc-behaviour.md, "Reading state
 * files").
 */
const longestAge = 60_000;

/**
 * A record of a process that has ended is removed after that time, in ms. The process may live on another machine that
 * has the same folder, or in another PID namespace: it gets some time, and all of it where the folder may be shared.
 */
const longestAgeOfEnded = 5000;

/** The side of a job that a report is about: this machine or the host. A state file shows one of them at a time. */
export type Side = 'local' | 'remote';

/** The values that a report changes. Others keep their last value on that side. */
export interface Report {
  readonly file?: string;
  readonly host?: string;
  readonly slot?: number;
}

/** A client's own state file. */
export interface StateFile {
  /** Remembers values of a side without writing them yet. */
  know(side: Side, report: Report): void;
  /** Writes the side's record with its new phase. */
  show(side: Side, phase: PhaseName, report?: Report): void;
  remove(): void;
}

/** Opens a new state file; makes its folder only when that is missing. */
function openNew(folder: string, path: string): number {
  try {
    return createAnew(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    makeFolder(folder);
    return createAnew(path);
  }
}

/** Gives a spare file of this folder a record and a name; undefined when there is none, or its folder is gone. */
function reuse(spares: SpareFiles | undefined, folder: string, path: string, record: Buffer): number | undefined {
  const spare = spares?.take(folder);
  if (spare === undefined) return undefined;
  try {
    writeSync(spare.descriptor, record, 0, undefined, 0);
    renameSync(spare.path, path);
    return spare.descriptor;
  } catch {
    closeSync(spare.descriptor);
    return undefined;
  }
}

/**
 * The state file of one process in `folder`, which is made when it is missing. Reports are only for monitors: the first
 * error in writing is passed to `fault`, and the job goes on. A process with many jobs keeps what they leave in
 * `spares`.
 */
export function openStateFile(
  folder: string,
  pid: number,
  fault: (error: unknown) => void,
  spares?: SpareFiles,
): StateFile {
  const path = join(folder, `${prefix}${pid}`);
  const sides: Record<Side, JobRecord> = {
    local: { pid, file: '', host: '', slot: 0, phase: 'Startup' },
    remote: { pid, file: '', host: '', slot: 0, phase: 'Startup' },
  };
  // Kept open: truncating and rewriting a file for every phase would cost more than everything else that a job does
  // here.
  let descriptor: number | undefined;
  let broken = false;
  return {
    know(side, report) {
      sides[side] = { ...sides[side], ...report };
    },
    show(side, phase, report = {}) {
      sides[side] = { ...sides[side], ...report, phase };
      if (broken) return;
      try {
        const record = encodeJobRecord(sides[side]);
        if (descriptor === undefined) {
          descriptor = reuse(spares, folder, path, record);
          if (descriptor !== undefined) return;
          descriptor = openNew(folder, path);
        }
        writeSync(descriptor, record, 0, undefined, 0);
      } catch (error) {
        broken = true;
        fault(error);
      }
    },
    remove() {
      if (descriptor === undefined) return;
      if (spares === undefined) {
        closeSync(descriptor);
        removeQuietly(path);
      } else spares.give(folder, { path, descriptor });
      descriptor = undefined;
    },
  };
}

/**
 * Removes the state files of clients that have ended: a client that was killed, or whose agent was, cannot remove its
 * own. Spare files of other processes go too: who still has one makes another file when it is needed.
 * @throws when a file cannot be removed
 */
export function sweepStateFolder(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    const [, client, agent] = ownedName.exec(name) ?? [];
    const isLeft = client === undefined ? agent !== undefined && agent !== String(process.pid) : !lives(Number(client));
    if (isLeft) removeQuietly(join(folder, name));
  }
}

/** A job in a state file. */
export interface ListedJob extends JobRecord {
  /** When its client wrote the file, in ms since 1970. */
  readonly changed: number;
}

/** What a monitor shows: the jobs, sorted by host and slot, and a sentence about each file that is not a record. */
export interface StateListing {
  readonly jobs: readonly ListedJob[];
  readonly complaints: readonly string[];
}

/** Reads a file up to the length of a record, and when it was written; undefined when the file has vanished. */
function readState(path: string): { bytes: Buffer; changed: number } | undefined {
  let descriptor: number;
  try {
    descriptor = openRegular(path, constants.O_RDONLY);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(recordSize(nativeLayout));
    const length = readSync(descriptor, bytes);
    return { bytes: bytes.subarray(0, length), changed: fstatSync(descriptor).mtimeMs };
  } finally {
    closeSync(descriptor);
  }
}

function byHostAndSlot(one: JobRecord, other: JobRecord): number {
  return Buffer.compare(Buffer.from(one.host), Buffer.from(other.host)) || one.slot - other.slot;
}

/**
 * Lists the jobs of a state folder as every monitor does: files older than a minute are deleted, and jobs whose client
 * has ended are left out (doc/distcc-behaviour.md, "Reading state files"). A killed client's file is deleted sooner.
 * @throws when the folder cannot be read
 */
export function listJobs(folder: string, now: number, isLocal = isOnLocalFilesystem): StateListing {
  const jobs: ListedJob[] = [];
  const complaints: string[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(folder, name);
    try {
      const found = readState(path);
      if (found === undefined) continue;
      const age = now - found.changed;
      if (age > longestAge) {
        removeQuietly(path);
        continue;
      }
      const reading = readJobRecord(found.bytes);
      if ('fault' in reading) complaints.push(`${reading.fault}: ${path}`);
      else if ('record' in reading) {
        const { record } = reading;
        if (record.phase === 'Done' || lives(record.pid)) jobs.push({ ...record, changed: found.changed });
        else if (age > longestAgeOfEnded && isLocal(folder)) removeQuietly(path);
      }
    } catch (error) {
      complaints.push(
        error instanceof UnsafeFile
          ? `passing over a state file: ${error.message}`
          : `cannot read "${path}": ${systemReason(error)}`,
      );
    }
  }
  return { jobs: jobs.sort(byHostAndSlot), complaints };
}
