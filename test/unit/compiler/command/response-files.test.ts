import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandResponseFiles, responseFileLimits } from '../../../../src/compiler/command/response-files.ts';
import { wordsOfResponseFile } from '../../../../src/compiler/command/response-text.ts';
import { isInstalled } from '../../../support/needs.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'distcc-response-'));
  writeFileSync(join(folder, 'a.c'), 'int a;\n');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Expands a command with files that are given as texts, and tells which were asked for. */
function expand(line: string, files: Readonly<Record<string, string>>): { words: string[]; asked: string[] } {
  const expanding = expandResponseFiles(line.split(' '));
  const asked: string[] = [];
  let step = expanding.next();
  while (step.done !== true) {
    asked.push(step.value);
    step = expanding.next(files[step.value]);
  }
  return { words: step.value, asked };
}

/** The words of a printed command, which gcc and clang quote in the same way. */
const printedWord = /"((?:[^"\\]|\\.)*)"|(\S+)/gsu;

/**
 * The macros that a compiler hands to its parts when it reads a response file; `-D` is the word that arrives as it was
 * read.
 */
function macrosOf(compiler: string, texts: readonly string[]): string[][] {
  for (const [at, text] of texts.entries()) writeFileSync(join(folder, `f${at}`), text, 'latin1');
  const words = texts.flatMap((_, at) => [`@f${at}`, '-Dend']);
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const { stderr } = spawnSync(compiler, ['-###', '-c', 'a.c', ...words], { cwd: folder, env, encoding: 'latin1' });
  // Before and after the command for the compiler proper, gcc prints lines in quotes of another kind.
  const command = stderr.slice(stderr.indexOf('cc1')).split('COLLECT_GCC_OPTIONS')[0] ?? '';
  const printed = [...command.matchAll(printedWord)].map(
    ([, quoted, bare]) => bare ?? quoted?.replaceAll(/\\(.)/gsu, '$1') ?? '',
  );
  const macros = printed.filter((_, at) => printed[at - 1] === '-D');
  return texts.map(() => macros.splice(0, macros.indexOf('end') + 1).slice(0, -1));
}

const pieces: readonly string[] = [
  ['a', 'b', '=', '/', '@', '$', '`', '#', '\u00a0', '\u00e9', '\u0085', '"', '"', "'", "'", '\\', '\\'],
  ['\\"', "\\'", '\\\\', '\\ ', ' -Dq', '\n-Dq', '\t-Dq', '\r\n-Dq', '  -Dq', '""', "''", '"a b"', "'a b'"],
  ['"\\""', "'\"'", '"\'"', '\\\n-Dq', '\v', '\f', '\\\t'],
].flat();
const texts = fc
  .array(fc.constantFrom(...pieces), { maxLength: 12 })
  .map((drawn) => `-Dq${drawn.join('')}`)
  // A word that names another file ends the compiler when it cannot be read, as "/" cannot.
  .filter((text) => wordsOfResponseFile(text)?.every((word) => !word.startsWith('@')) === true);

