import type { Grammar } from './decoder.ts';
import { limits } from './limits.ts';
import { ProtocolError } from './protocol-error.ts';
import { encodeText, readTextBody } from './text.ts';
import { encodeToken, readToken } from './token.ts';

/** Encodes a command line: ARGC, then one ARGV for each argument; throws a RangeError for an empty one. */
export function encodeArguments(argv: readonly string[]): Buffer {
  if (argv.length === 0) throw new RangeError('a command line has at least the name of its compiler');
  return Buffer.concat([encodeToken('ARGC', argv.length), ...argv.map((argument) => encodeText('ARGV', argument))]);
}

/** Reads a command line of one argument or more; throws a ProtocolError when it is empty or longer than `limits` lets it be. */
export function* readArguments(): Grammar<readonly string[]> {
  const count = yield* readToken('ARGC', limits.arguments);
  if (count === 0) throw new ProtocolError('malformed', 'the count of token "ARGC" is 0, without even a compiler');
  const argv: string[] = [];
  let total = 0;
  while (argv.length < count) {
    const length = yield* readToken('ARGV', limits.argumentLength);
    total += length;
    if (total > limits.argumentsTotal) {
      throw new ProtocolError('too large', `the arguments are longer than ${limits.argumentsTotal} bytes together`);
    }
    argv.push(yield* readTextBody('ARGV', length));
  }
  return argv;
}
