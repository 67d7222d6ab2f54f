import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/basics/steps.ts';
import type { DeclaredInput } from '../../../../src/server/inputs/declared-input.ts';
import { ResultFile } from '../../../../src/server/job/result-file.ts';
import type { TreeCompiled } from '../../../../src/server/job/run-tree-job.ts';
import { mayHaveKept, mayKeep } from '../../../../src/server/results/may-keep.ts';

const file = (path: string, mtimeNs = 0n): DeclaredInput => ({
  kind: 'file',
  path,
  hash: '',
  size: 0,
  mtimeNs,
  proof: undefined,
});
const link = (path: string, target: string): DeclaredInput => ({ kind: 'link', path, target });

const inputs = [
  file('/home/me/a.c'),
  file('/home/me/my file.h'),
  file('/home/me/do$lar.h'),
  file('/opt/v2/x.h'),
  file('/usr/lib/gcc/12/stddef.h'),
  link('/opt/now', 'v2'),
  link('/home/me/far', '/opt/now'),
  link('/loop', '/loop'),
];
const links = new Map([['/lib', 'usr/lib']]);

const compiled = (
  change: Partial<Record<'stderr' | 'stdout' | 'dependencies', string>> = {},
  status = 0,
): TreeCompiled => {
  const text = (name: keyof typeof change): ResultFile => ResultFile.of(Buffer.from(change[name] ?? '', 'latin1'));
  return {
    status,
    stderr: text('stderr'),
    stdout: text('stdout'),
    dependencies: text('dependencies'),
    object: ResultFile.of(Buffer.from('object')),
  };
};

const keeps = (result: TreeCompiled): boolean => finish(mayKeep(result, { directory: '/home/me', inputs, links }));
const keepsNames = (names: string): boolean => keeps(compiled({ dependencies: `a.o: ${names}\n` }));

describe('mayKeep()', () => {
  it('keeps successes only', () => {
    expect(keeps(compiled())).toBe(true);
    expect(keeps(compiled({ stderr: 'warning: x' }))).toBe(true);
    for (const status of [256, 9, 139]) expect(keeps(compiled({}, status))).toBe(false);
  });

  it.each(['stderr', 'stdout', 'dependencies'] as const)("does not keep a job's folder in %s", (name) => {
    expect(keeps(compiled({ [name]: 'a.o: a.c /.job/x.h\n' }))).toBe(false);
    expect(keeps(compiled({ [name]: 'a.o: a.c /.job\n' }))).toBe(false);
  });

  it.each([
    'a.c',
    'a.c \\\n my\\ file.h do$$lar.h',
    './a.c ../me/a.c /home/me//a.c',
    '/opt/now/x.h far/x.h',
    '/opt/now/../v2/x.h far/../v2/x.h',
    '/lib/gcc/12/stddef.h',
    'a.c\nx.h:\nundeclared.h:',
  ])('keeps a dependency file with %j', (names) => {
    expect(keepsNames(names)).toBe(true);
  });

  it.each([
    'b.c',
    'a.c b.h',
    'a.c \\\n ../b.h',
    '/home/me',
    '/opt/now',
    '/loop/x.h',
    'far/../x.h',
    'my file.h',
    'do$lar.h/x',
    '/usr/lib/gcc/12/other.h',
  ])('does not keep one with %j, which was not declared', (names) => {
    expect(keepsNames(names)).toBe(false);
  });

  it('does not keep what is not a dependency file', () => {
    for (const dependencies of ['hello', 'a.o a.c', '\0']) expect(keeps(compiled({ dependencies }))).toBe(false);
  });

  it('does not look through more than a mebibyte', () => {
    expect(keeps(compiled({ stderr: 'x'.repeat(1024 * 1024) }))).toBe(true);
    expect(keeps(compiled({ stderr: 'x'.repeat(1024 * 1024 + 1) }))).toBe(false);
  });
});

