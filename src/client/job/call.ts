import type { Environment } from '../../config/client-environment.ts';

/** One call of the client, as a build system makes it. All texts are bytes, one character for each. */
export interface Call {
  /** Its own name as it was called: `distcc`, or a compiler's name through a link. */
  readonly argv0: string;
  /** The words after that name. */
  readonly words: readonly string[];
  readonly environment: Environment;
  /** The working directory, absolute; empty when it has been removed. */
  readonly directory: string;
}

/** A command and its environment. */
export interface Command {
  readonly argv: readonly string[];
  readonly environment: Environment;
}
