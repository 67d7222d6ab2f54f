/** A compile of one source into one object or assembler file that another machine can do. */
export interface RemoteVerdict {
  readonly run: 'remotely';
  /** The command, compiler first, with `-o NAME` at the end when it had none. */
  readonly words: readonly string[];
  readonly sourceAt: number;
  readonly outputAt: number;
  /** Whether the output is written as `-oNAME`, not as `NAME` after `-o`. */
  readonly joined: boolean;
  /**
   * Whether distcc added the `-o NAME`. It matters because gcc names another target in the `.d` file when the user
   * wrote it.
   */
  readonly appended: boolean;
  readonly source: string;
  readonly output: string;
  /** Whether the output is assembler text (`-S`). */
  readonly assemble: boolean;
  /** Whether the source needs no preprocessor, by its name or by the language after `-x`. */
  readonly preprocessed: boolean;
  /** Whether the source is text for the assembler, by the language after `-x`. */
  readonly assemblerText: boolean;
}

/** Why a command stays on this machine, and what would change that. */
export interface Reason {
  /** A sentence that names the word at fault. */
  readonly because: string;
  /** What to do, as the text after "to have it distributed:". */
  readonly cure: string;
}

/** A command for this machine only. */
export interface LocalVerdict extends Reason {
  readonly run: 'locally';
  /** Whether it only preprocesses, so that it takes a preprocessor's slot. */
  readonly preprocessOnly: boolean;
  /** The command as the user gave it. */
  readonly words: readonly string[];
}

/** Whether a command can run on a host or only here. */
export type Verdict = RemoteVerdict | LocalVerdict;