describe('wordsOfResponseFile()', () => {
  it.runIf(isInstalled('gcc')).each(['gcc', 'gcc-11', 'clang', 'clang-16', 'clang-19'])(
    'reads what %s reads, or says that it does not know',
    (compiler) => {
      if (!isInstalled(compiler)) return;
      const property = fc.property(fc.array(texts, { minLength: 40, maxLength: 40 }), (many) => {
        const read = many.map((text) =>
          wordsOfResponseFile(text)?.flatMap((word) => (word.startsWith('-D') ? [word.slice(2)] : [])),
        );
        expect(read).toEqual(macrosOf(compiler, many));
      });
      fc.assert(property, { numRuns: 15, endOnFailure: true });
    },
  );

  it.each([
    ['', []],
    [' \n\t\r\n ', []],
    ['-O2 -DX=1\n-I"a b" \'-Ic d\'\r\n', ['-O2', '-DX=1', '-Ia b', '-Ic d']],
    ['"-DX=\\"a b\\"" -DY=\\"c\\"', ['-DX="a b"', '-DY="c"']],
    ['\'-DX="a b"\' a\\ b', ['-DX="a b"', 'a b']],
    ['# no comment', ['#', 'no', 'comment']],
    ['caf\u00c3\u00a0.c', ['caf\u00c3\u00a0.c']],
    ['"two\nlines"', ['two\nlines']],
  ])('reads %j', (text, words) => {
    expect(wordsOfResponseFile(text)).toEqual(words);
  });

  it.each([
    ["'a\\'b'", 'gcc 15 ends the quotes there'],
    ['"a\\b"', 'gcc 15 leaves the backslash'],
    ['a\\\nb', 'gcc 15 joins the lines'],
    ['a\\\r\nb', 'so may the lines of another system'],
    ['a\\', 'clang keeps the backslash'],
    ["a '' b", 'clang drops the word'],
    ['"a', 'the quotes are open'],
    ["'a", 'the quotes are open'],
    ['a\vb', 'clang does not part words there'],
    ['a\0b', 'gcc reads no further'],
    ['\u00ef\u00bb\u00bfa', 'clang skips a byte order mark'],
    ['\ufeffa', 'clang skips a byte order mark'],
  ])('does not know about %j, since %s', (text) => {
    expect(wordsOfResponseFile(text)).toBeUndefined();
  });
});

describe('expandResponseFiles()', () => {
  it('puts the words of files in their place, those of files inside files too', () => {
    const files = { one: '-O2 @two -g', two: '-DX @dir/three', 'dir/three': '-DY' };
    expect(expand('gcc -c @one a.c @two', files)).toEqual({
      words: 'gcc -c -O2 -DX -DY -g a.c -DX -DY'.split(' '),
      asked: ['one', 'two', 'dir/three', 'two', 'dir/three'],
    });
  });

  it('leaves a word as it is when there is no such file, nothing but the sign, or a text that compilers read differently', () => {
    expect(expand('gcc @ @gone @odd -c a.c', { odd: "'\\'" }).words).toEqual('gcc @ @gone @odd -c a.c'.split(' '));
  });

  it('takes no file for the compiler, and lets the words of an empty one vanish', () => {
    expect(expand('@gcc @empty -c a.c', { '@gcc': 'x', gcc: 'x', empty: '\n' }).words).toEqual(['@gcc', '-c', 'a.c']);
  });

  it('ends with a file that names itself, and leaves its name', () => {
    const { words, asked } = expand('gcc @self', { self: '-DX @self @self' });
    expect(words).toContain('@self');
    expect(asked).toHaveLength(responseFileLimits.files);
  });

  it('ends with files of very many words, and leaves a name', () => {
    const text = `@big ${'-DX '.repeat(10_000)}`;
    const { words } = expand('gcc @big', { big: text });
    expect(words).toContain('@big');
    expect(words.length * 4).toBeLessThan(responseFileLimits.characters + text.length);
    expect(expand('gcc @huge', { huge: '-DX '.repeat(responseFileLimits.characters) }).words).toEqual(['gcc', '@huge']);
  });

  it.runIf(isInstalled('gcc'))('compiles to the same object as the command that named the files', () => {
    const run = (words: readonly string[], output: string): Buffer => {
      const { status } = spawnSync(words[0] ?? '', [...words.slice(1), '-o', output], { cwd: folder });
      expect(status).toBe(0);
      return readFileSync(join(folder, output));
    };
    const files = { one: '-O2 "-DNAME=\\"a b\\"" @two', two: "-g 'said.c'\n" };
    writeFileSync(join(folder, 'said.c'), 'const char *said = NAME;\n');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const whole = run(['gcc', '-c', '@one'], 'x.o');
    expect(run(expand('gcc -c @one', files).words, 'x.o').equals(whole)).toBe(true);
  });
});
