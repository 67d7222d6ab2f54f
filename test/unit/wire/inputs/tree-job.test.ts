import { describe, expect, it, vi } from 'vitest';
import { finish } from '../../../../src/basics/steps.ts';
import { limits } from '../../../../src/wire/limits.ts';
import { encodeData, encodeEnd, readContents } from '../../../../src/wire/inputs/contents.ts';
import { decodeDefinitions } from '../../../../src/wire/inputs/definitions.ts';
import { decodeNumbers } from '../../../../src/wire/inputs/numbers.ts';
import { readOpening } from '../../../../src/wire/inputs/opening.ts';
import { encodeSession, encodeTreeJob, faultOfTreeJob, readTreeJob } from '../../../../src/wire/inputs/tree-job.ts';
import type { ArrivedTreeJob, TreeJob } from '../../../../src/wire/inputs/tree-job.ts';
import { encodeRequest } from '../../../../src/wire/request.ts';
import { everyCut, faultOf, read, readPieces, singly } from '../reading.ts';
import { treeJobs } from './messages.ts';

// The real limit is 512 MiB, which a test had better not fill.
vi.mock(import('../../../../src/wire/limits.ts'), async (original) => {
  const real = await original();
  return { limits: Object.assign({ ...real.limits }, { inputsTotal: 500_000 }) };
});

const sent = (job: TreeJob): Buffer => Buffer.concat(encodeTreeJob(job));

/** A job as it came, in the form in which it was sent. */
function asSent(arrived: ArrivedTreeJob): TreeJob & { garbled: boolean } {
  return {
    ...arrived,
    definitions: finish(decodeDefinitions(arrived.definitions)),
    uses: decodeNumbers(arrived.uses, 'a test'),
    data: arrived.data.map(({ pieces, ...rest }) => ({ ...rest, bytes: Buffer.concat(pieces) })),
  };
}

const session = encodeSession(Buffer.from('0123456789abcdef'));
const empty = treeJobs['empty'];
if (empty === undefined) throw new Error('no job');
const withVariables = (...environment: readonly (string | Buffer)[]): Buffer => sent({ ...empty, environment });

describe('encodeTreeJob()', () => {
  it('writes what the job is, what it may read, and the end', () => {
    expect(sent({ ...empty, directory: '/a', environment: ['A=b'], uses: [1, 3] }).toString('latin1')).toBe(
      `JOBT00000014${'\0'.repeat(20)}CDIR00000002/aARGC00000001ARGV00000002ccENVC00000001ENVV00000003A=b` +
        'DEFS00000000USES00000002\x01\x02ENDT00000000',
    );
  });

  it('does not copy a large content', () => {
    const bytes = Buffer.alloc(100_000);
    expect(encodeTreeJob({ ...empty, data: [{ number: 0, codec: 'raw', length: 100_000, bytes }] })).toContain(bytes);
  });
});

describe('faultOfTreeJob()', () => {
  it.each<[string, Partial<TreeJob>]>([
    ['a directory with a slash at its end', { directory: '/home/' }],
    ['a directory that is left again', { directory: '/home/../home' }],
    ['a relative directory', { directory: 'home' }],
    ['a long word', { argv: ['cc', 'x'.repeat(limits.argumentLength + 1)] }],
    ['many words', { argv: Array.from({ length: limits.arguments + 1 }, () => 'x') }],
    ['many long words', { argv: Array.from({ length: 17 }, () => 'x'.repeat(limits.argumentLength)) }],
    ['many variables', { environment: Array.from({ length: limits.variables + 1 }, () => 'A=b') }],
    ['a long variable', { environment: [`A=${'b'.repeat(limits.variablesTotal)}`] }],
  ])('tells of what a server does not read: %s', (_, part) => {
    const job = { ...empty, ...part };
    expect(faultOf(() => read(readTreeJob(), sent(job)))).toBeDefined();
    expect(faultOfTreeJob(job)).toBeDefined();
  });

  it.each(Object.entries(treeJobs))('finds nothing in what is read: %s', (_, job) => {
    expect(faultOfTreeJob(job)).toBeUndefined();
    expect(faultOfTreeJob({ ...job, directory: '/' })).toBeUndefined();
  });
});

