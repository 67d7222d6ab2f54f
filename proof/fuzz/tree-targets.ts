import { finish } from '../../src/basics/steps.ts';
import { encodeCaps, readCapsOrEnd } from '../../src/wire/inputs/caps.ts';
import { encodeData, encodeEnd, readContents } from '../../src/wire/inputs/contents.ts';
import type { Content } from '../../src/wire/inputs/contents.ts';
import { decodeDefinitions, encodeDefinitions } from '../../src/wire/inputs/definitions.ts';
import type { Definition } from '../../src/wire/inputs/definitions.ts';
import { decodeNumbers, encodeNumbers } from '../../src/wire/inputs/numbers.ts';
import { readOpening } from '../../src/wire/inputs/opening.ts';
import { encodeSession, encodeTreeJob, noNonce, readTreeJob } from '../../src/wire/inputs/tree-job.ts';
import { encodeNeed, encodeTreeAnswer, encodeWelcome, readTreeReply } from '../../src/wire/inputs/tree-reply.ts';
import { limits } from '../../src/wire/limits.ts';
import { encodeRefusal } from '../../src/wire/refusal.ts';
import { encodeRequest } from '../../src/wire/request.ts';
import { readTwice } from './read-twice.ts';
import { expectThat, signOf } from './target.ts';
import type { Target } from './target.ts';

const hash = Buffer.alloc(32, 0xab);
const definitions: readonly Definition[] = [
  { kind: 'file', number: 0, path: '/home/me/a.c', hash, size: 5, proof: hash, mtimeNs: 1_700_000_000_123_456_789n },
  { kind: 'link', number: 300, path: '/usr/include/x', target: '../y' },
  { kind: 'directory', number: 65_535, path: '/home/me/include' },
];
const data: readonly Content[] = [
  { number: 0, codec: 'raw', length: 5, bytes: Buffer.from('int x') },
  { number: 300, codec: 'deflate', length: 1000, bytes: Buffer.from('packed') },
];
const job = {
  nonce: noNonce,
  generation: 1,
  directory: '/home/me',
  argv: ['gcc', '-c', 'a.c', '-o', 'a.o'],
  environment: ['LANG=C'],
  definitions,
  uses: [0, 300, 65_535],
  data,
};

const tokens = ['JOBT', 'CDIR', 'ARGC', 'ARGV', 'ENVC', 'ENVV', 'DEFS', 'USES', 'DATA', 'ENDT'] as const;
const dictionary = [
  ...tokens,
  ...tokens.map((token) => `${token}00000001`),
  'ENDT00000000',
  'DATA00000003',
  'ffffffff',
  '/../etc/passwd',
  '/./',
  '//',
  '\0',
  '\u007f',
] as unknown as readonly [string, ...string[]];

const isPlain = (path: string): boolean =>
  path.startsWith('/') &&
  !path.includes('\0') &&
  path.split('/').every((name, at) => at === 0 || !/^\.{0,2}$/.test(name));

/** The server's reader of tree jobs, and of contents that it asked for. */
const treeJob: Target = {
  name: 'tree-job',
  seeds: [
    Buffer.concat(encodeTreeJob(job)),
    Buffer.concat(encodeTreeJob({ ...job, definitions: [], uses: [], data: [], environment: [] })),
    Buffer.concat([...encodeData(data), encodeEnd()]),
    Buffer.concat([encodeSession(noNonce), ...encodeTreeJob(job)]),
    Buffer.concat(encodeRequest({ version: 1, argv: job.argv, source: Buffer.from('int x;') })),
  ],
  dictionary,
  read(input) {
    const arrived = readTwice(readTreeJob, input, (value) => {
      expectThat(value.directory === '/' || isPlain(value.directory), 'a directory is a plain path');
      const length = value.data.reduce((sum, { pieces }) => sum + pieces.reduce((all, one) => all + one.length, 0), 0);
      expectThat(length <= input.length, 'contents are no longer than their message');
      return `garbled ${value.garbled}`;
    });
    const contents = readTwice(readContents, input, (value) => `contents ${Math.min(3, value.length)}`);
    const opening = readTwice(readOpening, input, ({ kind }) => kind);
    return `${arrived}; ${contents}; ${opening}`;
  },
};

/** What the body of DEFS, or of USES or NEED, holds. */
const definitionsTarget: Target = {
  name: 'definitions',
  seeds: [
    encodeDefinitions(definitions),
    ...definitions.map((one) => encodeDefinitions([one])),
    encodeNumbers([0, 1, 300, 65_535]),
  ],
  dictionary,
  read(input) {
    const defined = signOf(() => {
      const read = finish(decodeDefinitions(input));
      for (const one of read) {
        expectThat(isPlain(one.path), 'a path is plain');
        expectThat(one.number < limits.numbers, 'numbers have a limit');
        if (one.kind === 'file') expectThat(one.size <= limits.inputLength, 'files have a limit');
      }
      expectThat(
        encodeDefinitions(finish(decodeDefinitions(encodeDefinitions(read)))).equals(encodeDefinitions(read)),
        'definitions that were read can be written',
      );
      return `${Math.min(3, read.length)} defined`;
    });
    const numbers = signOf(() => {
      const read = decodeNumbers(input, 'the body');
      expectThat(
        read.every((one, at) => one < limits.numbers && (at === 0 || one > (read[at - 1] ?? 0))),
        'numbers rise',
      );
      return `${Math.min(3, read.length)} numbers`;
    });
    return `${defined}; ${numbers}`;
  },
};

const answer = { status: 0, stderr: Buffer.from('warning\n'), stdout: Buffer.alloc(0), object: hash };

/** The client's reader of what a server says to a tree job, and of what it offers after an answer. */
const treeReply: Target = {
  name: 'tree-reply',
  seeds: [
    encodeWelcome({ nonce: noNonce, codecs: ['deflate'], slots: 4, load: 0.5, compilers: { gcc: 'ab' } }),
    encodeNeed([0, 300, 65_535]),
    Buffer.concat(encodeTreeAnswer({ ...answer, dependencies: Buffer.from('a.o: a.c\n'), kept: true })),
    Buffer.concat(encodeRefusal(1, 'no')),
    encodeCaps({ tree: true, codecs: ['deflate', 'zstd'], results: true, later: false }),
  ],
  dictionary: [
    'WELC',
    'NEED',
    'KEPT00000000',
    'DONE00000001',
    'STAT00000000',
    'DOTD00000000',
    'CAPS',
    '"nonce":',
    'tree/1',
    '{',
    '}',
  ],
  read(input) {
    const reply = readTwice(readTreeReply, input, (value) => {
      if (value.kind === 'welcome') {
        expectThat(value.nonce.length === 16, 'a nonce has 16 bytes');
        expectThat(!Object.values(value.compilers).some((one) => typeof one !== 'string'), 'identities are texts');
      }
      return value.kind;
    });
    return `${reply}; ${readTwice(readCapsOrEnd, input, (caps) => (caps === undefined ? 'none' : `tree ${caps.tree}`))}`;
  },
};

export const treeTargets: readonly Target[] = [treeJob, definitionsTarget, treeReply];
