import type { Grammar } from '../reading/decoder.ts';
import { limits } from '../limits.ts';
import { ProtocolError } from '../reading/protocol-error.ts';
import { checkParameter, encodeToken, largestParameter, readAnyToken } from '../token.ts';
import type { Token } from '../token.ts';
import { largestNumber } from './numbers.ts';
import { encodeVarints, readVarint } from './varint.ts';

/** How a content may be packed: not at all, RFC 1951, RFC 8878. */
export const codecs = ['raw', 'deflate', 'zstd'] as const;
export type Codec = (typeof codecs)[number];

/** A file's content on its way. */
export interface Content {
  readonly number: number;
  readonly codec: Codec;
  /** Length when unpacked, in bytes. */
  readonly length: number;
  readonly bytes: Buffer;
}

/** The same as it came, in pieces. */
export interface ArrivedContent extends Omit<Content, 'bytes'> {
  readonly pieces: readonly Buffer[];
}

/** Encodes contents as pieces to be written in this order, one DATA for each; large ones are not copied. */
export function encodeData(contents: readonly Content[]): Buffer[] {
  return contents.flatMap(({ number, codec, length, bytes }) => {
    const head = Buffer.concat([encodeVarints([number]), Buffer.of(codecs.indexOf(codec)), encodeVarints([length])]);
    return [encodeToken('DATA', head.length + bytes.length), head, bytes];
  });
}

/** Encodes the end of a message. */
export const encodeEnd = (): Buffer => encodeToken('ENDT', 0);

const of = 'token "DATA"';
/** Two numbers and a byte stand before a content. */
const longestHead = 9;

/** Reads contents up to the end of the message. @throws ProtocolError when they are more than `limits` lets them be */
export function* readContents(): Grammar<readonly ArrivedContent[]> {
  const contents: ArrivedContent[] = [];
  let left: number = limits.inputsTotal;
  for (;;) {
    const token = yield* readAnyToken(['DATA', 'ENDT'], largestParameter);
    if (token.name === 'ENDT') {
      checkParameter(token, 0);
      return contents;
    }
    const content = yield* readContent(token);
    left -= Math.max(content.length, token.parameter);
    if (left < 0) throw new ProtocolError('too large', `more than ${limits.inputsTotal} bytes come by ${of}`);
    if (contents.length === limits.numbers) {
      throw new ProtocolError('too large', `more than ${limits.numbers} contents come by ${of}`);
    }
    contents.push(content);
  }
}

function* readContent(token: Token<'DATA' | 'ENDT'>): Grammar<ArrivedContent> {
  checkParameter(token, limits.inputLength + longestHead);
  const number = yield* readVarint(of, largestNumber);
  const [code = codecs.length] = yield { exactly: 1, of };
  const codec = codecs[code];
  if (codec === undefined) throw new ProtocolError('malformed', `number ${number.value} of ${of} has an unknown codec`);
  const length = yield* readVarint(of, limits.inputLength);
  const coming = token.parameter - number.length - 1 - length.length;
  if (coming < 0) throw new ProtocolError('malformed', `${of} ends in the middle`);
  if (codec === 'raw' && coming !== length.value) {
    throw new ProtocolError('malformed', `number ${number.value} of ${of} has ${coming} of ${length.value} bytes`);
  }
  const pieces: Buffer[] = [];
  for (let had = 0; had < coming;) {
    const piece = yield { exactly: coming, had, of: `the body of ${of}` };
    had += piece.length;
    pieces.push(piece);
  }
  return { number: number.value, codec, length: length.value, pieces };
}
