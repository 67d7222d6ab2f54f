import type { Grammar } from './reading/decoder.ts';
import { ProtocolError } from './reading/protocol-error.ts';
import { quoted } from './quoted.ts';

/** Each packet of versions 1 to 3 and of tree jobs, and what its parameter means (doc/protocol.md, "Tokens"). */
const parameterMeaning = {
  DIST: 'version',
  CDIR: 'length',
  ARGC: 'count',
  ARGV: 'length',
  DOTI: 'length',
  NFIL: 'count',
  NAME: 'length',
  FILE: 'length',
  LINK: 'length',
  DONE: 'version',
  STAT: 'status',
  SERR: 'length',
  SOUT: 'length',
  DOTO: 'length',
  DOTD: 'length',
  CAPS: 'length',
  TREE: 'version',
  SESS: 'length',
  WELC: 'length',
  JOBT: 'length',
  ENVC: 'count',
  ENVV: 'length',
  DEFS: 'length',
  USES: 'length',
  DATA: 'length',
  ENDT: 'count',
  NEED: 'length',
  KEPT: 'count',
} as const;

/** The four letters that a packet starts with. */
export type TokenName = keyof typeof parameterMeaning;

/** A token that was read; a body of `parameter` bytes may follow. */
export interface Token<Name extends TokenName = TokenName> {
  readonly name: Name;
  readonly parameter: number;
}

/** Four letters and eight hexadecimal digits. */
export const tokenLength = 12;

/** The largest parameter, as the limit for tokens whose value the reader of the message checks. */
export const largestParameter = 0xffff_ffff;

/**
 * Encodes a token: its name and eight lower-case hexadecimal digits.
 * @throws RangeError for a number that does not fit
 */
export function encodeToken(name: TokenName, parameter: number): Buffer {
  if (!Number.isInteger(parameter) || parameter < 0 || parameter > largestParameter) {
    throw new RangeError(`the ${parameterMeaning[name]} of token "${name}" cannot be ${parameter}`);
  }
  return Buffer.from(name + parameter.toString(16).padStart(8, '0'), 'latin1');
}

/** Reads the token of that name and returns its parameter, which is at most `ceiling`. */
export function* readToken(name: TokenName, ceiling: number): Grammar<number> {
  return parseToken([name], ceiling, yield { exactly: tokenLength, of: `token "${name}"` }).parameter;
}

/** The same, for a token before which the peer may pause. */
export function* readUnhurriedToken(name: TokenName, ceiling: number): Grammar<number> {
  const bytes = yield { exactly: tokenLength, of: `token "${name}"`, unhurried: true };
  return parseToken([name], ceiling, bytes).parameter;
}

/** Reads a token that has one of the names, where the peer may take its time before it. */
export function* readUnhurriedTokenOf<Name extends TokenName>(
  names: readonly Name[],
  ceiling: number,
): Grammar<Token<Name>> {
  return parseToken(names, ceiling, yield { exactly: tokenLength, of: oneOf(names), unhurried: true });
}

/** Reads the token of that name; returns undefined when the peer ends its message instead. */
export function* readTokenOrEnd(name: TokenName, ceiling: number): Grammar<number | undefined> {
  const bytes = yield { exactly: tokenLength, of: `token "${name}"`, orEnd: true };
  return bytes.length === 0 ? undefined : parseToken([name], ceiling, bytes).parameter;
}

/** Reads a token that has one of the names. */
export function* readAnyToken<Name extends TokenName>(names: readonly Name[], ceiling: number): Grammar<Token<Name>> {
  return parseToken(names, ceiling, yield { exactly: tokenLength, of: oneOf(names) });
}

/**
 * Checks that a parameter is at most `ceiling`.
 * @throws ProtocolError of kind 'too large'
 */
export function checkParameter({ name, parameter }: Token, ceiling: number): void {
  if (parameter <= ceiling) return;
  const meaning = parameterMeaning[name];
  throw new ProtocolError(
    'too large',
    `the ${meaning} of token "${name}" is ${parameter}, more than the limit of ${ceiling}`,
  );
}

/**
 * Reads a token from its bytes.
 * @throws ProtocolError unless it has one of the names and a parameter up to `ceiling`
 */
export function parseToken<Name extends TokenName>(
  names: readonly Name[],
  ceiling: number,
  bytes: Buffer,
): Token<Name> {
  const text = bytes.toString('latin1');
  const name = names.find((candidate) => text.startsWith(candidate));
  if (name === undefined) {
    throw new ProtocolError('malformed', `expected ${oneOf(names)} but got ${quoted(text.slice(0, 4))}`);
  }
  const digits = text.slice(name.length);
  // distcc 3.x would also accept blanks, signs and "0x", which no peer sends.
  if (!/^[0-9A-Fa-f]{8}$/.test(digits)) {
    throw new ProtocolError(
      'malformed',
      `the ${parameterMeaning[name]} of token "${name}" is not 8 hexadecimal digits: ${quoted(digits)}`,
    );
  }
  const token = { name, parameter: Number.parseInt(digits, 16) };
  checkParameter(token, ceiling);
  return token;
}

function oneOf(names: readonly TokenName[]): string {
  return `token ${names.map((name) => `"${name}"`).join(' or ')}`;
}
