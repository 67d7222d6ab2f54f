import { resolve } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { dependencyOutput } from '../../compiler/command/dependency-file.ts';
import { coloured } from '../../compiler/messages/colour-words.ts';
import { isClang } from '../../compiler/names/compiler-family.ts';
import { preprocessedExtension } from '../../compiler/names/source-name.ts';
import { distccDirectory, readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import type { StateFile } from '../../job-state/state-folder.ts';
import type { Logger } from '../../logging/log-line.ts';
import { directoryPath } from '../../system/files/byte-directory.ts';
import { byteText, readable } from '../../system/byte-text.ts';
import { readForeignFile } from '../../system/files/foreign-file.ts';
import { exited } from '../../wire/wait-status.ts';
import { hasCatalogue } from '../messages/catalogues.ts';
import type { JobHosts } from '../hosts/changing-hosts.ts';
import { pathIn } from '../job/understand.ts';
import { InputsFailed } from '../job/faults.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Slots } from '../slots/slots.ts';
import { openState } from '../user-files/state-file.ts';
import { uniqueName } from '../user-files/unique-name.ts';
import { findInputs } from '../headers/find-inputs.ts';
import type { HeaderGraph } from '../headers/header-graph.ts';
import type { Found } from '../headers/inputs.ts';
import { lockName } from '../hosts/host.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { Call, Command } from '../job/call.ts';
import type {
  HeldOutput,
  HostRequest,
  HostResponse,
  InputsRequest,
  InputsResponse,
  Made,
  Output,
  Preprocessor,
  PreprocessorEnd,
  World,
} from '../compile/world.ts';
import { carry } from './carry.ts';
import { carryInputs } from './carry-inputs.ts';
import { LauncherDisk } from './launcher-disk.ts';
import type { InputHosts } from './input-sessions.ts';
import type { HostLists } from './host-lists.ts';
import type { Launcher } from './launcher.ts';
import { LauncherError } from './launcher.ts';
import type { EndedMessage } from '../../wire/agent/command.ts';
import type { Caps } from '../../wire/inputs/caps.ts';
import type { PlacedMessage } from '../../wire/agent/inputs.ts';
import { saveFlags } from '../../wire/agent/file.ts';
import type { JobMessage } from '../../wire/agent/job.ts';
import type { Packer } from '../transport/packer.ts';
import type { Programs } from './programs.ts';
import type { Tally } from './tally.ts';
import type { TextMemory } from '../transport/text-memory.ts';

/** The job that asks for slots. */
export interface SlotAsker {
  readonly job: JobMessage;
  readonly environment: Environment;
  readonly interrupted: AbortSignal;
  /** How many seconds a host that failed rests; 0 for not at all. */
  readonly restSeconds: number;
  readonly log: Logger;
}

/** What all jobs of an agent share. */
export interface Shared {
  slotsFor(asker: SlotAsker): Slots;
  /** Wraps a state file so that short phases are never written. */
  late(file: StateFile): StateFile;
  /** Whether to preprocess while a job waits for a host. */
  readonly preprocessAhead: boolean;
  readonly memory: TextMemory;
  readonly packer: Pick<Packer, 'pack'>;
  /** Who compiles from inputs; undefined where nobody is asked, since there is only one job. */
  readonly inputHosts: InputHosts | undefined;
  /** What is known of the files that jobs read. */
  readonly graph: HeaderGraph;
  /** Jobs of which the scanner has missed something. */
  readonly distrusted: Set<string>;
  readonly tally: Tally;
  readonly hosts: HostLists;
  readonly programs: Programs;
}

/** One job and its launcher. */
export interface Assignment {
  readonly call: Call;
  readonly job: JobMessage;
  readonly launcher: Launcher;
  readonly log: Logger;
}

/** The last differences found, by the changed environment: jobs of one build have the same. */
const foundChanges = new WeakMap<Environment, { readonly before: Environment; readonly changes: readonly string[] }>();

/** How one environment differs from another: NAME=value, or just NAME for a variable that was removed. */
function changesOf(before: Environment, after: Environment): readonly string[] {
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

/** The environment with absolute paths for the user's folders: this process has another working directory. */
function anchored({ environment, directory }: Call): Environment {
  const own = environment['DISTCC_DIR'];
  return own === undefined || own === '' || own.startsWith('/')
    ? environment
    : { ...environment, DISTCC_DIR: resolve(directory, own) };
}

/** Jobs that no host compiles from their inputs: more than a few only come from a mistake of ours. */
const mostDistrusted = 10_000;

/** What tells the compile of one source from that of another. */
const trustKey = ({ directory, verdict }: RemoteJob): string => [directory, ...verdict.words].join('\0');

/** Why the compiler here has to write an output. */
function obstacleAt(placed: PlacedMessage | undefined, output: string): string | undefined {
  if (placed?.outputIsSource === true) return 'its output is its source';
  return placed?.noPlace === true ? `"${output}" cannot be written` : undefined;
}

/** The failure for a program that cannot be started. */
function missing(name: string, reason: string): Failure {
  return new Failure(exitStatus.compilerMissing, `failed to exec ${name}: ${reason}`);
}

/**
 * The effects of a job: the agent decides, and the launcher does everything that touches the user's files, descriptors
 * and processes.
 */
export class JobWorld implements World {
  readonly log: Logger;
  readonly state: StateFile;
  readonly slots: Slots;
  readonly interrupted: AbortSignal;
  readonly backOff: boolean;
  readonly preprocessAhead: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly hasCatalogue = (language: string, compiler: string): boolean => hasCatalogue(language, compiler);
  readonly keepsTemporaries: boolean;
  readonly #assignment: Assignment;
  readonly #shared: Shared;
  readonly #environment: Environment;
  #hasMessages = false;

  constructor(assignment: Assignment, shared: Shared) {
    const { call, job, launcher, log } = assignment;
    const environment = anchored(call);
    const restSeconds = readVariable('DISTCC_BACKOFF_PERIOD', environment, (sentence) => log.warning(sentence));
    this.#assignment = assignment;
    this.#shared = shared;
    this.#environment = environment;
    this.log = log;
    this.state = shared.late(openState(directoryPath(distccDirectory(environment)), job.pid, log));
    this.interrupted = launcher.gone;
    this.slots = shared.slotsFor({ job, environment, interrupted: launcher.gone, restSeconds, log });
    this.backOff = restSeconds > 0;
    this.preprocessAhead = shared.preprocessAhead;
    [, this.stdoutIsTerminal, this.stderrIsTerminal] = job.terminals;
    this.keepsTemporaries = readVariable('DISTCC_SAVE_TEMPS', environment);
  }

  findPrograms(): ReturnType<World['findPrograms']> {
    const { call, launcher } = this.#assignment;
    return this.#shared.programs.find(call, launcher);
  }

  async readText(path: string): Promise<string | undefined> {
    const found = await this.#assignment.launcher.read(path);
    return 'bytes' in found ? byteText(found.bytes) : undefined;
  }

  hosts(): JobHosts {
    const { job, launcher } = this.#assignment;
    return this.#shared.hosts.load(this.#environment, job.hosts, launcher);
  }

  defaultTarget(job: RemoteJob): Promise<string | undefined> {
    const { call, launcher } = this.#assignment;
    const changes = changesOf(call.environment, job.environment);
    return this.#shared.programs.defaultTarget(job, async (argv) => {
      const ended = await launcher.start('PREPROCESS', { number: 1, argv, changes });
      return ended.status === 0 ? byteText(await launcher.sendText()) : undefined;
    });
  }

  preprocess(job: RemoteJob, command: Command | undefined): Preprocessor {
    const { call, launcher } = this.#assignment;
    const files = { source: job.verdict.source, output: job.verdict.output };
    const { argv, environment } = command ?? { argv: ['cat'], environment: call.environment };
    const changes = changesOf(call.environment, environment);
    const kind = command === undefined ? 'TAKE' : 'PREPROCESS';
    const held: { memory?: Buffer | undefined; text: Buffer; over: boolean } = { text: Buffer.alloc(0), over: false };
    let where: EndedMessage | undefined;
    const ending = async (): Promise<PreprocessorEnd> => {
      const ended = await launcher.start(kind, { number: 1, argv, changes, ...files });
      this.#hasMessages = ended.messages > 0;
      where = ended;
      return { status: ended.status, obstacle: this.#obstacle(ended, job, command !== undefined), size: ended.size };
    };
    const ended = ending();
    ended.catch(() => {});
    const giveBack = (): void => {
      held.over = true;
      if (held.memory !== undefined) this.#shared.memory.giveBack(held.memory);
      held.memory = undefined;
    };
    const extension = preprocessedExtension(job.verdict.source) ?? '.i';
    return {
      ended,
      output: async () => {
        if (where !== undefined && !held.over) await this.#fetch(where, held);
        return this.#kept(held.text, `distcc_${uniqueName()}${extension}`);
      },
      stop: giveBack,
    };
  }

  /** A finding of the launcher about the job's files which means that the compiler here must do the job. */
  #obstacle({ outputIsSource, noPlace, program }: EndedMessage, job: RemoteJob, ran: boolean): string | undefined {
    const obstacle = obstacleAt({ outputIsSource, noPlace }, job.verdict.output);
    if (obstacle !== undefined) return obstacle;
    const { compiler } = job;
    if (!ran || compiler === undefined) return undefined;
    if (compiler.device === program.device && compiler.inode === program.inode) return undefined;
    this.#shared.programs.forget();
    return 'its compiler has just been replaced by another one';
  }

  /**
   * Reads a preprocessor's output from the launcher's memory file, or has the launcher send it when that cannot be
   * opened from here.
   */
  async #fetch(ended: EndedMessage, held: { memory?: Buffer | undefined; text: Buffer }): Promise<void> {
    const { job, launcher } = this.#assignment;
    const memory = this.#shared.memory.take(ended.size);
    held.memory = memory;
    const text = memory.subarray(0, ended.size);
    held.text = readForeignFile({ pid: job.pid, ...ended }, text) ? text : await launcher.sendText();
  }

  /** Keeps a temporary file when the user wants that. */
  #kept(bytes: Buffer, name: string): Buffer {
    if (!this.keepsTemporaries) return bytes;
    const folder = readVariable('TMPDIR', this.#environment);
    const saving = this.#assignment.launcher.save(`${folder}/${name}`, bytes, saveFlags.newName);
    saving.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.warning(`cannot keep "${name}" in "${folder}": ${reason}`);
    });
    return bytes;
  }

  async runHere({ argv, environment }: Command, andReturn: boolean): Promise<number> {
    const { call, job, launcher } = this.#assignment;
    const message = { argv, changes: changesOf(call.environment, environment) };
    try {
      // A command that may read from the terminal has to be in the user's own process group.
      const [terminal] = job.terminals;
      if (andReturn) return (await launcher.start('RUN', { number: terminal ? 0 : 1, ...message })).status;
      await launcher.become({ number: 0, ...message });
      return 0;
    } catch (error) {
      if (error instanceof LauncherError) throw missing(argv[0] ?? '', error.message);
      throw error;
    }
  }

  pack(text: Buffer): Promise<Buffer> {
    return this.#shared.packer.pack(text);
  }

  carry(host: DistantHost, request: HostRequest): Promise<HostResponse> {
    const { job, launcher, log } = this.#assignment;
    const { inputHosts } = this.#shared;
    const name = lockName(host);
    // It tells so once, after an answer.
    const asks = host.kind === 'tcp' && inputHosts?.offerOf(name) === 'unknown';
    const offered = asks ? (offer: Caps | undefined): void => inputHosts.noteOffer(name, offer) : undefined;
    return carry(host, request, { launcher, pid: job.pid, environment: this.#environment, log, offered });
  }

  offersInputs(host: DistantHost): boolean {
    return this.#shared.inputHosts?.offerOf(lockName(host)) === 'inputs';
  }

  keepsResults(host: DistantHost): boolean {
    return this.#shared.inputHosts?.keepsResults(lockName(host)) === true;
  }

  async outputObstacle({ verdict }: RemoteJob): Promise<string | undefined> {
    const { launcher } = this.#assignment;
    const dependencies = dependencyOutput(verdict);
    const outputs = [verdict.output, ...(dependencies.kind === 'file' ? [dependencies.path] : [])];
    const placed = await Promise.all(outputs.map((output) => launcher.place(verdict.source, output)));
    return outputs.map((output, at) => obstacleAt(placed[at], output)).find((obstacle) => obstacle !== undefined);
  }

  async findInputs(job: RemoteJob): Promise<Found> {
    if (this.#shared.distrusted.has(trustKey(job)))
      return { kind: 'old way', because: 'a host lacked something that it reads' };
    const { call, launcher } = this.#assignment;
    const disk = new LauncherDisk(launcher, changesOf(call.environment, job.environment));
    const { verdict, directory, argv, environment } = job;
    const words = [argv[0] ?? '', ...verdict.words.slice(1)];
    return findInputs({ source: verdict.source, argv: words, directory, environment }, disk, this.#shared.graph);
  }

  countSent(how: 'unpreprocessed' | 'preprocessed'): void {
    const { tally } = this.#shared;
    if (how === 'unpreprocessed') tally.countInputs();
    else tally.countPreprocessed();
  }

  countReason(because: string): void {
    this.#shared.tally.countReason(because);
  }

  distrustInputs(job: RemoteJob): void {
    const { distrusted } = this.#shared;
    if (distrusted.size >= mostDistrusted) distrusted.clear();
    distrusted.add(trustKey(job));
  }

  carryInputs(host: DistantHost, request: InputsRequest): Promise<InputsResponse> {
    const { job, launcher, log } = this.#assignment;
    const { inputHosts: hosts } = this.#shared;
    if (hosts === undefined) return Promise.reject(new InputsFailed('no host is asked for that'));
    return carryInputs(host, request, { launcher, pid: job.pid, environment: this.#environment, log, hosts });
  }

  async compileAside(job: RemoteJob): Promise<Made> {
    const { call, launcher } = this.#assignment;
    const changes = changesOf(call.environment, job.environment);
    const reader = { stderrIsTerminal: this.stderrIsTerminal, environment: job.environment };
    const [, ...words] = coloured(job.verdict.words, reader);
    const { status } = await launcher.start('PREPROCESS', { number: 1, argv: [job.argv[0] ?? '', ...words], changes });
    const stdout = await launcher.sendText('text');
    const stderr = await launcher.sendText('messages');
    const dependencies = dependencyOutput(job.verdict);
    const outputs = [job.verdict.output, ...(dependencies.kind === 'file' ? [dependencies.path] : [])];
    const [object, dependencyFile] = await launcher.fetch(outputs.map((output) => pathIn(job, output)));
    const none = Buffer.alloc(0);
    return { status, stdout, stderr, object: object?.bytes ?? none, dependencies: dependencyFile?.bytes ?? none };
  }

  async contentOf(output: Output): Promise<Buffer> {
    if (Buffer.isBuffer(output)) return output;
    const answer = await this.#assignment.launcher.sendText('answer');
    return answer.subarray(output.at, output.at + output.length);
  }

  async saveDependencies(path: string, output: HeldOutput): Promise<void> {
    await this.#save(path, () => this.#assignment.launcher.saveAnswer(path, output, 0));
  }

  async #save(path: string, save: () => Promise<void>): Promise<void> {
    try {
      await save();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot write "${readable(path)}": ${reason}`, { cause: error });
    }
  }

  async saveOutput({ verdict }: RemoteJob, output: Output): Promise<void> {
    // gcc opens an assembler output by its name and so follows links. Any other output is replaced, link and all, by
    // the assembler.
    const through = verdict.assemble && !isClang(verdict.words[0] ?? '');
    const { launcher } = this.#assignment;
    const flags = through ? saveFlags.throughLinks : 0;
    await this.#save(verdict.output, () =>
      Buffer.isBuffer(output)
        ? launcher.save(verdict.output, output, flags)
        : launcher.saveAnswer(verdict.output, output, flags),
    );
  }

  end(status: number): void {
    this.log.info(`exit: code ${status}`);
    this.state.remove();
    this.#assignment.launcher.exit(exited(status));
  }

  keepMessages(bytes: Buffer): void {
    this.#kept(bytes, `distcc_server_stderr_${uniqueName()}.txt`);
  }

  showPreprocessor(): void {
    if (this.#hasMessages) this.#assignment.launcher.show();
    this.#hasMessages = false;
  }

  tell(to: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#assignment.launcher.write(to === 'stdout' ? 1 : 2, bytes);
  }

  seconds(): number {
    return performance.now() / 1000;
  }
}
