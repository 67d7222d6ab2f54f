import type { StateFile } from '../../job-state/state-folder.ts';
import type { Logger } from '../../logging/log-line.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { JobHosts } from '../hosts/changing-hosts.ts';
import type { Command } from '../job/call.ts';
import type { FoundPrograms, RemoteJob } from '../job/understand.ts';
import type { Slots } from '../slots/slots.ts';
import type { CompilerEffects } from './compiler-effects.ts';
import type { HeldOutput, HostResponse, Output } from './host-answer.ts';
import type { InputsEffects } from './inputs-effects.ts';
import type { Progress } from './progress.ts';

/** How a preprocessor ended. */
export interface PreprocessorEnd {
  /** Its raw Unix wait status. */
  readonly status: number;
  /** Why the job is for the compiler here, whatever the status; undefined when it is not. */
  readonly obstacle: string | undefined;
  /** How many bytes it wrote. */
  readonly size: number;
}

/** A request to a host: its first bytes, and the body of its last token. */
export interface HostRequest {
  readonly head: Buffer;
  /** The name of the compiler, of which the host may say something after its answer. */
  readonly compiler: string;
  /** Whether that is wanted. */
  readonly asksCompiler: boolean;
  /** Resolves with the size of the text when the preprocessor has ended; rejects when there will be no body. */
  readonly ready: Promise<number>;
  /** Makes the body; left out when that is the launcher's text unchanged. `in head` when the head is all of it. */
  readonly body?: (() => Promise<Buffer>) | 'in head' | undefined;
}

/** A running preprocessor. */
export interface Preprocessor {
  readonly ended: Promise<PreprocessorEnd>;
  /** Its output; to be called after it has ended. */
  output(): Promise<Buffer>;
  /** Releases its slot. The process itself is not stopped: its launcher waits for it. */
  stop(): void;
}

/** All effects of a compile. */
export interface Effects {
  readonly log: Logger;
  readonly state: StateFile;
  /** What the job reports to followers of the agent, and to its count of builds. */
  readonly progress: Progress;
  /** Slots for jobs, here and on the hosts. */
  readonly slots: Slots;
  /** Fires when the user ends the client. */
  readonly interrupted: AbortSignal;
  /** Whether a host that failed rests for a while. */
  readonly backOff: boolean;
  /** Whether to preprocess while waiting for a host. */
  readonly preprocessAhead: boolean;
  /** Whether what a compiler writes is shown on a terminal. */
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Whether the caller's machine has a compiler's messages in a language. */
  hasCatalogue(this: void, language: string, compiler: string): boolean;
  /** Finds the programs that `understand()` needs. */
  findPrograms(): Promise<FoundPrograms>;
  /** The text of a file, with one character for each byte, at most 1 MiB of it; undefined when it cannot be read. */
  readText(path: string): Promise<string | undefined>;
  /** The hosts that the job may have; throws a Failure. */
  hosts(): JobHosts;
  /** clang's default target; undefined when clang cannot be asked. */
  defaultTarget(job: RemoteJob): Promise<string | undefined>;
  /** Starts a preprocessor with an empty stdin; without a command takes the source, which is preprocessed already. */
  preprocess(job: RemoteJob, command: Command | undefined): Preprocessor;
  /** Whether the user wants temporary files kept. */
  readonly keepsTemporaries: boolean;
  /** Sends a request to a host and returns the answer. Rejects with a TransportError, or as the request's body does. */
  carry(host: DistantHost, request: HostRequest): Promise<HostResponse>;
  /**
   * Runs a command with the caller's stdin, stdout and stderr, and returns its raw Unix wait status. Without
   * `andReturn` the launcher may become the command.
   * @throws Failure (status 110) when the program does not exist
   */
  runHere(command: Command, andReturn: boolean): Promise<number>;
  /** What is known of compilers. */
  readonly compilers: CompilerEffects;
  /** What it takes to have hosts compile from inputs. */
  readonly inputs: InputsEffects;
  /** The bytes of an output that the launcher may hold. */
  contentOf(output: Output): Promise<Buffer>;
  /** Writes a job's dependency file, as saveOutput() does. */
  saveDependencies(path: string, output: HeldOutput): Promise<void>;
  /** Packs a text for protocol 2. */
  pack(text: Buffer): Promise<Buffer>;
  /**
   * Writes a job's output. The launcher obeys later messages, such as the exit status, only when that works; resolves
   * when the launcher has ended. Rejects with an Error whose message is a sentence.
   */
  saveOutput(job: RemoteJob, output: Output): Promise<void>;
  /** Ends the job with an exit status. */
  end(status: number): void;
  /** Keeps a host's messages for inspection when the user wants temporary files kept. */
  keepMessages(bytes: Buffer): void;
  /** Shows the user what the preprocessor wrote to stderr, which is kept back until this call. */
  showPreprocessor(): void;
  /** Shows the user what a compiler wrote. */
  tell(to: 'stdout' | 'stderr', bytes: Buffer): void;
  /** Whether no job of this agent has told the user the same in the last minute; always where hosts do not rest. */
  isNews(sentence: string): boolean;
  /** Tells the user on a terminal that no hosts are listed, once in the life of an agent. */
  tellAllIsLocal(): void;
  /** Seconds on a clock that only goes forward. */
  seconds(): number;
}
