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
