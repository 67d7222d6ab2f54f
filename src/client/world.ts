import type { CompilerNames } from '../compiler/cross-names.ts';
import type { Environment } from '../config/client-environment.ts';
import type { StateFile } from '../job-state/state-folder.ts';
import type { Logger } from '../logging/log-line.ts';
import type { FileLock } from '../system/file-lock.ts';
import type { Connection } from './connection.ts';
import type { DistantHost } from './host.ts';
import type { HostList } from './host-list.ts';
import type { Slots } from './slots.ts';

/** One call of the client, as a build system makes it. */
export interface Call {
  /** The name it was called by: `distcc`, or a compiler's when it masquerades. */
  readonly argv0: string;
  /** The words behind that name. */
  readonly words: readonly string[];
  readonly environment: Environment;
  /** Absolute; relative names on the command line start here. */
  readonly directory: string;
}

/** A command with the environment it is run in. */
export interface Command {
  readonly argv: readonly string[];
  readonly environment: Environment;
}

/** A preprocessor at work. */
export interface Preprocessor {
  /** Its raw Unix wait status. */
  readonly ended: Promise<number>;
  /** What it wrote; asked for once, after it has ended. */
  output(): Buffer;
  /** Ends it and everything it started, when it is still at work, and gives back what it held. */
  stop(): Promise<void>;
}

/** How a compile in this place goes on afterwards. */
export interface HereOptions {
  /** Whether something remains to be done: if not, this process may become the compiler. */
  readonly andReturn: boolean;
  /** The slot that the compiler holds. */
  readonly lock: FileLock | undefined;
}

/** What finding the compiler asks the file system. */
export interface ToolFinder {
  isExecutable(this: void, path: string): boolean;
  /** The compilers on the PATH of an environment. */
  compilerNames(environment: Environment): CompilerNames;
}

/** What a compile does to the world; a resident agent has other ways for some of it. */
export interface World {
  readonly log: Logger;
  readonly tools: ToolFinder;
  readonly state: StateFile;
  /** Places for jobs, here and on the hosts. */
  readonly slots: Slots;
  /** Comes when the user ends the client. */
  readonly interrupted: AbortSignal;
  /** Whether a host that failed rests for a while. */
  readonly backOff: boolean;
  /** Whether waiting for a host is a good time to preprocess. */
  readonly preprocessAhead: boolean;
  /** The list of hosts; throws a Failure. */
  hosts(): HostList;
  /**
   * Starts a preprocessor with stdin from nowhere.
   * @throws CannotDistribute; Failure (status 110) when there is no such program
   */
  preprocess(command: Command, extension: string): Preprocessor;
  /** Connects to a host; throws a TransportError. */
  connect(host: DistantHost): Promise<Connection>;
  /**
   * Runs a command with our own stdin, stdout and stderr, and gives its raw Unix wait status.
   * @throws Failure (status 110) when there is no such program
   */
  runHere(command: Command, options: HereOptions): Promise<number>;
  /** The content of a source that is preprocessed already. */
  readSource(path: string): Buffer;
  /** Why an output could not be written, or undefined. */
  outputObstacle(path: string): string | undefined;
  /** Packs a text for protocol 2. */
  pack(text: Buffer): Promise<Buffer>;
  saveOutput(path: string, bytes: Buffer): Promise<void>;
  /** Keeps a host's messages for inspection when the user wants temporary files kept. */
  keepMessages(bytes: Buffer): void;
  /** Shows the user what a compiler wrote. */
  tell(to: 'stdout' | 'stderr', bytes: Buffer): void;
  /** Seconds on a clock that only goes forward. */
  seconds(): number;
}
