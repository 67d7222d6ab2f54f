import { getSystemErrorMap } from 'node:util';

/** A system call of a launcher that failed; the message is the reason in the C library's words. */
export class LauncherError extends Error {
  /** The number of the error. */
  readonly errno: number;

  constructor(errorNumber: number) {
    const text = getSystemErrorMap().get(-errorNumber)?.[1] ?? `error ${errorNumber}`;
    super(text.charAt(0).toUpperCase() + text.slice(1));
    this.name = 'LauncherError';
    this.errno = errorNumber;
  }
}
