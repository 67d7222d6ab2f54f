import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findInputs } from '../../../../src/client/headers/find-inputs.ts';
import { HeaderGraph } from '../../../../src/client/headers/header-graph.ts';
import type { Found } from '../../../../src/client/headers/inputs.ts';
import { stampLength } from '../../../../src/wire/agent/inputs.ts';
import { LocalDisk } from '../../../support/local-disk.ts';
import { needs } from '../../../support/needs.ts';
import { inputsOf, Project } from './project.ts';

const test = it.skipIf(!needs('gcc', 'gcc'));

let project: Project;
beforeEach(() => {
  project = new Project();
  project.write('a.c', '#include "a.h"\n#include <b.h>\n#if __has_include("later.h")\n#endif\n');
  project.write('a.h', '#include "link/c.h"\n');
  project.write('two/b.h', '');
  project.write('real/c.h', 'int c = 1;\n');
  project.write('other/c.h', 'int c = 2;\n');
  mkdirSync(join(project.path, 'one'));
  symlinkSync('real', join(project.path, 'link'));
});
afterEach(() => project.remove());

const words = ['gcc', '-Ione', '-Itwo', '-Inone'];
const at = (name: string): string => join(project.path, name);

/** Inputs below the project as lines, with what files hold. */
function linesOf(found: Found): string[] {
  return inputsOf(found).flatMap((input) => {
    if (!input.path.startsWith(`${project.path}/`)) return [];
    const name = input.path.slice(project.path.length + 1);
    if (input.kind === 'directory') return [`${name}/`];
    if (input.kind === 'link') return [`${name} -> ${input.target}`];
    const line = `${name} ${Buffer.from(input.hash, 'latin1').toString('hex').slice(0, 8)}`;
    // Where two files have one content a host needs to know the time.
    return input.mtimeNs < 10_000_000_000n ? [`${line} of ${input.mtimeNs / 1_000_000_000n}`] : [line];
  });
}

const hashed = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** What is changed, and a line that the next answer has or lacks; whether a new generation is due. */
const changes: readonly (readonly [string, () => void, { has?: () => string; lacks?: string; change?: boolean }])[] = [
  [
    'a header edited to another one of its size',
    () => writeFileSync(at('real/c.h'), 'int c = 3;\n'),
    { has: () => `real/c.h ${hashed('int c = 3;\n')}` },
  ],
  [
    'a header edited and its time restored',
    () => {
      const { atime, mtime } = statSync(at('real/c.h'));
      writeFileSync(at('real/c.h'), 'int c = 4;\n');
      utimesSync(at('real/c.h'), atime, mtime);
    },
    { has: () => `real/c.h ${hashed('int c = 4;\n')}` },
  ],
  [
    'a header replaced by another file',
    () => {
      project.write('new.h', 'int c = 5;\n');
      renameSync(at('new.h'), at('real/c.h'));
    },
    { has: () => `real/c.h ${hashed('int c = 5;\n')}` },
  ],
  [
    'a header that is touched',
    () => utimesSync(at('a.h'), 1, 1),
    { has: () => `a.h ${hashed('#include "link/c.h"\n')} of 1` },
  ],
  [
    'a header whose mode changes',
    () => chmodSync(at('a.h'), 0o600),
    { has: () => `a.h ${hashed('#include "link/c.h"\n')}`, change: false },
  ],
  ['a header earlier in the search list', () => project.write('one/b.h', ''), { has: () => `one/b.h ${hashed('')}` }],
  ['a header beside the source', () => project.write('link.h', ''), { change: false }],
  [
    'a link to another directory',
    () => {
      unlinkSync(at('link'));
      symlinkSync('other', at('link'));
    },
    { has: () => 'link -> other' },
  ],
  [
    'a directory in place of a link',
    () => {
      unlinkSync(at('link'));
      project.write('link/c.h', '');
    },
    { has: () => `link/c.h ${hashed('')}`, lacks: 'link -> real' },
  ],
  [
    'a link in place of a directory',
    () => {
      renameSync(at('two'), at('three'));
      symlinkSync('three', at('two'));
    },
    { has: () => 'two -> three' },
  ],
  ['a directory of the search list made', () => mkdirSync(at('none')), { has: () => 'none/' }],
  ['a directory of the search list removed', () => rmSync(at('one'), { recursive: true }), { lacks: 'one/' }],
  [
    'a name that __has_include asks for',
    () => project.write('two/later.h', 'int later;\n'),
    { has: () => `two/later.h ${hashed('int later;\n')}` },
  ],
  [
    'the source',
    () => project.write('a.c', '#include "real/c.h"\n'),
    { has: () => `a.c ${hashed('#include "real/c.h"\n')}`, lacks: 'link -> real' },
  ],
];

/** A disk whose times go on in steps of 4 ms, as those of older kernels do. */
class CoarseDisk extends LocalDisk {
  override seenAs(_path: string, found: Buffer): Buffer {
    const stamp = Buffer.from(found);
    for (const place of [32, 40]) {
      const time = stamp.readBigInt64LE(place);
      stamp.writeBigInt64LE(time - (time % 4_000_000n), place);
    }
    return stamp;
  }
}

