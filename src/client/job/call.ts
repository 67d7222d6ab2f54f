import type { Environment } from '../../config/client-environment.ts';

/** One call of the client, as a build system makes it. All texts are bytes, one character for each. */
export interface Call {
  /** The name it was called by: `distcc`, or a compiler's when it masquerades. */
  readonly argv0: string;
  /** The words after that name. */
  readonly words: readonly string[];
  readonly environment: Environment;
  /** Absolute; relative names on the command line start here. Empty when it has been removed. */
  readonly directory: string;
}

/** A command with the environment it is run in. */
export interface Command {
  readonly argv: readonly string[];
  readonly environment: Environment;
}
