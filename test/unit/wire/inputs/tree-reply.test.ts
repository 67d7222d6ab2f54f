import { describe, expect, it } from 'vitest';
import { encodeCaps, parseCaps, readCaps, readCapsOrEnd } from '../../../../src/wire/inputs/caps.ts';
import {
  encodeNeed,
  encodeTreeAnswer,
  encodeWelcome,
  readDependencies,
  readTreeReply,
  readTreeReplyHead,
} from '../../../../src/wire/inputs/tree-reply.ts';
import { encodeRefusal } from '../../../../src/wire/refusal.ts';
import { everyCut, faultOf, read, readPieces } from '../reading.ts';
import { answers, welcome } from './messages.ts';

const replies: readonly (readonly [string, Buffer, unknown])[] = [
  ['welcome', encodeWelcome(welcome), { kind: 'welcome', ...welcome }],
  ['need', encodeNeed([0, 5, 65_535]), { kind: 'need', numbers: [0, 5, 65_535] }],
  ['nothing needed', encodeNeed([]), { kind: 'need', numbers: [] }],
  ...Object.entries(answers).map(
    ([name, answer]) => [name, Buffer.concat(encodeTreeAnswer(answer)), { kind: 'answer', ...answer }] as const,
  ),
];

describe('readTreeReply()', () => {
  it.each(replies)('reads a reply however the network cut it: %s', (_, bytes, reply) => {
    for (const pieces of everyCut(bytes)) expect(readPieces(readTreeReply(), pieces)).toEqual(reply);
  });

  it.each(replies)('refuses a reply that ends early, wherever: %s', (_, bytes) => {
    for (const [start, rest] of everyCut(bytes)) {
      if (rest.length > 0) expect(faultOf(() => read(readTreeReply(), start))).toMatchObject({ kind: 'truncated' });
    }
  });

  it('tells the sentence of a refusal', () => {
    const refusal = Buffer.concat(encodeRefusal(1, 'no room for the job'));
    const start = refusal.subarray(0, refusal.lastIndexOf('distccd: ') + 12);
    expect(faultOf(() => read(readTreeReply(), start))).toMatchObject({
      kind: 'refused',
      message: 'distccd: no room for the job',
    });
  });

  it.each([
    '',
    '[]',
    'null',
    '{}',
    '{"nonce":"ab","slots":1,"load":0}',
    `{"nonce":"${'g'.repeat(32)}","slots":1,"load":0}`,
    `{"nonce":"${'a'.repeat(32)}","slots":-1,"load":0}`,
    `{"nonce":"${'a'.repeat(32)}","slots":1,"load":"0"}`,
  ])('refuses the welcome %s', (text) => {
    const bytes = `WELC${text.length.toString(16).padStart(8, '0')}${text}`;
    expect(faultOf(() => read(readTreeReply(), bytes))).toMatchObject({
      kind: 'malformed',
      message: 'the text of token "WELC" is not a welcome',
    });
  });

  it('passes over what a later server adds to its welcome', () => {
    const text = `{"nonce":"${'a'.repeat(32)}","slots":1,"load":2.5,"codecs":["brotli","deflate",1],"compilers":{"cc":1}}`;
    const bytes = `WELC${text.length.toString(16).padStart(8, '0')}${text}`;
    expect(read(readTreeReply(), bytes)).toEqual({
      kind: 'welcome',
      nonce: Buffer.alloc(16, 0xaa),
      slots: 1,
      load: 2.5,
      codecs: ['deflate'],
      compilers: {},
    });
  });

  it.each([
    ['WELC00010001', 'too large'],
    ['NEED00030001', 'too large'],
    ['NEED00000003\x80\x80\x04', 'too large'],
    ['NEED00000002\x05\x00', 'malformed'],
    ['DONE00000002', 'version'],
    ['STAT00000000', 'malformed'],
  ])('refuses %j', (text, kind) => {
    expect(faultOf(() => read(readTreeReply(), Buffer.from(text, 'latin1')))).toMatchObject({ kind });
  });
});

describe('readTreeReplyHead()', () => {
  it('stops in front of the object, after which readDependencies() continues', () => {
    const { success } = answers;
    if (success === undefined) throw new Error('no answer');
    const bytes = Buffer.concat(encodeTreeAnswer(success));
    const object = bytes.indexOf('\x7fELF');
    const { object: _, dependencies, ...head } = success;
    expect(read(readTreeReplyHead(), bytes.subarray(0, object))).toEqual({ kind: 'answer', ...head, objectLength: 4 });
    expect(read(readDependencies(), bytes.subarray(object + 4))).toEqual(dependencies);
  });
});

describe('encodeCaps() and readCaps()', () => {
  it('agree', () => {
    for (const caps of [
      { tree: true, codecs: ['deflate', 'zstd'] as const, results: false, later: false },
      { tree: true, codecs: ['deflate'] as const, results: true, later: false },
      { tree: false, codecs: [], results: false, later: true },
      { tree: true, codecs: [], results: false, later: false, compiler: 'GCC: (a b+c) 1%20 x/y' },
    ]) {
      expect(read(readCaps(), encodeCaps(caps))).toEqual(caps);
      for (const pieces of everyCut(encodeCaps(caps))) expect(readPieces(readCapsOrEnd(), pieces)).toEqual(caps);
    }
    expect(encodeCaps({ tree: true, codecs: ['deflate', 'zstd'], results: false, later: false }).toString()).toBe(
      'CAPS00000013tree/1 deflate zstd',
    );
  });

  it('pass over words that mean nothing', () => {
    expect(parseCaps('tree/2 zstd x tree/1')).toEqual({ tree: true, codecs: ['zstd'], results: false, later: false });
    const plain = { tree: true, codecs: [], results: false, later: false };
    expect(parseCaps('tree/1 compiler/%zz')).toEqual(plain);
    expect(parseCaps('')).toEqual({ tree: false, codecs: [], results: false, later: false });
  });

  it('take an answer that ends for no offer', () => {
    expect(read(readCapsOrEnd(), '')).toBe(undefined);
    expect(faultOf(() => read(readCaps(), ''))).toMatchObject({ kind: 'truncated' });
    expect(faultOf(() => read(readCaps(), 'CAPS00001001'))).toMatchObject({ kind: 'too large' });
  });
});
