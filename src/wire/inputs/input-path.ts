import { limits } from '../limits.ts';
import { quoted } from '../quoted.ts';
import { ProtocolError } from '../reading/protocol-error.ts';

/**
 * A path at a client: absolute, without `.`, `..`, empty parts and NUL, one character for each byte.
 * @throws ProtocolError for any other one
 */
export function checkInputPath(path: string, of: string): string {
  const fault = faultOfPath(path);
  if (fault === undefined) return path;
  throw new ProtocolError('malformed', `a path of ${of} ${fault}: ${quoted(path)}`);
}

/** What makes a path another one than that; undefined when nothing does. */
export function faultOfPath(path: string): string | undefined {
  if (path.length > limits.pathLength) return `is longer than ${limits.pathLength} bytes`;
  if (!path.startsWith('/')) return 'does not start with "/"';
  if (path.includes('\0')) return 'has a NUL inside';
  return /\/\.{0,2}(?:\/|$)/.test(path) ? 'has ".", ".." or nothing between slashes' : undefined;
}
