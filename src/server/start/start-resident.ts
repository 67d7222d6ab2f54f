import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { errorCode } from '../../system/error-text.ts';
import { tryLock } from '../../system/files/file-lock.ts';
import { leaveDetached } from './detach.ts';

/** A daemon that has been started may need this long to listen, in ms. */
const startMs = 10_000;
/**
 * How long, in ms, none is started after one that does not listen any more, or never did: where the service manager
 * ends what a session leaves, each job would start one in vain.
 */
const restMs = 60_000;
/** The same after one that could not have served any job from its files. */
const lackingMs = 3600_000;

const startedNote = 'started\n';
const listeningNote = 'listening\n';
const lackingNote = 'lacking: ';

/** What there is to be started. */
export interface ResidentStart {
  /** The file that is locked by whoever starts one. */
  readonly lock: string;
  /** The file that says when and how the last start was. */
  readonly note: string;
  readonly words: readonly string[];
  /** Its whole environment. */
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The note of the last start, which a daemon that ended by itself has removed. Its age, in ms, has no sign: the times
 * of files are finer than the clock, and the clock may be set back.
 */
function readNote(path: string): { readonly text: string; readonly age: number } | undefined {
  try {
    return { text: readFileSync(path, 'latin1'), age: Math.abs(Date.now() - statSync(path).mtimeMs) };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function lastStart(path: string): 'under way' | 'in vain' | 'long ago' {
  const note = readNote(path);
  if (note === undefined) return 'long ago';
  const { text, age } = note;
  if (age >= (text.startsWith(lackingNote) ? lackingMs : restMs)) return 'long ago';
  return text === startedNote && age < startMs ? 'under way' : 'in vain';
}

/**
 * Starts a resident daemon, which nobody waits for, unless another process does; false when none is to be expected,
 * since the last one came to nothing. Throws when the files cannot be used.
 */
export function startResident({ lock: path, note, words, environment }: ResidentStart): boolean {
  const lock = tryLock(path);
  if (lock === undefined) return true;
  const last = lastStart(note);
  if (last !== 'long ago') {
    lock.release();
    return last === 'under way';
  }
  writeFileSync(note, startedNote);
  leaveDetached(words, environment, () => lock.release());
  return true;
}

/** Notes that one listens. */
export const noteListening = (note: string): void => writeFileSync(note, listeningNote);

/** Notes why none is to be started. */
export const noteLack = (note: string, reason: string): void => writeFileSync(note, `${lackingNote}${reason}\n`);
