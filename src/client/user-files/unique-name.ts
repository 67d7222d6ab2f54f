/**
 * Eight random digits for the name of a temporary file. The file must be made so that an existing one is not opened.
 */
export function uniqueName(): string {
  // Loading node:crypto would cost each start 2 ms.
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
