import { unpackInPieces } from '../../src/wire/body.ts';
import { encodeRequest, readArrivingRequest, readRequest } from '../../src/wire/request.ts';
import type { CompileRequest } from '../../src/wire/request.ts';
import { encodeResponse, readResponse, readResponseHead } from '../../src/wire/response.ts';
import type { CompileResponse } from '../../src/wire/response.ts';
import { limits } from '../../src/wire/limits.ts';
import { compressLzo, largestPacked } from '../../src/wire/lzo/compress.ts';
import { decompressLzo } from '../../src/wire/lzo/decompress.ts';
import { unpackLzo } from '../../src/wire/lzo/unpack.ts';
import { readTwice } from './read-twice.ts';
import { expectThat, signOf } from './target.ts';
import type { Target } from './target.ts';
import { treeTargets } from './tree-targets.ts';

const text = Buffer.from('# 1 "a.c"\nint answer(void) { return 42; }\nint answers(void) { return 42 + 42; }\n');
const argv = ['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'];
const object = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(300), Buffer.from([1, 2, 3])]);

const requests: readonly CompileRequest[] = [
  { version: 1, argv, source: text },
  { version: 2, argv, source: text },
  {
    version: 3,
    directory: '/home/me',
    argv,
    files: [
      { kind: 'file', name: '/home/me/a.c', content: text },
      { kind: 'link', name: '/usr/include', target: '../../usr/include' },
    ],
  },
];

const tokens = [
  'DIST',
  'ARGC',
  'ARGV',
  'DOTI',
  'CDIR',
  'NFIL',
  'NAME',
  'FILE',
  'LINK',
  'DONE',
  'STAT',
  'SERR',
  'SOUT',
  'DOTO',
  'DOTD',
] as const;
const dictionary = [
  ...tokens,
  ...tokens.map((token) => `${token}00000000`),
  ...tokens.map((token) => `${token}00000001`),
  'DIST00000002',
  'DIST00000003',
  'ffffffff',
  '7fffffff',
  '20000000',
  '../../etc/passwd',
  '/',
  '\0',
  '\u0085\u2028',
] as unknown as readonly [string, ...string[]];

/** The server's reader, up to the unpacked source. */
const request: Target = {
  name: 'request',
  seeds: requests.map((one) => Buffer.concat(encodeRequest(one))) as [Buffer, ...Buffer[]],
  dictionary,
  read(input) {
    const arrived = readTwice(readArrivingRequest, input, (value) => {
      expectThat(value.argv.length <= limits.arguments, 'arguments have a limit');
      if (!('source' in value)) return 'tree';
      let length = 0;
      for (const piece of unpackInPieces(value.source, { ceiling: limits.bodyLength })) length += piece.length;
      // An LZO stream gives at most 255 bytes for one.
      expectThat(length <= 255 * input.length, 'a source is at most 255 times its message');
      return `version ${value.version}, 2^${Math.floor(Math.log2(length + 1))} bytes, garbled ${value.garbled}`;
    });
    const whole = readTwice(readRequest, input, (value) => `version ${value.version}`);
    return `${arrived}; ${whole}`;
  },
};

const responses: readonly CompileResponse[] = [
  { version: 1, status: 0, stderr: text, stdout: text, object },
  { version: 2, status: 0, stderr: text, stdout: Buffer.alloc(0), object },
  { version: 2, status: 0x8b, stderr: text, stdout: text, object: Buffer.alloc(0) },
  { version: 3, status: 0, stderr: text, stdout: text, object, dependencies: text },
];

/** The client's reader of answers, for each protocol that it may have asked in. */
const response: Target = {
  name: 'response',
  seeds: responses.map((one) => Buffer.concat(encodeResponse(one))) as [Buffer, ...Buffer[]],
  dictionary,
  read(input) {
    const signs = ([1, 2, 3] as const).map((version) =>
      readTwice(
        () => readResponse(version),
        input,
        (value) => {
          const { stdout, stderr, object: output } = value;
          const length = stdout.length + stderr.length + output.length;
          expectThat(length <= 255 * input.length, 'an answer is at most 255 times its message');
          return `status ${value.status === 0}`;
        },
      ),
    );
    const head = readTwice(readResponseHead, input, () => 'head');
    return [...signs, head].join('; ');
  },
};

const ceiling = 1024 * 1024;

/** LZO1X: any stream unpacked, and any bytes packed and unpacked. */
const lzo: Target = {
  name: 'lzo',
  seeds: [
    compressLzo(text),
    compressLzo(Buffer.alloc(5000, 'abc')),
    compressLzo(Buffer.concat([text, Buffer.alloc(600), text, text])),
    compressLzo(Buffer.alloc(70_000, text)),
    text,
  ],
  dictionary: ['\u0011\0\0', '\0\0\0\0\0\0\0\0', '\u0010', '\u0020', '\u0040', '\u007f'],
  read(input) {
    const packed = compressLzo(input);
    expectThat(packed.length <= largestPacked(input.length), 'what is packed has a largest size');
    if (input.length > 0) expectThat(decompressLzo(packed, input.length).equals(input), 'unpacking undoes packing');
    const show = (plain: Buffer): string => {
      expectThat(plain.length <= Math.min(ceiling, 255 * input.length), 'unpacking ends at the ceiling');
      return `unpacked ${Math.min(9, Math.floor(Math.log2(plain.length + 1)))}`;
    };
    const whole = signOf(() => show(decompressLzo(input, ceiling)));
    const cut = input.length === 0 ? 0 : (input[input.length >> 1] ?? 0) % input.length;
    const inPieces = signOf(() => {
      const pieces = [...unpackLzo([input.subarray(0, cut), input.subarray(cut)], ceiling)].map((one) =>
        Buffer.from(one),
      );
      return show(Buffer.concat(pieces));
    });
    const kind = (sign: string): string => (sign.startsWith('unpacked') ? sign : 'refused');
    expectThat(kind(whole) === kind(inPieces), `a stream unpacks to the same in pieces: "${whole}", "${inPieces}"`);
    return whole;
  },
};

export const wireTargets: readonly Target[] = [request, response, lzo, ...treeTargets];