describe('looking at names', () => {
  /** How many steps it takes to decide about a dependency file with these names. */
  function workFor(names: string, more: readonly DeclaredInput[]): number {
    const result = compiled({ dependencies: `a.o: ${names}\n` });
    const steps = mayKeep(result, { directory: '/home/me', inputs: [...inputs, ...more], links });
    let work = 0;
    while (steps.next().done !== true) work += 1;
    return work;
  }
  const detours = Array.from({ length: 38 }, (_, at) =>
    link(`/home/me/l${at}`, `${'d/../'.repeat(790)}${at === 37 ? 'a.c' : `l${at + 1}`}`),
  );

  it('takes no more work for a name that comes again', () => {
    expect(workFor('far/x.h '.repeat(1000), [])).toBeLessThan(2 * workFor('far/x.h', []) + 1000);
  });

  it('ends, and keeps nothing, when the ways to names are long', () => {
    const aliases = Array.from({ length: 2000 }, (_, at) => `./${'./'.repeat(at)}l0`)
      .join(' ')
      .slice(0, 1_000_000);
    const result = compiled({ dependencies: `a.o: ${aliases}\n` });
    const all = [...inputs, ...detours];
    expect(finish(mayKeep(result, { directory: '/home/me', inputs: all, links }))).toBe(false);
    expect(workFor(aliases, detours)).toBeLessThan(5_000_000);
    expect(workFor('l0', detours)).toBeGreaterThan(50_000);
  });

  it('does not keep what names more than files can be declared, or something longer than a path', () => {
    expect(keepsNames(Array.from({ length: 16_384 }, (_, at) => `${'./'.repeat(at % 8)}a.c`).join(' '))).toBe(true);
    expect(keepsNames(Array.from({ length: 16_385 }, (_, at) => `l${at}`).join(' '))).toBe(false);
    expect(keepsNames(`${'./'.repeat(4000)}a.c`)).toBe(true);
    expect(keepsNames(`${'./'.repeat(4096)}a.c`)).toBe(false);
  });
});

describe('mayHaveKept()', () => {
  it('leaves out what depends on the processor', () => {
    expect(mayHaveKept(['gcc', '-c', 'a.c', '-march=x86-64'], inputs)).toBe(true);
    for (const word of ['-march=native', '-mtune=native', '-mcpu=native']) {
      expect(mayHaveKept(['gcc', word], inputs)).toBe(false);
    }
  });

  it('leaves out commands that name the time of a compile, and reports of its time and memory', () => {
    const words = ['-DNOW=__TIME__', '-Wp,-DNOW=__DATE__', 'NOW=__TIMESTAMP__', '-DA=C(__TI,ME__)'];
    for (const word of [...words, '-ftime-report', '-fmem-report', '-fpre-ipa-mem-report', '-ftime-report-details'])
      expect([word, mayHaveKept(['gcc', '-D', word], inputs)]).toEqual([word, false]);
    for (const word of ['-D__DATE__=', '-D__TIME__="x"', '-DTIME=1', '-fno-time-report', '-D_T=__TI'])
      expect([word, mayHaveKept(['gcc', word], inputs)]).toEqual([word, true]);
    expect(mayHaveKept(['gcc', '-D', '__DATE__=""'], inputs)).toBe(true);
    expect(mayHaveKept(['gcc', `-D${'x'.repeat(256 * 1024)}`], inputs)).toBe(false);
  });

  it('leaves out times that some disks cannot keep', () => {
    const at = (mtimeNs: bigint): boolean => mayHaveKept([], [...inputs, file('/home/me/b.h', mtimeNs)]);
    const most = 2n ** 31n * 1_000_000_000n;
    for (const time of [0n, 1n, most - 1n]) expect(at(time)).toBe(true);
    for (const time of [-1n, -500_000_000n, most, 2n ** 63n - 1n, -(2n ** 63n)]) expect(at(time)).toBe(false);
  });

  it('leaves out what would take long to name', () => {
    const many = (count: number, length: number): DeclaredInput[] =>
      Array.from({ length: count }, () => file(`/${'x'.repeat(length - 1)}`));
    expect(mayHaveKept([], many(8192, 100))).toBe(true);
    expect(mayHaveKept([], many(8193, 100))).toBe(false);
    expect(mayHaveKept([], many(1000, 4096))).toBe(false);
  });
});
