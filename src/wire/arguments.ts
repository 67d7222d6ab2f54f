import type { Grammar } from './reading/decoder.ts';
import { limits } from './limits.ts';
import { ProtocolError } from './reading/protocol-error.ts';
import { encodeText, readAnyTextBody } from './text.ts';
import { encodeToken, readToken } from './token.ts';

/** Encodes a command line: ARGC, then one ARGV for each argument; throws a RangeError for an empty one. */
export function encodeArguments(argv: readonly (string | Buffer)[]): Buffer {
  if (argv.length === 0) throw new RangeError('a command line has at least the name of its compiler');
  return Buffer.concat([encodeToken('ARGC', argv.length), ...argv.map((argument) => encodeText('ARGV', argument))]);
}

/**
 * Reads a command line of at least one argument.
 * @throws ProtocolError when it is empty, not UTF-8, or longer than `limits` allows
 */
export function* readArguments(): Grammar<readonly string[]> {
  const { argv, garbled } = yield* readAnyArguments();
  if (garbled) throw new ProtocolError('malformed', 'the text of token "ARGV" is not UTF-8');
  return argv;
}

/**
 * Arguments as they arrived. `garbled` is whether some are not UTF-8: a server can then refuse with a reason instead of
 * closing the connection.
 */
export interface AnyArguments {
  readonly argv: readonly string[];
  readonly garbled: boolean;
}

/** Reads a command line as `readArguments` does, but also accepts one that is not UTF-8. */
export function* readAnyArguments(): Grammar<AnyArguments> {
  const count = yield* readToken('ARGC', limits.arguments);
  if (count === 0) throw new ProtocolError('malformed', 'the count of token "ARGC" is 0, without even a compiler');
  const argv: string[] = [];
  let garbled = false;
  let total = 0;
  while (argv.length < count) {
    const length = yield* readToken('ARGV', limits.argumentLength);
    total += length;
    if (total > limits.argumentsTotal) {
      throw new ProtocolError('too large', `the arguments are longer than ${limits.argumentsTotal} bytes together`);
    }
    const { text, utf8 } = yield* readAnyTextBody('ARGV', length);
    argv.push(text);
    garbled ||= !utf8;
  }
  return { argv, garbled };
}
