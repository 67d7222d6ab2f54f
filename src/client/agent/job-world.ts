import { closeSync, fchmodSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { distccDirectory, readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import type { LateStates } from '../../job-state/late-state.ts';
import type { Logger } from '../../logging/log-line.ts';
import { errorCode } from '../../system/error-text.ts';
import { readForeignFile } from '../../system/foreign-file.ts';
import type { HostList } from '../host-list.ts';
import { outputObstacle, saveOutput } from '../output.ts';
import { locate, missing } from '../run-children.ts';
import { connectionMaker, keepMessages, stateFileOf } from '../this-machine.ts';
import { toolsIn } from '../tools.ts';
import { openNewFile } from '../unique-name.ts';
import type { Call, Command, HereOptions, Preprocessor, World } from '../world.ts';
import type { Launcher } from './launcher.ts';
import { NotStarted } from './launcher.ts';
import type { EndedMessage, JobMessage } from './messages.ts';
import type { Packer } from './packer.ts';
import type { Places } from './places.ts';
import type { TextMemory } from './text-memory.ts';

/** What all jobs of an agent share. */
export interface Shared {
  readonly places: Places;
  readonly states: LateStates;
  readonly memory: TextMemory;
  readonly packer: Packer;
  hosts(environment: Environment): HostList;
}

/** One job, and the process that was started for it. */
export interface Errand {
  readonly call: Call;
  readonly job: JobMessage;
  readonly launcher: Launcher;
  readonly log: Logger;
}

/** Opens a file of the user's for appending, as the launcher would: with its directory and its umask. */
export function openForAppending(path: string, { directory, umask }: JobMessage): number {
  const place = resolve(directory, path);
  try {
    const descriptor = openSync(place, 'ax', 0o600);
    fchmodSync(descriptor, 0o666 & ~umask);
    return descriptor;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return openSync(place, 'a');
  }
}

/** The changes that were found last, by the environment after them. */
const foundChanges = new WeakMap<Environment, { readonly before: Environment; readonly changes: readonly string[] }>();

/** How one environment differs from another: NAME=value, or NAME for a variable that is gone. */
export function changesOf(before: Environment, after: Environment): readonly string[] {
  const last = foundChanges.get(after);
  if (last?.before === before) return last.changes;
  const changes: string[] = [];
  for (const [name, value] of Object.entries(after)) {
    if (value !== undefined && before[name] !== value) changes.push(`${name}=${value}`);
  }
  for (const name of Object.keys(before)) if (after[name] === undefined) changes.push(name);
  foundChanges.set(after, { before, changes });
  return changes;
}

/** The environment with the names of the user's own folders made absolute: this process works elsewhere. */
function anchored({ environment, directory }: Call): Environment {
  const own = environment['DISTCC_DIR'];
  return own === undefined || own === '' || own.startsWith('/')
    ? environment
    : { ...environment, DISTCC_DIR: resolve(directory, own) };
}

/** What a preprocessor wrote: read where it lies, or sent by the launcher when we cannot get there. */
async function fetchText(ended: EndedMessage, { job, launcher }: Errand, memory: Buffer): Promise<Buffer> {
  const text = memory.subarray(0, ended.size);
  return readForeignFile({ pid: job.pid, ...ended }, text) ? text : launcher.sendText();
}

function startPreprocessor(command: Command, extension: string, errand: Errand, shared: Shared): Preprocessor {
  const { call, launcher } = errand;
  const { path, argv } = locate(command, call.directory);
  const changes = changesOf(call.environment, command.environment);
  let memory: Buffer | undefined;
  let text: Buffer = Buffer.alloc(0);
  const ending = async (): Promise<number> => {
    try {
      const ended = await launcher.start('PREPROCESS', { number: 1, path, argv, changes });
      // What one wrote that did not end well is never looked at.
      if (ended.status !== 0) return ended.status;
      memory = shared.memory.take(ended.size);
      text = await fetchText(ended, errand, memory);
      return 0;
    } catch (error) {
      throw error instanceof NotStarted ? missing(argv[0] ?? '', error.message) : error;
    }
  };
  const ended = ending();
  ended.catch(() => {});
  return {
    ended,
    output() {
      if (readVariable('DISTCC_SAVE_TEMPS', command.environment)) keepText(text, extension, call);
      return text;
    },
    // A launcher that is interrupted ends it; one whose hosts have all failed has to wait for it.
    stop() {
      if (memory !== undefined) shared.memory.giveBack(memory);
      memory = undefined;
      return Promise.resolve();
    },
  };
}

function keepText(text: Buffer, extension: string, { environment, directory }: Call): void {
  const folder = resolve(directory, readVariable('TMPDIR', environment));
  const { descriptor } = openNewFile((digits) => join(folder, `distcc_${digits}${extension}`), 0o600);
  writeFileSync(descriptor, text);
  closeSync(descriptor);
}

async function runHere(command: Command, { andReturn }: HereOptions, { call, job, launcher }: Errand): Promise<number> {
  const { path, argv, environment } = locate(command, call.directory);
  const message = { path, argv, changes: changesOf(call.environment, environment) };
  try {
    // One that may ask the terminal something has to be in the user's own process group.
    const group = job.terminal ? 0 : 1;
    if (andReturn) return (await launcher.start('RUN', { number: group, ...message })).status;
    await launcher.become({ number: 0, ...message });
    return 0;
  } catch (error) {
    if (error instanceof NotStarted) throw missing(command.argv[0] ?? '', error.message);
    throw error;
  }
}

/** The world of a job whose launcher is another process: files are written here, programs are started there. */
export function jobWorld(errand: Errand, shared: Shared): World {
  const { call, job, launcher, log } = errand;
  const environment = anchored(call);
  const complain = (sentence: string): void => log.warning(sentence);
  const folder = distccDirectory(environment);
  const restSeconds = readVariable('DISTCC_BACKOFF_PERIOD', environment, complain);
  const temporary = resolve(call.directory, readVariable('TMPDIR', environment));
  const keep = readVariable('DISTCC_SAVE_TEMPS', environment);
  let list: HostList | undefined;
  return {
    log,
    tools: toolsIn(call.directory),
    state: shared.states.of(stateFileOf(folder === undefined ? undefined : `${folder}/state`, job.pid, log)),
    slots: shared.places.slotsFor({ interrupted: launcher.gone, restSeconds, pid: job.pid }),
    interrupted: launcher.gone,
    backOff: restSeconds > 0,
    preprocessAhead: true,
    hosts: () => (list ??= shared.hosts(environment)),
    preprocess: (command, extension) => startPreprocessor(command, extension, errand, shared),
    connect: connectionMaker({ environment, directory: call.directory }, log, (bytes) => launcher.write(2, bytes)),
    runHere: (command, options) => runHere(command, options, errand),
    readSource: (path) => readFileSync(path),
    outputObstacle,
    pack: (text) => shared.packer.pack(text),
    saveOutput: async (path, bytes) => {
      await shared.places.letNextBegin();
      await saveOutput(path, bytes, job.umask);
    },
    keepMessages: (bytes) => keepMessages(bytes, { keep, temporary, log }),
    tell: (to, bytes) => launcher.write(to === 'stdout' ? 1 : 2, bytes),
    seconds: () => performance.now() / 1000,
  };
}
