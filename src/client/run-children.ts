import { setImmediate } from 'node:timers/promises';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { sweepStateFolder } from '../job-state/state-folder.ts';
import { become, canBecome, startChild } from '../system/child.ts';
import { endChild } from '../system/reaper.ts';
import type { RunningChild } from '../system/child.ts';
import { systemReason } from '../system/error-text.ts';
import { findProgram, leadsTo } from '../system/path-search.ts';
import { CannotDistribute, Interrupted, unlessInterrupted } from './faults.ts';
import type { Interruption } from './interruption.ts';
import { openTemporaryFile } from './temporary-file.ts';
import type { TemporaryFile } from './temporary-file.ts';
import type { Command, Preprocessor, World } from './world.ts';

/** The program that a masquerading link leads to. */
const ourName = 'distcc';

/** How long an interrupted child may take to clean up, in ms, before it is killed. */
const childGrace = 500;

/** What the children of one client have in common. */
export interface Surroundings {
  /** Where relative names start. */
  readonly directory: string;
  /** The directory of temporary files. */
  readonly temporary: string;
  /** Whether temporary files are kept. */
  readonly keep: boolean;
  /** Where state files are, if anywhere. */
  readonly stateFolder: string | undefined;
  readonly interruption: Interruption;
}

/** What is said when there is no such program. */
export function missing(name: string, reason: string): Failure {
  return new Failure(exitStatus.compilerMissing, `failed to exec ${name}: ${reason}`);
}

/** A command whose program has been found. */
export interface Executable extends Command {
  readonly path: string;
}

/**
 * Finds the file of a command's program. A link to distcc on PATH is passed over, so that a masquerading name is not run twice; the program
 * then has to be called by its path, since gcc looks for its parts beside the first file on PATH that has the name it was called by;
 * without a PATH it finds none that way.
 */
export function locate({ argv, environment }: Command, directory: string): Executable {
  const [name = '', ...rest] = argv;
  if (name.includes('/')) return { path: name, argv, environment };
  const search = { path: environment['PATH'], directory };
  const first = findProgram(name, search);
  const named = environment['PATH'] !== undefined;
  if (first !== undefined && named && !leadsTo(first, ourName)) return { path: first, argv, environment };
  const path = first && findProgram(name, { ...search, notLeadingTo: ourName });
  if (path === undefined) throw missing(name, 'No such file or directory');
  return { path, argv: [path, ...rest], environment };
}

function openOutput({ temporary, keep }: Surroundings, extension: string): TemporaryFile {
  try {
    return openTemporaryFile(temporary, extension, keep);
  } catch (error) {
    throw new CannotDistribute(`can't use TMPDIR "${temporary}": ${systemReason(error)}`, { cause: error });
  }
}

function preprocess(command: Command, extension: string, surroundings: Surroundings): Preprocessor {
  const executable = locate(command, surroundings.directory);
  const file = openOutput(surroundings, extension);
  let child: RunningChild;
  try {
    child = startChild({ ...executable, stdin: 'null', stdout: file.descriptor, group: 'own' });
  } catch (error) {
    file.close();
    throw missing(command.argv[0] ?? '', systemReason(error));
  }
  let working = true;
  const rest = (): void => {
    working = false;
  };
  child.ended.then(rest, rest);
  return {
    ended: child.ended,
    output: () => file.read(),
    async stop() {
      if (working) await endChild(child, 'SIGTERM', childGrace);
      file.close();
    },
  };
}

/** Becomes the program; returns only when that is impossible, by throwing. */
async function becomeIt(executable: Executable, { interruption, stateFolder }: Surroundings): Promise<never> {
  if (stateFolder !== undefined) sweepStateFolder(stateFolder);
  // A signal that has come already is heard now; one that comes later finds no handler and ends us, or the compiler.
  await setImmediate();
  if (interruption.signal.aborted) throw new Interrupted();
  interruption.disarm();
  return become(executable.path, executable.argv, executable.environment);
}

async function runAndReturn(executable: Executable, { interruption }: Surroundings): Promise<number> {
  const { isatty } = await import('node:tty');
  const group = isatty(0) ? 'ours' : 'own';
  const child = startChild({ ...executable, stdin: 'inherited', stdout: 'inherited', group });
  try {
    return await unlessInterrupted(child.ended, interruption.signal);
  } catch (error) {
    if (error instanceof Interrupted) await endChild(child, 'SIGTERM', childGrace);
    throw error;
  }
}

/** How this process preprocesses and compiles. */
export function childRunner(surroundings: Surroundings): Pick<World, 'preprocess' | 'runHere'> {
  return {
    preprocess: (command, extension) => preprocess(command, extension, surroundings),
    async runHere(command, { andReturn, lock }) {
      const executable = locate(command, surroundings.directory);
      try {
        if (andReturn || !canBecome) return await runAndReturn(executable, surroundings);
        lock?.keepThroughExec();
        return await becomeIt(executable, surroundings);
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        throw missing(command.argv[0] ?? '', systemReason(error));
      }
    },
  };
}
