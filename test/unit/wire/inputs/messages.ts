import { noNonce } from '../../../../src/wire/inputs/tree-job.ts';
import type { TreeJob } from '../../../../src/wire/inputs/tree-job.ts';
import type { TreeAnswer, Welcome } from '../../../../src/wire/inputs/tree-reply.ts';
import type { Definition } from '../../../../src/wire/inputs/definitions.ts';

const hash = Buffer.alloc(32, 0xab);
const proof = Buffer.alloc(32, 0xcd);

/** A definition of every kind. */
export const definitions: readonly Definition[] = [
  { kind: 'file', number: 0, path: '/home/me/a.c', hash, size: 0, proof, mtimeNs: 1_700_000_000_123_456_789n },
  { kind: 'file', number: 300, path: '/home/me/\u00c3\u00a4 b.h', hash, size: 67_108_864, proof, mtimeNs: -1n },
  { kind: 'link', number: 65_535, path: '/usr/include/x', target: '../y' },
  { kind: 'directory', number: 7, path: '/home/me/include' },
];

/** A job of every kind. */
export const treeJobs: Readonly<Record<string, TreeJob>> = {
  full: {
    nonce: Buffer.from('0123456789abcdef'),
    generation: 2 ** 32 - 1,
    directory: '/home/me',
    argv: ['gcc', '-c', 'a.c', '-o', 'a.o'],
    environment: ['LANG=de_DE.UTF-8', 'CPATH='],
    definitions,
    uses: [0, 7, 300, 65_535],
    data: [
      { number: 0, codec: 'raw', length: 0, bytes: Buffer.alloc(0) },
      { number: 7, codec: 'raw', length: 5, bytes: Buffer.from('int x') },
      { number: 300, codec: 'deflate', length: 1000, bytes: Buffer.from('packed') },
      { number: 65_535, codec: 'zstd', length: 400_000, bytes: Buffer.alloc(300, 'z') },
    ],
  },
  empty: {
    nonce: noNonce,
    generation: 0,
    directory: '/',
    argv: ['cc'],
    environment: [],
    definitions: [],
    uses: [],
    data: [],
  },
};

export const welcome: Welcome = {
  nonce: Buffer.from('fedcba9876543210'),
  codecs: ['deflate', 'zstd'],
  slots: 4,
  load: 0.5,
  compilers: { gcc: 'ab', 'g++': 'cd' },
};

/** An answer of every kind. */
export const answers: Readonly<Record<string, TreeAnswer>> = {
  success: {
    status: 0,
    stderr: Buffer.from('a.c:1: warning: x\n'),
    stdout: Buffer.alloc(0),
    object: Buffer.from('\x7fELF'),
    dependencies: Buffer.from('a.o: a.c\n'),
    kept: false,
  },
  'kept result': {
    status: 0,
    stderr: Buffer.alloc(0),
    stdout: Buffer.alloc(0),
    object: Buffer.from('\x7fELF'),
    dependencies: Buffer.alloc(0),
    kept: true,
  },
  failure: {
    status: 256,
    stderr: Buffer.from('a.c:1: error: x\n'),
    stdout: Buffer.from('out'),
    object: Buffer.alloc(0),
    dependencies: Buffer.alloc(0),
    kept: false,
  },
};
