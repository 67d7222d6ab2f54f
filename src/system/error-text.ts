import { getSystemErrorMap } from 'node:util';

/**
 * A failed call of the operating system in the C library's words: `No such file or directory`; other errors in their
 * own.
 */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const number = 'errno' in error ? Number(error.errno) : Number.NaN;
  const text = getSystemErrorMap().get(number)?.[1];
  return text === undefined ? error.message : text.charAt(0).toUpperCase() + text.slice(1);
}

/** The name of a failed call's reason, such as `ENOENT`; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