describe.each([
  ['', LocalDisk],
  [' with times in steps of 4 ms', CoarseDisk],
] as const)('findInputs() after a change%s', (_, Kind) => {
  const find = (): Promise<Found> => {
    const job = { source: 'a.c', argv: [...words, '-c', 'a.c'], directory: project.path };
    const environment = { PATH: process.env['PATH'] ?? '' };
    return findInputs({ ...job, environment }, new Kind(project.path), project.graph);
  };

  test.each(changes)('sees %s', async (_title, make, { has, lacks, change = true }) => {
    const before = await find();
    make();
    const after = await find();
    const lines = linesOf(after);
    const line = has?.() ?? '';
    if (line !== '') expect(lines).toContain(line);
    if (lacks !== undefined) expect(lines).not.toContain(lacks);
    if (change) expect(lines).not.toEqual(linesOf(before));
    const [first, second] = [before, after].map((found) => (found.kind === 'inputs' ? found.change : 0));
    if (change) expect(second).toBeGreaterThan(first ?? 0);
    else expect(second).toBe(first);
  });

  test.each([[['-Ifile/one']], [['-isystem', 'file/one/two']], [['-iquote', 'two/../file/one']]])(
    'sees that the directory of %j is below a file by now, with which gcc fails',
    async (more) => {
      const job = { source: 'a.c', argv: [...words, ...more, '-c', 'a.c'], directory: project.path };
      const environment = { PATH: process.env['PATH'] ?? '' };
      const found = (): Promise<Found> => findInputs({ ...job, environment }, new Kind(project.path), project.graph);
      expect((await found()).kind).toBe('inputs');
      project.write('file', '');
      expect((await found()).kind).toBe('preprocess');
      rmSync(at('file'));
      expect((await found()).kind).toBe('inputs');
      mkdirSync(at('file'));
      expect((await found()).kind).toBe('inputs');
    },
  );

  test('makes one change of the edits of many sources, as long as no job is told of one twice', async () => {
    project.write('b.c', 'int b;\n');
    const changeOf = async (source: string): Promise<number> => {
      const job = { source, argv: [...words, '-c', source], directory: project.path };
      const environment = { PATH: process.env['PATH'] ?? '' };
      const found = await findInputs({ ...job, environment }, new Kind(project.path), project.graph);
      return found.kind === 'inputs' ? found.change : -1;
    };
    const first = [await changeOf('a.c'), await changeOf('b.c')];
    expect(first[1]).toBe(first[0]);
    project.write('a.c', '#include "a.h"\nint edited;\n');
    project.write('b.c', 'int edited;\n');
    const second = [await changeOf('a.c'), await changeOf('b.c')];
    expect(second).toEqual([(first[0] ?? 0) + 1, (first[0] ?? 0) + 1]);
    project.write('b.c', 'int edited_again;\n');
    expect(await changeOf('b.c')).toBe((first[0] ?? 0) + 2);
  });

  test('sees one edit after another', async () => {
    for (let number = 0; number < 20; number += 1) {
      const text = `int c = ${number % 10};\n`;
      writeFileSync(at('real/c.h'), text);
      expect(linesOf(await find())).toContain(`real/c.h ${hashed(text)}`);
    }
  });

  test('sees that many headers have changed, each of which leads to the next one', async () => {
    const names = Array.from({ length: 16 }, (__, number) => `h${number}.h`);
    for (const name of names) project.write(name, '');
    project.write('a.c', names.map((name) => `#include "${name}"\n`).join(''));
    await find();
    project.write('a.c', '');
    await find();
    for (const [number, name] of names.entries()) project.write(name, `#include "h${number + 1}.h"\n`);
    project.write('a.c', '#include "h0.h"\n');
    expect(linesOf(await find())).toContain(`h15.h ${hashed('#include "h16.h"\n')}`);
  });

  test('sees one name after another in a directory', async () => {
    await find();
    const names = Array.from({ length: 12 }, (__, number) => `n${number}.h`);
    project.write('a.c', names.map((name) => `#if __has_include(<${name}>)\n#endif\n`).join(''));
    await find();
    for (const name of names) {
      project.write(`one/${name}`, '');
      expect(linesOf(await find())).toContain(`one/${name} ${hashed('')}`);
    }
  });
});

