import { describe, expect, it } from 'vitest';
import { worthOf } from '../../../../src/client/compile/doubtful-messages.ts';
import type { RemoteJob } from '../../../../src/client/job/understand.ts';

const words = ['gcc', '-Wextra', '-c', 'a.c'];
const marked = '  a = 1; /* fall through */\n  case 2:\n';
const unmarked = '  a = 1;\n  case 2:\n';

const warning = (file: string, line: number): string =>
  `${file}:${line}:3: warning: this statement may fall through [-Wimplicit-fallthrough=]\n${file}:${line + 1}:3: note: here\n`;

describe('the worth of what a host says', () => {
  const worth = (
    stderr: string,
    {
      status = 0,
      more = [],
      sources = {},
      preprocessed = false,
    }: { status?: number; more?: string[]; sources?: Record<string, string>; preprocessed?: boolean } = {},
  ) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the words of the job are looked at
    const job = { verdict: { words: [...words, ...more], source: 'a.c', preprocessed } } as unknown as RemoteJob;
    const response = {
      status,
      stderr: Buffer.from(stderr),
      stdout: Buffer.alloc(0),
      object: Buffer.alloc(0),
    };
    return worthOf(response, job, { readText: (path) => Promise.resolve(sources[path]) });
  };
  const unknown = { kind: 'unknown', option: '-Wimplicit-fallthrough' };

  it('is good where nothing depends on comments and macros', async () => {
    expect(await worth('')).toEqual({ kind: 'good' });
    expect(await worth("a.c:1:2: warning: unused variable 'a' [-Wunused-variable]\n")).toEqual({ kind: 'good' });
  });

  it('is none when comments of the source make all of it false', async () => {
    const sources = { 'a.c': marked, 'b.h': marked };
    expect(await worth(warning('a.c', 1), { sources })).toEqual({ kind: 'false' });
    expect(await worth(warning('a.c', 1) + warning('b.h', 1), { sources })).toEqual({ kind: 'false' });
  });

  it('is good when it does not depend on a comment', async () => {
    expect(await worth(warning('a.c', 1), { sources: { 'a.c': unmarked } })).toEqual({ kind: 'good' });
  });

  it('is good when the source is preprocessed text', async () => {
    const sources = { 'a.c': marked };
    expect(await worth(warning('a.c', 1), { sources, preprocessed: true })).toEqual({ kind: 'good' });
  });

  it.each([
    ['some of it is false', warning('a.c', 1) + warning('b.h', 1), { sources: { 'a.c': marked, 'b.h': unmarked } }],
    ['the source cannot be read', warning('a.c', 1), {}],
    ['the compiler failed', warning('a.c', 1), { status: 256, sources: { 'a.c': marked } }],
    ['another level counts', warning('a.c', 1), { more: ['-Wimplicit-fallthrough=5'], sources: { 'a.c': marked } }],
    ['lines have other numbers', warning('a.c', 1), { sources: { 'a.c': `${marked}#line 7\n` } }],
    ['lines are of another file', warning('a.y', 1), { sources: { 'a.y': marked, 'a.c': '# 1 "a.y"\n' } }],
    ['more is said', `${warning('a.c', 1)}cc1: warning: x\n`, { sources: { 'a.c': marked } }],
  ])('is not known when %s', async (_case, stderr, more) => {
    expect(await worth(stderr, more)).toEqual(unknown);
  });
});
