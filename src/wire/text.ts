import type { Grammar } from './reading/decoder.ts';
import { ProtocolError } from './reading/protocol-error.ts';
import { encodeToken, readToken } from './token.ts';
import type { TokenName } from './token.ts';

/**
 * Encodes a token and a text: a string in UTF-8, bytes unchanged.
 * @throws RangeError for a NUL, at which the peer would cut the text
 */
export function encodeText(name: TokenName, text: string | Buffer): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
  if (bytes.includes(0)) throw new RangeError(`the text of token "${name}" has a NUL inside`);
  return Buffer.concat([encodeToken(name, bytes.length), bytes]);
}

/** Reads a token and a text of at most `ceiling` bytes. */
export function* readText(name: TokenName, ceiling: number): Grammar<string> {
  return yield* readTextBody(name, yield* readToken(name, ceiling));
}

/**
 * Reads the text that follows a token.
 * @throws ProtocolError when it is not UTF-8 or has a NUL inside
 */
export function* readTextBody(name: TokenName, length: number): Grammar<string> {
  const { text, utf8 } = yield* readAnyTextBody(name, length);
  if (!utf8) throw new ProtocolError('malformed', `the text of token "${name}" is not UTF-8`);
  return text;
}

/**
 * Reads the text that follows a token, and tells whether it is UTF-8.
 * @throws ProtocolError when it has a NUL inside
 */
export function* readAnyTextBody(name: TokenName, length: number): Grammar<{ text: string; utf8: boolean }> {
  const bytes = yield { exactly: length, of: `the text of token "${name}"` };
  if (bytes.includes(0)) throw new ProtocolError('malformed', `the text of token "${name}" has a NUL inside`);
  const text = bytes.toString('utf8');
  // toString() replaces malformed bytes by U+FFFD, which the peer may also have sent as such.
  return { text, utf8: !text.includes('\ufffd') || Buffer.from(text, 'utf8').equals(bytes) };
}
