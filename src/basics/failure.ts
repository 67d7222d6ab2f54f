import type { ExitStatus } from './exit-status.ts';

/** A foreseen error: an exit status and one sentence for the user; anything else that is thrown is a bug. */
export class Failure extends Error {
  readonly status: ExitStatus;

  constructor(status: ExitStatus, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'Failure';
    this.status = status;
  }
}

/** The reason inside a caught value, as the words that fit behind a colon: `ENOENT: no such file`, `connection refused`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
