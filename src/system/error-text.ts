import { getSystemErrorMap } from 'node:util';

/**
 * The reason of a failed system call in the C library's words, such as `No such file or directory`; any other error's
 * message.
 */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const number = 'errno' in error ? Number(error.errno) : Number.NaN;
  const text = getSystemErrorMap().get(number)?.[1];
  return text === undefined ? error.message : text.charAt(0).toUpperCase() + text.slice(1);
}

/** The code of a failed system call, such as `ENOENT`; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