describe('readTreeJob()', () => {
  it.each(Object.entries(treeJobs))('reads a job however the network cut it: %s', (_, job) => {
    const bytes = sent(job);
    const expected = { ...job, garbled: false };
    expect(asSent(read(readTreeJob(), bytes))).toEqual(expected);
    expect(asSent(readPieces(readTreeJob(), singly(bytes)))).toEqual(expected);
    for (const pieces of everyCut(bytes)) expect(asSent(readPieces(readTreeJob(), pieces))).toEqual(expected);
  });

  it.each(Object.entries(treeJobs))('refuses a job that ends early, wherever: %s', (_, job) => {
    for (const [start, rest] of everyCut(sent(job))) {
      if (rest.length > 0) expect(faultOf(() => read(readTreeJob(), start))).toMatchObject({ kind: 'truncated' });
    }
  });

  it('tells of words and variables that are not UTF-8', () => {
    expect(read(readTreeJob(), sent({ ...empty, argv: ['cc', Buffer.of(0xff)] })).garbled).toBe(true);
    expect(read(readTreeJob(), withVariables(Buffer.from('A=\xff', 'latin1'))).garbled).toBe(true);
  });

  it('refuses variables without a name, and too many of them', () => {
    for (const wrong of ['', '=a', 'A']) {
      expect(faultOf(() => read(readTreeJob(), withVariables(wrong)))).toMatchObject({ kind: 'malformed' });
    }
    const most = Array.from({ length: limits.variables }, () => 'A=');
    expect(read(readTreeJob(), withVariables(...most)).environment).toEqual(most);
    expect(faultOf(() => read(readTreeJob(), withVariables(...most, 'A=')))).toMatchObject({ kind: 'too large' });
    const long = `A=${'b'.repeat(limits.variablesTotal / 2)}`;
    expect(faultOf(() => read(readTreeJob(), withVariables(long, long)))).toMatchObject({ kind: 'too large' });
  });

  it.each(['relative', '', '/a/../b', '/a/'])('refuses the directory %j', (directory) => {
    expect(faultOf(() => read(readTreeJob(), sent({ ...empty, directory })))).toMatchObject({ kind: 'malformed' });
  });

  it.each([
    ['JOBT00000013', 'malformed'],
    ['JOBT00000015', 'too large'],
    [`JOBT00000014${'\0'.repeat(20)}CDIR00001001`, 'too large'],
    [`JOBT00000014${'\0'.repeat(20)}CDIR00000001/ARGC00004001`, 'too large'],
  ])('refuses %j', (text, kind) => {
    expect(faultOf(() => read(readTreeJob(), text))).toMatchObject({ kind });
  });

  it('refuses longer blocks than a job may have', () => {
    const head = `JOBT00000014${'\0'.repeat(20)}CDIR00000001/ARGC00000001ARGV00000002ccENVC00000000`;
    expect(faultOf(() => read(readTreeJob(), `${head}DEFS01000001`))).toMatchObject({ kind: 'too large' });
    expect(faultOf(() => read(readTreeJob(), `${head}DEFS00000000USES00030001`))).toMatchObject({ kind: 'too large' });
  });
});

describe('readContents()', () => {
  const contents = (...lengths: readonly number[]): Buffer =>
    Buffer.concat([
      ...encodeData(lengths.map((length) => ({ number: 1, codec: 'raw', length, bytes: Buffer.alloc(length) }))),
      encodeEnd(),
    ]);

  it('reads what a client sends when it is asked', () => {
    expect(read(readContents(), contents(0, 3)).map(({ length }) => length)).toEqual([0, 3]);
  });

  it('refuses contents that are too large together, as they come and unpacked', () => {
    expect(read(readContents(), contents(250_000, 249_000))).toHaveLength(2);
    expect(faultOf(() => read(readContents(), contents(250_000, 250_000)))).toMatchObject({
      kind: 'too large',
      message: 'more than 500000 bytes come by token "DATA"',
    });
    const bomb = encodeData([
      { number: 1, codec: 'deflate', length: 400_000, bytes: Buffer.alloc(1) },
      { number: 2, codec: 'deflate', length: 400_000, bytes: Buffer.alloc(1) },
    ]);
    expect(faultOf(() => read(readContents(), Buffer.concat([...bomb, encodeEnd()])))).toMatchObject({
      kind: 'too large',
    });
  });

  it.each([
    ['DATA04000010', 'too large'],
    ['DATA00000002\x01\x03', 'malformed'],
    ['DATA00000002\x01\x00\x05', 'malformed'],
    ['DATA00000004\x01\x00\x05a', 'malformed'],
    ['DATA00000003\x01\x01\x81\x80\x80\x20', 'too large'],
    ['DATA00000003\x80\x80\x04', 'too large'],
    ['ENDT00000001', 'too large'],
  ])('refuses %j', (text, kind) => {
    expect(faultOf(() => read(readContents(), Buffer.from(text, 'latin1')))).toMatchObject({ kind });
  });
});

describe('readOpening()', () => {
  it('tells a session from a request, however the network cut it', () => {
    const opening = { kind: 'session', secret: Buffer.from('0123456789abcdef') };
    for (const pieces of everyCut(session)) expect(readPieces(readOpening(), pieces)).toEqual(opening);
    const request = Buffer.concat(encodeRequest({ version: 1, argv: ['cc'], source: Buffer.from('int x;\n') }));
    for (const pieces of everyCut(request)) {
      expect(readPieces(readOpening(), pieces)).toMatchObject({ kind: 'request', request: { argv: ['cc'] } });
    }
  });

  it.each([
    ['TREE00000002', 'version', 'tree jobs have no version 2: only 1 is known'],
    ['TREE00000001SESS0000000f', 'malformed', 'the length of token "SESS" is 15 instead of 16'],
    ['DIST00000004', 'version', 'the protocol has no version 4: only 1, 2 and 3 are known'],
    ['GET / HTTP/1.1', 'malformed', 'expected token "DIST" or "TREE" but got "GET "'],
  ])('refuses %s', (text, kind, message) => {
    expect(faultOf(() => read(readOpening(), text))).toMatchObject({ kind, message });
  });
});
