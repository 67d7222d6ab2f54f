/** A compile of one source into one object or assembler file, which another machine can do. */
export interface RemoteVerdict {
  readonly run: 'remotely';
  /** The command, compiler first, with `-o NAME` at the end when it had none. */
  readonly words: readonly string[];
  readonly sourceAt: number;
  readonly outputAt: number;
  /** Whether the word of the output is `-oNAME` rather than `NAME` after `-o`. */
  readonly joined: boolean;
  /** Whether the `-o NAME` is ours: gcc names other targets in a `.d` file when it is the user's. */
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
  /** To be read after "to have it distributed:". */
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

/** Where a command can run. */
export type Verdict = RemoteVerdict | LocalVerdict;