describe.each([
  ['gcc', 'gcc'],
  ['clang', 'clang'],
])('a file where %s is told to look for headers', (compiler, debianPackage) => {
  const either = it.skipIf(!needs(compiler, debianPackage));
  /** The header that a compile has, or why it has to be preprocessed. */
  const header = async (environment: NodeJS.ProcessEnv = {}, more: readonly string[] = []): Promise<string> => {
    const found = await project.find([compiler, ...more, '-isystem', 'two'], 'b.c', environment);
    if (found.kind === 'preprocess') return found.because;
    return linesOf(found).find((line) => /\bb\.h /.test(line)) ?? '';
  };
  const two = `two/b.h ${hashed('')}`;
  const told = compiler === 'gcc' ? '"early" is to be searched for headers, and is not a directory' : two;

  either.each([
    ['by a word', {}, ['-Iearly']],
    ['by a variable', { CPATH: 'early' }, []],
  ])('%s is one that gcc warns of, until it is a directory', async (_, environment, more) => {
    project.write('b.c', '#include <b.h>\n');
    project.write('early', '');
    expect(await header(environment, more)).toBe(told);
    rmSync(at('early'));
    expect(await header(environment, more)).toBe(two);
    project.write('early', '');
    expect(await header(environment, more)).toBe(told);
    rmSync(at('early'));
    project.write('early/b.h', 'int early;\n');
    expect(await header(environment, more)).toBe(`early/b.h ${hashed('int early;\n')}`);
    rmSync(at('early'), { recursive: true });
    project.write('early', '');
    expect(await header(environment, more)).toBe(told);
  });
});

describe('findInputs() and the disk', () => {
  test('wants preprocessing on a file system whose times cannot be trusted', async () => {
    class DistantDisk extends LocalDisk {
      override seenAs(path: string, stamp: Buffer): Buffer {
        if (!path.endsWith('/real/c.h')) return stamp;
        const distant = Buffer.alloc(stampLength);
        distant.writeUInt32LE(124, 0);
        return distant;
      }
    }
    const job = { source: 'a.c', argv: [...words, '-c', 'a.c'], directory: project.path };
    const environment = { PATH: process.env['PATH'] ?? '' };
    const found = await findInputs({ ...job, environment }, new DistantDisk(project.path), project.graph);
    const because = `"${at('real/c.h')}" is on a file system whose times cannot be trusted`;
    expect(found).toEqual({ kind: 'preprocess', because });
  });

  test('wants preprocessing for a header that cannot be read', async () => {
    project.write('a.h', Buffer.alloc(9 * 1024 * 1024));
    const because = `"${at('a.h')}" cannot be read, is too large, or changes`;
    expect(await project.find(words)).toEqual({ kind: 'preprocess', because });
    project.write('a.h', '');
    expect(await project.find(words)).toMatchObject({ kind: 'inputs' });
  });

  test('serves many jobs at a time, while files change', async () => {
    const sources = Array.from({ length: 8 }, (_, number) => {
      project.write(`s${number}.c`, `#include "a.h"\n#include <b.h>\n#include "h${number}.h"\n`);
      project.write(`h${number}.h`, '');
      return `s${number}.c`;
    });
    for (let round = 0; round < 5; round += 1) {
      const text = `int c = ${round};\n`;
      const searches = sources.map((source) => project.find(words, source));
      writeFileSync(at('real/c.h'), text);
      await Promise.all(searches);
      for (const found of await Promise.all(sources.map((source) => project.find(words, source))))
        expect(linesOf(found)).toContain(`real/c.h ${hashed(text)}`);
    }
  });

  test.each([
    ['files', { files: 12, bytes: 1e9, keptBytes: 1e9, contexts: 64 }],
    ['bytes', { files: 1e9, bytes: 40_000, keptBytes: 1e9, contexts: 64 }],
    ['questions', { files: 1e9, bytes: 1e9, keptBytes: 4000, contexts: 64 }],
    ['contexts', { files: 1e9, bytes: 1e9, keptBytes: 1e9, contexts: 2 }],
  ])('keeps no more %s than it may, and is right all the same', async (what, limits) => {
    project.graph = new HeaderGraph(limits);
    const sources = Array.from({ length: 16 }, (_, number) => `s${number}.c`);
    for (const [number, source] of sources.entries()) {
      project.write(source, `#include "h${number}.h"\n#include <b.h>\n`);
      project.write(`h${number}.h`, '');
    }
    for (let round = 0; round < 2; round += 1) {
      for (const [number, source] of sources.entries()) {
        const option = what === 'contexts' ? [`-I${project.path}/i${number % 4}`] : [];
        const found = await project.find([...words, ...option], source);
        expect(linesOf(found)).toEqual(expect.arrayContaining([`h${number}.h ${hashed('')}`, `two/b.h ${hashed('')}`]));
        const { files, bytes } = project.graph.size;
        expect(files).toBeLessThanOrEqual(limits.files);
        expect(bytes).toBeLessThanOrEqual(limits.bytes + limits.keptBytes);
        expect(project.graph.contexts.size).toBeLessThanOrEqual(limits.contexts);
      }
    }
    const before = await project.find(words, 's0.c');
    project.write('h0.h', 'int h;\n');
    const after = await project.find(words, 's0.c');
    expect(linesOf(after)).toContain(`h0.h ${hashed('int h;\n')}`);
    const [first, second] = [before, after].map((found) => (found.kind === 'inputs' ? found.change : 0));
    expect(second).toBeGreaterThan(first ?? 0);
  });
});
