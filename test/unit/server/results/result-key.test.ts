import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeclaredInput } from '../../../../src/server/inputs/declared-input.ts';
import { resultKey } from '../../../../src/server/results/result-key.ts';
import type { CompileFacts } from '../../../../src/server/results/result-key.ts';

const file = (path: string, hash: string, mtimeNs = 0n): DeclaredInput => ({
  kind: 'file',
  path,
  hash,
  size: 1,
  mtimeNs,
  proof: undefined,
});

const facts: CompileFacts = {
  identity: 'aa',
  path: '/usr/bin/gcc',
  words: ['gcc', '-c', 'a.c'],
  output: 'a.o',
  directory: '/home/me',
  environment: ['PATH=/bin', 'LANG=C'],
  inputs: [
    file('/home/me/a.c', '01'),
    file('/home/me/a.h', '02'),
    { kind: 'link', path: '/home/me/l', target: 'a.h' },
    { kind: 'directory', path: '/home/me/empty' },
  ],
};
const keyOf = (change: Partial<CompileFacts>): string => resultKey({ ...facts, ...change });
const withInputs = (...inputs: readonly DeclaredInput[]): string => keyOf({ inputs });
const second = 1_000_000_000n;

describe('resultKey()', () => {
  it('is a hash, and the same for the same', () => {
    expect(resultKey(facts)).toMatch(/^[\da-f]{64}$/);
    expect(resultKey({ ...facts })).toBe(resultKey(facts));
  });

  it('is another one as soon as anything differs', () => {
    const [source, header, link, directory] = facts.inputs;
    if (source === undefined || header === undefined || link === undefined || directory === undefined)
      throw new Error();
    const changes: readonly Partial<CompileFacts>[] = [
      {},
      { identity: 'ab' },
      { path: '/usr/local/bin/gcc' },
      { words: ['cc', '-c', 'a.c'] },
      { words: ['gcc', '-c', 'a.c', '-g'] },
      { words: ['gcc', 'a.c', '-c'] },
      { words: ['gcc', '-c a.c'] },
      { output: 'b.o' },
      { directory: '/work2' },
      { environment: ['PATH=/bin', 'LANG=de'] },
      { environment: ['PATH=/bin'] },
      { environment: ['PATH=/bin', 'LANG=C', 'CPATH=x'] },
      { inputs: [header, link, directory] },
      { inputs: [source, link, directory] },
      { inputs: [source, header, directory] },
      { inputs: [source, header, link] },
      { inputs: [...facts.inputs, file('/home/me/b.h', '03')] },
      { inputs: [file('/home/me/a.c', '03'), header, link, directory] },
      { inputs: [file('/home/me/c.c', '01'), header, link, directory] },
      { inputs: [source, header, { kind: 'link', path: '/home/me/l', target: 'b.h' }, directory] },
      { inputs: [source, header, file('/home/me/l', 'a.h'), directory] },
      { inputs: [source, header, link, { kind: 'directory', path: '/home/me/emptY' }] },
    ];
    expect(new Set(changes.map(keyOf)).size).toBe(changes.length);
  });

  it('does not depend on the order of inputs and variables', () => {
    expect(keyOf({ inputs: [...facts.inputs].reverse() })).toBe(resultKey(facts));
    expect(keyOf({ environment: ['LANG=C', 'PATH=/bin'] })).toBe(resultKey(facts));
  });

  it('depends on which of two variables with one name comes last', () => {
    expect(keyOf({ environment: ['A=1', 'B=1', 'A=2'] })).not.toBe(keyOf({ environment: ['A=2', 'B=1', 'A=1'] }));
    expect(keyOf({ environment: ['A=1', 'B=1', 'A=2'] })).toBe(keyOf({ environment: ['B=1', 'A=1', 'A=2'] }));
  });

  it('does not depend on times, but on which files of one content have the same one', () => {
    const one = file('/a.h', '01', 5n * second);
    expect(withInputs(one, file('/b.h', '02', 5n * second))).toBe(withInputs(one, file('/b.h', '02', 6n * second)));
    const twin = (mtimeNs: bigint): string => withInputs(one, file('/b.h', '01', mtimeNs));
    expect(twin(5n * second)).not.toBe(twin(6n * second));
    expect(twin(6n * second)).toBe(twin(9n * second));
    // gcc compares whole seconds.
    expect(twin(5n * second + 1000n)).not.toBe(twin(6n * second));
    expect(twin(5n * second + 1000n)).not.toBe(twin(5n * second));
    expect(twin(5n * second + 1000n)).toBe(twin(5n * second + 2000n));
  });

  it('tells any two lists of words apart', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(keyOf({ words: one }) === keyOf({ words: other })).toBe(same);
        expect(keyOf({ words: one, output: 'x' })).not.toBe(keyOf({ words: [...one, 'x'], output: '' }));
      }),
    );
  });
});
