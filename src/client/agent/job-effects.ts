import { resolve } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { isClang } from '../../compiler/names/compiler-family.ts';
import { preprocessedExtension } from '../../compiler/names/source-name.ts';
import { distccDirectory, readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import type { StateFile } from '../../job-state/state-folder.ts';
import type { Logger } from '../../logging/log-line.ts';
import { directoryPath } from '../../system/files/byte-directory.ts';
import { byteText, bytesOf, readable } from '../../system/byte-text.ts';
import { readForeignFile } from '../../system/files/foreign-file.ts';
import { exited } from '../../wire/wait-status.ts';
import { hasCatalogue } from '../messages/catalogues.ts';
import type { JobHosts } from '../hosts/changing-hosts.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Slots } from '../slots/slots.ts';
import { uniqueName } from '../user-files/unique-name.ts';
import { serverName } from '../hosts/host.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { Call, Command } from '../job/call.ts';
import type { HostRequest, Preprocessor, PreprocessorEnd, Effects } from '../compile/effects.ts';
import type { HeldOutput, HostResponse, Output } from '../compile/host-answer.ts';
import { carry } from './carry.ts';
import { changesOf } from './environment-changes.ts';
import type { Assignment } from './assignment.ts';
import { JobCompilers } from './job-compilers.ts';
import type { SharedCompilers } from './job-compilers.ts';
import { JobInputs } from './job-inputs.ts';
import type { SharedInputs } from './job-inputs.ts';
import { obstacleAt } from './output-obstacle.ts';
import type { HostLists } from './host-lists.ts';
import { LauncherError } from './launcher-error.ts';
import type { EndedMessage } from '../../wire/agent/command.ts';
import type { Caps } from '../../wire/inputs/caps.ts';
import { saveFlags } from '../../wire/agent/file.ts';
import type { JobMessage } from '../../wire/agent/job.ts';
import type { Packer } from '../transport/packer.ts';
import type { Notices } from './notices.ts';
import type { Programs } from './programs.ts';
import type { Progress } from '../compile/progress.ts';
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
  /** As openState() does. */
  readonly openState: (folder: string | undefined, pid: number, log: Logger) => StateFile;
  /** Whether to preprocess while a job waits for a host. */
  readonly preprocessAhead: boolean;
  readonly memory: TextMemory;
  readonly packer: Pick<Packer, 'pack'>;
  readonly inputs: SharedInputs;
  readonly hosts: HostLists;
  readonly programs: Programs;
  /** Left out where there is only one job. */
  readonly compilers?: SharedCompilers | undefined;
  readonly notices: Notices;
}

/** Said once, on a terminal only. */
const allIsLocal =
  'distcc: everything is compiled on this machine, since no hosts are listed.\n' +
  'distcc: List some in DISTCC_HOSTS or ~/.distcc/hosts; "distcc --doctor" tells whether they work.\n';

/** The environment with absolute paths for the user's folders: this process has another working directory. */
function anchored({ environment, directory }: Call): Environment {
  const own = environment['DISTCC_DIR'];
  return own === undefined || own === '' || own.startsWith('/')
    ? environment
    : { ...environment, DISTCC_DIR: resolve(directory, own) };
}

/** The failure for a program that cannot be started. */
function missing(name: string, reason: string): Failure {
  return new Failure(exitStatus.compilerMissing, `failed to exec ${name}: ${reason}`);
}

/**
 * The effects of a job: the agent decides, and the launcher does everything that touches the user's files, descriptors
 * and processes.
 */
export class JobEffects implements Effects {
  readonly log: Logger;
  readonly state: StateFile;
  readonly progress: Progress;
  /** Whether the launcher has become the command, whose exit status is not learnt. */
  hasBecome = false;
  readonly slots: Slots;
  readonly interrupted: AbortSignal;
  readonly backOff: boolean;
  readonly preprocessAhead: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly hasCatalogue = (language: string, compiler: string): boolean => hasCatalogue(language, compiler);
  readonly keepsTemporaries: boolean;
  readonly inputs: JobInputs;
  readonly compilers: JobCompilers;
  readonly #assignment: Assignment;
  readonly #shared: Shared;
  readonly #environment: Environment;
  #hasMessages = false;

  constructor(assignment: Assignment, shared: Shared) {
    const { call, job, launcher, log, progress } = assignment;
    const environment = anchored(call);
    const restSeconds = readVariable('DISTCC_BACKOFF_PERIOD', environment, (sentence) => log.warning(sentence));
    this.#assignment = assignment;
    this.#shared = shared;
    this.#environment = environment;
    this.log = log;
    this.progress = progress;
    this.state = shared.openState(directoryPath(distccDirectory(environment)), job.pid, log);
    this.interrupted = launcher.gone;
    this.slots = shared.slotsFor({ job, environment, interrupted: launcher.gone, restSeconds, log });
    this.backOff = restSeconds > 0;
    this.preprocessAhead = shared.preprocessAhead;
    [, this.stdoutIsTerminal, this.stderrIsTerminal] = job.terminals;
    this.keepsTemporaries = readVariable('DISTCC_SAVE_TEMPS', environment);
    const { stderrIsTerminal } = this;
    this.compilers = new JobCompilers(assignment, shared.compilers, { hosts: shared.inputs.hosts, restSeconds });
    this.inputs = new JobInputs(assignment, shared.inputs, { environment, stderrIsTerminal });
  }

  findPrograms(): ReturnType<Effects['findPrograms']> {
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
      const { status, stdout } = await launcher.probe({ argv, changes });
      return status === 0 ? byteText(stdout) : undefined;
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
  #obstacle({ outputIsSource, notWritable, program }: EndedMessage, job: RemoteJob, ran: boolean): string | undefined {
    const obstacle = obstacleAt({ outputIsSource, notWritable }, job.verdict.output);
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
      this.hasBecome = true;
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
    const { job, launcher, log, progress } = this.#assignment;
    const { hosts: inputHosts } = this.#shared.inputs;
    const name = serverName(host);
    const { compiler, asksCompiler } = request;
    // It tells so after an answer, once; and what its compiler is, now and then.
    const asks =
      inputHosts?.offerOf(name) === 'unknown' || (asksCompiler && inputHosts?.offersAfterAnswers(name) === true);
    const offered = (offer: Caps | undefined): void => {
      inputHosts?.noteOffer(name, offer);
      inputHosts?.noteCompiler(name, compiler, offer?.compiler);
    };
    return carry(host, request, {
      launcher,
      pid: job.pid,
      environment: this.#environment,
      log,
      progress,
      offered: asks ? offered : undefined,
    });
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

  isNews(sentence: string): boolean {
    // Without rests every job tries the host, and tells what came of it.
    return !this.backOff || this.#shared.notices.isNews(sentence);
  }

  tellAllIsLocal(): void {
    if (this.stderrIsTerminal && this.#shared.notices.isFirst('no hosts')) this.tell('stderr', bytesOf(allIsLocal));
  }

  seconds(): number {
    return performance.now() / 1000;
  }
}
