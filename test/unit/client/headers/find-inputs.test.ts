import { linkSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { inputsOf, missing, pathsOf, Project } from './project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

const compilers = [
  ['gcc', 'gcc'],
  ['clang', 'clang'],
] as const;

/** The found files below the project, by their names there. */
async function filesOf(
  words: readonly string[],
  source = 'a.c',
  environment: NodeJS.ProcessEnv = {},
): Promise<string[]> {
  const found = await project.find(words, source, environment);
  return pathsOf(found, 'file', `${project.path}/`).map((path) => path.slice(project.path.length + 1));
}

/** Why the job has to be preprocessed. */
async function reasonOf(
  words: readonly string[],
  source = 'a.c',
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  const found = await project.find(words, source, environment);
  return found.kind === 'preprocess' ? found.because.replaceAll(`${project.path}/`, '') : 'found';
}

describe.each(compilers)('findInputs() with %s', (compiler, debianPackage) => {
  const test = it.skipIf(!needs(compiler, debianPackage));

  test('gives files with what their contents prove, and the directories that are searched', async () => {
    const source = project.write('a.c', '#include "a.h"\n');
    project.write('one/a.h', 'int a;\n');
    const found = await project.find([compiler, '-I', 'one']);
    const header = inputsOf(found).find(({ path }) => path === `${project.path}/one/a.h`);
    const bytes = readFileSync(`${project.path}/one/a.h`);
    const sha256 = (...parts: (Buffer | string)[]): string =>
      createHash('sha256')
        .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
        .digest('binary');
    expect(header).toMatchObject({ kind: 'file', size: 7, hash: sha256(bytes), key: sha256('possession', bytes) });
    expect(pathsOf(found, 'file')).toContain(source);
    expect(pathsOf(found, 'directory')).toEqual(expect.arrayContaining([project.path, `${project.path}/one`]));
    expect(pathsOf(found, 'file')).toEqual([...pathsOf(found, 'file')].sort());
    expect(found).toMatchObject({ rung: 'scan', unbounded: undefined });
  });

  describe('with macros that ask whether a file is there', () => {
    const header = '#define HAS(x) __has_include(x)\n';

    test.each([
      ['its argument', header, '#if HAS(<there.h>)', ['one/there.h']],
      ['its argument, as of the file that asks', header, '#if defined(HAS) && HAS("near.h")', ['sub/near.h']],
      ['a part of a name', '#define HAS(x) __has_include(<x.h>)\n', '#if HAS(there)', ['one/there.h']],
      ['the rest', '#define HAS(...) __has_include(__VA_ARGS__)\n', '#if HAS(<th,ere.h>)', ['one/th,ere.h']],
      [
        'the other argument',
        '#define HAS(a, b) b && __has_include(a)\n',
        '#if HAS(<there.h>, (1, 2))',
        ['one/there.h'],
      ],
      ['a macro that stands for a name', header, '#define NAME <there.h>\n#if HAS(NAME)', ['one/there.h']],
      [
        'what another macro hands on',
        header,
        '#define AGAIN(x, y) (y && HAS(x))\n#if AGAIN(<there.h>, 1)',
        ['one/there.h'],
      ],
      ['what a macro asks in its body', header, '#define ASKS HAS("near.h")\n#if ASKS', ['sub/near.h']],
      ['a file of whoever uses it', '#define HAS __has_include("near.h")\n', '#if HAS', ['sub/near.h']],
      ['a name with a macro inside', header, '#define two 2\n#if HAS(<one/two.h>)', ['one/one/2.h', 'one/one/two.h']],
      [
        'a name in its body with a macro inside',
        '#define HAS __has_include(<one/two.h>)\n',
        '#define two 2\n#if HAS',
        ['one/one/2.h', 'one/one/two.h'],
      ],
    ])('finds %s', async (_, define, ask, expected) => {
      project.write('a.c', '#include "far/ask.h"\n#include "sub/b.h"\n');
      project.write('far/ask.h', `#if 1\n${define}#else\n#define HAS(x) 0\n#endif\n`);
      project.write('sub/b.h', `#ifndef HAS\n#error HAS(nothing)\n#endif\n${ask}\n#endif\n`);
      for (const name of expected) project.write(name, '');
      const files = await filesOf([compiler, '-Ione']);
      expect(files).toEqual(['a.c', 'far/ask.h', 'sub/b.h', ...expected].sort());
    });

    test('finds what the command line makes a macro ask', async () => {
      project.write('a.c', '#if HAS(<there.h>) + ASKS\n#endif\n');
      project.write('one/there.h', '');
      project.write('one/too.h', '');
      const files = await filesOf([compiler, '-Ione', '-DHAS(x)=__has_include(x)', '-D', 'ASKS=HAS(<too.h>)']);
      expect(files).toEqual(['a.c', 'one/there.h', 'one/too.h']);
    });

    test('looks again when a file begins to ask', async () => {
      project.write('a.c', `${header}#include "b.h"\n`);
      project.write('b.h', '');
      project.write('one/there.h', '');
      expect(await filesOf([compiler, '-Ione'])).toEqual(['a.c', 'b.h']);
      project.write('b.h', '#if HAS(<there.h>)\n#endif\n');
      expect(await filesOf([compiler, '-Ione'])).toEqual(['a.c', 'b.h', 'one/there.h']);
      project.write('b.h', '#define HANDED(f) f(<there.h>)\n#if HANDED(HAS)\n#endif\n');
      expect(await reasonOf([compiler, '-Ione'])).toMatch(/only a preprocessor can name: HAS/);
    });

    test.each([
      ['that is handed to another macro', `${header}#define CALL(f, x) f(x)\n#if CALL(HAS, <a.h>)`],
      ['with another name', `${header}#define ALSO HAS\n#if ALSO(<a.h>)`],
      ['whose name is pasted', `${header}#define PASTE(x) HA##x\n#if PASTE(S)(<a.h>)`],
      ['whose name is pasted from two', '#define MY_HAS(x) __has_include(x)\n#if PASTE(MY_, HAS)(<a.h>)'],
      ['whose argument is a call', `${header}#define NAME(x) <x>\n#if HAS(NAME(a.h))`],
      ['whose argument does not end', `${header}#if HAS(<a.h>`],
      ['that is put together', '#define HAS(what, x) __has_##what(x)\n#if HAS(include, <a.h>)'],
      ['that is put together of other parts', '#define PASTE(x, y) x##y\n#if PASTE(__has_inc, lude)(<a.h>)'],
      ['that is put together in a macro', '#define PASTE(x, y) x##y\n#define H PASTE(__has_inc, lude)\n#if H(<a.h>)'],
      ['that is put together of three', '#define PASTE(x, y, z) x##y##z\n#if PASTE(__ha, s_incl, ude)(<a.h>)'],
      ['that is put together beside a brace', `#define HAS(what, x) ('{' && __has_##what(x))\n#if HAS(include, <a.h>)`],
      ['that is put together elsewhere', '#define HAS(what) __has_##what\n#define ASKS HAS(include)(<a.h>)\n#if ASKS'],
      ['that makes a string', '#define HAS(x) __has_include(#x)\n#if HAS(a.h)'],
      ['with too few arguments', '#define HAS(x, y) __has_include(y)\n#if HAS(<a.h>)'],
      ['with blanks in a name', `${header}#if HAS(< a.h >)`],
      ['that grows', `${header}#define HAS2(x) HAS(x/x) + HAS2(x/x)\n#if HAS2(<a.h>)`],
      ['that is asked in an odd place', `${header}#line HAS(<a.h>)\n#if 0`],
    ])('has one %s preprocessed', async (_, text) => {
      project.write('a.c', `${text}\n#endif\n`);
      expect(await reasonOf([compiler])).toMatch(
        /"a\.c" (?:asks whether a file is there|takes lines to be those of a file) that only a preprocessor can name/,
      );
    });

    test('takes no declaration for a question, and no macro that no condition uses', async () => {
      const declaring =
        '#define HAS_TYPE(name) template<typename T> struct __has_##name : no { };\nHAS_TYPE(include)\n';
      project.write('a.c', `${declaring}#if HAS_TYPE(include)\n#endif\n#define UNUSED(what) __has_##what\n`);
      expect(await filesOf([compiler])).toEqual(['a.c']);
    });

    test('is not led astray by names that are alike, texts and messages', async () => {
      const more = '#define NOHAS(x) HASNOT(x)\n#if defined HAS && !defined(HAS)\n#error HAS(x)\n#define A "HAS(x)"\n';
      project.write('a.c', `${header}${more}#pragma push_macro("HAS")\n#undef HAS\n#endif\nint HAS;\n`);
      expect(await filesOf([compiler])).toEqual(['a.c']);
    });
  });

  test('finds every directory of a search list and the variables that add to it', async () => {
    project.write('a.c', '#include "q.h"\n#include <i.h>\n#include <s.h>\n#include <d.h>\n#include <e.h>\n');
    for (const name of ['q', 'i', 's', 'd', 'e']) project.write(`${name}/${name}.h`, '');
    const words = '-iquote q -Ii -isystem s -idirafter d'.split(' ');
    const files = await filesOf([compiler, ...words], 'a.c', { CPATH: 'e' });
    expect(files).toEqual(['a.c', 'd/d.h', 'e/e.h', 'i/i.h', 'q/q.h', 's/s.h']);
    expect(await filesOf([compiler, ...words], 'a.c')).not.toContain('e/e.h');
  });

  test('finds what -include and -imacros read, the one in the directory first', async () => {
    project.write('a.c', '#include NAME\n');
    project.write('one/f.h', '#include "g.h"\n');
    project.write('one/g.h', '');
    project.write('m.h', '#define NAME "n.h"\n');
    project.write('n.h', '');
    const words = [compiler, '-Ione', '-include', 'f.h', '-imacros', 'm.h'];
    expect(await filesOf(words)).toEqual(['a.c', 'm.h', 'n.h', 'one/f.h', 'one/g.h']);
    project.write('f.h', '');
    expect(await filesOf(words)).toEqual(['a.c', 'f.h', 'm.h', 'n.h']);
  });

  test('finds all that #include_next can mean', async () => {
    project.write('a.c', '#include <a.h>\n');
    project.write('one/a.h', '#include_next <a.h>\n');
    project.write('two/a.h', '#include_next <a.h>\n');
    project.write('three/a.h', '');
    const words = [compiler, '-Ione', '-Itwo', '-Ithree'];
    expect(await filesOf(words)).toEqual(['a.c', 'one/a.h', 'three/a.h', 'two/a.h']);
  });

  test('follows links and ".." as the kernel does', async () => {
    project.write('a.c', '#include "link/../b.h"\n#include "file.h"\n');
    project.write('b.h', '#error not this one\n');
    project.write('deep/er/x.h', '');
    project.write('deep/b.h', '#include "c.h"\n');
    project.write('deep/c.h', '');
    project.write('real/file.h', '#include "beside.h"\n');
    project.write('real/beside.h', '#error the one beside the link\n');
    project.write('beside.h', '');
    symlinkSync('deep/er', join(project.path, 'link'));
    symlinkSync('real/file.h', join(project.path, 'file.h'));
    const found = await project.find([compiler]);
    expect(await filesOf([compiler])).toEqual(['a.c', 'beside.h', 'deep/b.h', 'deep/c.h', 'real/file.h']);
    expect(inputsOf(found).filter(({ kind }) => kind === 'link')).toEqual([
      { kind: 'link', path: `${project.path}/file.h`, target: 'real/file.h' },
      { kind: 'link', path: `${project.path}/link`, target: 'deep/er' },
    ]);
    expect(pathsOf(found, 'directory')).toContain(`${project.path}/deep/er`);
    expect(missing(found, project.listed([compiler]), project.path)).toEqual([]);
  });

  test('gives both names of one file, and not to clang, which takes them for one', async () => {
    project.write('a.c', '#include "one/a.h"\n#include "two/a.h"\n');
    const path = project.write('one/a.h', '#pragma once\n#include "b.h"\n');
    project.write('one/b.h', '');
    project.write('two/b.h', '');
    linkSync(path, join(project.path, 'two/a.h'));
    if (compiler === 'clang') expect(await project.find([compiler])).toMatchObject({ kind: 'preprocess' });
    else expect(await filesOf([compiler])).toEqual(['a.c', 'one/a.h', 'one/b.h', 'two/a.h', 'two/b.h']);
  });

  test('resolves computed includes by all definitions, including those of the command', async () => {
    project.write('a.c', '#ifdef X\n#include "defines.h"\n#endif\n#include ONE\n#include TWO\n#include NOBODY\n');
    project.write('defines.h', '#define ONE THREE\n#if 0\n#define THREE "b.h"\n#else\n#define THREE <c.h>\n#endif\n');
    for (const name of ['b.h', 'i/c.h', 'i/d.h']) project.write(name, '');
    const found = await project.find([compiler, '-Ii', '-DTWO=<d.h>']);
    expect(found).toMatchObject({ rung: 'scan' });
    expect(await filesOf([compiler, '-Ii', '-DTWO=<d.h>'])).toEqual(['a.c', 'b.h', 'defines.h', 'i/c.h', 'i/d.h']);
  });

  test('reads a definition by --define-macro as one by -D', async () => {
    project.write('a.c', '#include ONE\n#if TWO\n#endif\n');
    for (const name of ['b.h', 'c.h']) project.write(name, '');
    const words = [compiler, '--define-macro=ONE="b.h"', '--define-macro=TWO=__has_include("c.h")'];
    expect(await filesOf(words)).toEqual(['a.c', 'b.h', 'c.h']);
  });

  test.each([
    ['-DWHEN=__TIMESTAMP__', '"the command line" uses __TIMESTAMP__'],
    ['-DWHEN=__DATE__ " " __TIME__', '"the command line" uses __DATE__ or __TIME__'],
    ['--define-macro=WHEN=__TIMESTAMP__', '"the command line" uses __TIMESTAMP__'],
    ['-DDATA=".incbin \\"data\\""', '"the command line" may have the assembler read files'],
    // As builds do that are to be the same each time.
    ['-D__TIMESTAMP__="redacted"', 'found'],
    ['-D__DATE__=', 'found'],
  ])('judges %s as it judges a text', async (word, reason) => {
    project.write('a.c', 'const char *a = WHEN;\n');
    expect(await reasonOf([compiler, word])).toBe(reason);
  });

  test('asks the compiler for a list when only a preprocessor can tell, and keeps it over edits of code', async () => {
    project.write('a.c', '#define STRING(x) #x\n#define NAME(x) STRING(x.h)\n#include NAME(b)\nint a;\n');
    project.write('one/b.h', '#include "c.h"\n');
    project.write('one/c.h', '');
    const words = [compiler, '-Ione', '-Wall', '-g', '-O2'];
    const found = await project.find(words);
    expect(found).toMatchObject({ rung: 'list', unbounded: expect.stringContaining('NAME(b)') });
    expect(await filesOf(words)).toEqual(['a.c', 'one/b.h', 'one/c.h']);
    expect(project.disk.asked).toEqual([]);
    project.write('a.c', readFileSync(join(project.path, 'a.c'), 'utf8').replace('int a', 'int b'));
    expect(await filesOf(words)).toEqual(['a.c', 'one/b.h', 'one/c.h']);
    expect(project.disk.asked).toEqual([]);
    project.write('a.c', readFileSync(join(project.path, 'a.c'), 'utf8').replace('NAME(b)', 'NAME(c)'));
    expect(await filesOf(words)).toEqual(['a.c', 'one/c.h']);
    expect(project.disk.asked).toHaveLength(1);
  });

  test('sees a new header that is earlier in the search list than a listed one', async () => {
    project.write('a.c', '#define STRING(x) #x\n#define NAME(x) STRING(x.h)\n#include NAME(b)\n');
    project.write('two/b.h', '');
    mkdirSync(join(project.path, 'one'));
    const words = [compiler, `-I${project.path}/one`, `-I${project.path}/two`];
    expect(await filesOf(words)).toEqual(['a.c', 'two/b.h']);
    project.write('one/b.h', '');
    expect(await filesOf(words)).toContain('one/b.h');
  });

  test('sends what a line directive names, if it is there', async () => {
    project.write('a.c', '#line 1 "a.y"\nint a;\n#line 3 "none.y"\n');
    project.write('a.y', '#include "never.h"\n');
    project.write('never.h', '');
    expect(await filesOf([compiler])).toEqual(['a.c', 'a.y']);
  });

  test('asks a compiler once for all commands that differ in nothing that matters', async () => {
    project.write('a.c', '');
    project.write('b.c', '');
    await project.find([compiler, '-DX=1', '-Wall', '-g', '-MD', '-MF', 'a.d', '-Wp,-MT,x', '-include', 'a.c']);
    expect(project.disk.asked).toHaveLength(1);
    await project.find([compiler, '-DX=2', '-W', '-g3', '-MMD', '-MFb.d', '-UY'], 'b.c');
    expect(project.disk.asked).toHaveLength(0);
    await project.find([compiler, '-m32'], 'b.c');
    expect(project.disk.asked).toHaveLength(1);
  });

  test('gives the same array, by one question, as long as nothing has changed', async () => {
    project.write('a.c', '#include "a.h"\n#include <b.h>\n#include <stddef.h>\n');
    project.write('a.h', '');
    project.write('two/b.h', '');
    mkdirSync(join(project.path, 'one'));
    const words = [compiler, '-Ione', '-Itwo'];
    // What is younger than this has to be read again.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const first = await project.find(words);
    const second = await project.find(words);
    expect(inputsOf(second)).toBe(inputsOf(first));
    const { looks, reads, asked } = project.disk;
    expect({ looks, reads, asked }).toEqual({ looks: 1, reads: 0, asked: [] });
    project.write('one/b.h', '');
    expect(await filesOf(words)).toEqual(['a.c', 'a.h', 'one/b.h']);
  });

  test('gives the same array, by one question, where objects are written', async () => {
    project.write('a.c', '#include <b.h>\n');
    project.write('one/b.h', '');
    const words = [compiler, '-I.', '-Ione'];
    const first = await project.find(words);
    for (let number = 0; number < 10; number += 1) {
      project.write(`object${number}.o`, '');
      expect(inputsOf(await project.find(words))).toBe(inputsOf(first));
    }
    expect(project.disk.looks).toBe(1);
    project.write('b.h', '');
    expect(pathsOf(await project.find(words), 'file')).toContain(`${project.path}/b.h`);
  });
});

describe('findInputs()', () => {
  const test = it.skipIf(!needs('gcc', 'gcc'));

  it.skipIf(!needs('clang', 'clang'))(
    'wants preprocessing for two names of one file, which clang takes for one',
    async () => {
      project.write('a.c', '#include "x/t.h"\n#include "y/t.h"\n');
      project.write('x/t.h', '');
      project.write('y/t.h', '');
      expect(await reasonOf(['clang'])).toBe('found');
      rmSync(`${project.path}/y/t.h`);
      linkSync(`${project.path}/x/t.h`, `${project.path}/y/t.h`);
      expect(await reasonOf(['clang'])).toBe('clang takes "x/t.h" and "y/t.h" for one file');
      expect(await reasonOf(['gcc'])).toBe('found');
      rmSync(`${project.path}/x/t.h`);
      symlinkSync('../y/t.h', `${project.path}/x/t.h`);
      expect(await reasonOf(['clang'])).toBe('found');
    },
  );

  test.each([
    ['__TIMESTAMP__', 'char *a = __TIMESTAMP__;', '"b.h" uses __TIMESTAMP__'],
    ['__DATE__', '#if 0\nchar *a = __DATE__;\n#endif', '"b.h" uses __DATE__ or __TIME__'],
    ['.incbin', 'asm(".incbin \\"x\\"");', '"b.h" may have the assembler read files'],
    ['.include in a macro', '#define X "\\t.include \\"x\\""', '"b.h" may have the assembler read files'],
    ['.incbin put together', 'asm(".inc" BIN);', '"b.h" may have the assembler read files'],
    [
      '.incbin that a macro makes a string of',
      '#define X asm(STR(.incbin "x"))',
      '"b.h" may have the assembler read files',
    ],
    ['.incbin in two pieces', '#define X STR(.) STR(incbin "x")', '"b.h" may have the assembler read files'],
    ['.INCBIN', 'const char *a = ".INCBIN \\"x\\"";', '"b.h" may have the assembler read files'],
    [
      '.include that a macro makes a string of',
      '#define X STR(.include "x")',
      '"b.h" may have the assembler read files',
    ],
    ['.include at the start', '#define X STR(\n.include NAME)', '"b.h" may have the assembler read files'],
    [
      '.include after another line',
      'const char *a = "nop\\r.include \\"x\\"";',
      '"b.h" may have the assembler read files',
    ],
    ['#pragma GCC dependency', '#pragma GCC dependency "x"', '"b.h" has "#pragma GCC dependency"'],
    ['_Pragma', '_Pragma("GCC dependency \\"x\\"")', '"b.h" has "#pragma GCC dependency"'],
    ['a question for what only a preprocessor can tell', '#if __has_include(X(y))\n#endif', '"b.h" asks whether'],
    [
      'a line of a file that a macro names',
      '#define N() "x"\n#line 3 N()',
      '"b.h" takes lines to be those of a file that only',
    ],
    ['a device', '#include "/dev/zero"', '"b.h" names "/dev/zero", which is not a plain file'],
  ])('wants preprocessing for %s in a header', async (_, text, reason) => {
    project.write('a.c', '#include "b.h"\n');
    project.write('b.h', `${text}\n`);
    expect(await reasonOf(['gcc'])).toContain(reason);
  });

  test.each([['import x;'], ['import <vector>;'], ['export module a;'], ['module;'], ['export int a;']])(
    'wants preprocessing for %j in C++ alone',
    async (text) => {
      project.write('a.cc', `${text}\n`);
      project.write('a.c', `${text}\n`);
      expect(await reasonOf(['g++'], 'a.cc')).toBe('"a.cc" has lines of modules');
      expect(await reasonOf(['gcc'])).toBe('found');
    },
  );

  test('takes __DATE__ when SOURCE_DATE_EPOCH says which', async () => {
    project.write('a.c', 'char *a = __DATE__ __TIME__;\n');
    expect(await reasonOf(['gcc'], 'a.c', { SOURCE_DATE_EPOCH: '1' })).toBe('found');
    expect(await reasonOf(['gcc'])).toBe('"a.c" uses __DATE__ or __TIME__');
  });

  test.each([
    [['-traditional-cpp'], '"-traditional-cpp" changes how headers are found or read'],
    [['-I-'], '"-I-" changes how headers are found or read'],
    [['-x', 'cpp-output'], '"a.c" has been preprocessed already'],
    [['-nonsense-option'], 'the compiler does not say where it finds headers'],
  ])('wants preprocessing for %j', async (words, reason) => {
    project.write('a.c', '');
    expect(await reasonOf(['gcc', ...words])).toBe(reason);
  });

  test('does not mind comments, strings and names that only look like obstacles', async () => {
    project.write(
      'a.c',
      [
        '// __DATE__\n/* asm(".incbin x") */\nint a = b.include, d = e().include, f = g[1].include;',
        'struct s c = { .include = 1 }, d = {.include={1}}, e[] = { [0].include = 2 };\n',
      ].join('\n'),
    );
    expect(await reasonOf(['gcc'])).toBe('found');
  });

  test('wants preprocessing for a source that is not there, and finds it once it is', async () => {
    expect(await reasonOf(['gcc'])).toBe('"a.c" is not a plain file');
    project.write('a.c', '');
    expect(await reasonOf(['gcc'])).toBe('found');
  });
});
