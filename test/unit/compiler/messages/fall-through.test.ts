import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fallThroughsIn, isMarked, keepsItsLines, usualLevel } from '../../../../src/compiler/messages/fall-through.ts';
import { needs } from '../../../support/needs.ts';

const compilers = ['gcc-11', 'gcc-12', 'gcc-13', 'gcc-14', 'gcc'].filter(
  (name) => spawnSync(name, ['-v']).status === 0,
);

/**
 * What may stand between a statement and the next label, and whether gcc passes over it, as far as it is known for
 * sure.
 */
const between: ReadonlyArray<readonly [string, boolean | undefined]> = [
  ['/* fall through */\n  case 2:', true],
  ['/* FALLTHROUGH */\n\n  case 2:', true],
  ['\n  /* FALL THRU.  */ case 2:', true],
  ['/* FALL THRU.  */ case 2:', undefined],
  ['// falls through\n  case 2:', true],
  ['// Fall-Through - as it should\n  case 2:', true],
  ['/* Else, fall through! */\n  default:', true],
  ['/* INTENTIONALLY FALLTHROUGH */\n  case 2:', true],
  ['/* fallthru */ /* and more */\n  case 2:', true],
  ['/* one */\n  /* fallthru */\n  // two\n  case 2:', true],
  ["g('\"'); /* fallthrough */\n  case 2:", true],
  ['g(1 /* fallthrough */);\n  case 2:', undefined],
  ['\n  case 2:', false],
  [';\n  case 2: /* nothing */', false],
  ['/* done */\n  case 2:', false],
  ['/* fallthrough to the next */\n  case 2:', undefined],
  ['/* Fall THROUGH */\n  case 2:', undefined],
  ['// /* fall through */\n  case 2:', undefined],
  ['/* // fall through\n */\n  case 2:', undefined],
  ['/* /* fall through */\n  case 2:', undefined],
  ['/* fallthrough */ ;\n  case 2:', undefined],
  ['/* fallthrough */\n#if 1\n#endif\n  case 2:', undefined],
  ['/* fallthrough */\n  CASE(2)', undefined],
  ['/* fallthrough */\n  name: case 2:', undefined],
  ['MARK\n  case 2:', false],
  ['// fall \\\n  through\n  case 2:', undefined],
  ['g("/* fall through */");\n  case 2:', undefined],
  ["/* don't: fall through */\n  case 2:", undefined],
  ['/*\n   fall through\n   */\n  case 2:', undefined],
];

const head = `extern int g();
#define CASE(x) case x:
#define MARK /* fall through */
int f(int a) {
  switch (a) {
  case 1:
    a = g(a); `;

describe.skipIf(!needs('gcc', 'gcc'))('fall-throughs', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'distcc-fall-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const messagesOf = (compiler: string, ...words: readonly string[]): string => {
    const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
    const result = spawnSync(compiler, [...words, '-c', '-o', 'a.o'], { cwd: folder, env, encoding: 'latin1' });
    expect(result.status).toBe(0);
    return result.stderr;
  };
  const preprocess = (compiler: string): void => {
    expect(spawnSync(compiler, ['-E', 'a.c', '-o', 'a.i'], { cwd: folder }).status).toBe(0);
  };

  describe.each(compilers)('that %s warns of in preprocessed text', (compiler) => {
    it.each(between)('and that have %j before the label', (text, known) => {
      const source = `${head}${text}\n    a += 1;\n  }\n  return a;\n}\n`;
      writeFileSync(join(folder, 'a.c'), source);
      preprocess(compiler);
      const plain = messagesOf(compiler, '-Wextra', 'a.c');
      for (const words of [['-Wextra'], ['-Wextra', '-fdiagnostics-color=always'], ['-Wimplicit-fallthrough']]) {
        const found = fallThroughsIn(messagesOf(compiler, ...words, 'a.i')) ?? [];
        expect(found).toHaveLength(1);
        const marked = found.map((place) => isMarked(source, place));
        expect(marked).toEqual([known]);
        if (known !== undefined) expect(plain === '').toBe(known);
      }
    });

    it('are not found among other messages', () => {
      const source = `${head}/* fall through */\n  case 2: return b;\n  }\n  return a;\n}\nint b;\n`;
      writeFileSync(join(folder, 'a.c'), `int b;\n${source}static int unused;\n`);
      preprocess(compiler);
      expect(fallThroughsIn(messagesOf(compiler, '-Wextra', 'a.i'))).toHaveLength(1);
      expect(fallThroughsIn(messagesOf(compiler, '-Wextra', '-Wall', 'a.i'))).toBeUndefined();
    });
  });

  it.each([
    '',
    'a.c:1:2: note: here\n',
    'a.c:1:2: warning: this statement may fall through [-Wimplicit-fallthrough=]\n',
    'a.c:5:2: warning: this statement may fall through [-Wimplicit-fallthrough=]\na.c:3:1: note: here\n',
    'a.c:1:2: warning: this statement may fall through [-Wimplicit-fallthrough=]\nb.c:3:1: note: here\n',
    'a.c:1:2: Warnung: diese Anweisung fällt durch [-Wimplicit-fallthrough=]\na.c:3:1: Anmerkung: hier\n',
    'cc1: warning: something\n',
  ])('are not in %j', (messages) => {
    expect(fallThroughsIn(messages)).toBeUndefined();
  });

  it.each(['  case 2: g(); case 3:', '  case 2: M case 3:', '  case 2: { g(); } default:'])(
    'from a label whose comment is before another one are not told apart in %j',
    (line) => {
      expect(isMarked(`  /* fall through */${line}\n`, { file: 'a.c', from: 1, to: 1 })).toBeUndefined();
    },
  );

  it('are told of several labels that follow each other', () => {
    const place = { file: 'a.c', from: 1, to: 3 };
    expect(isMarked('g();\n/* fall through */\ncase 2: case 3: default: g();\n', place)).toBe(true);
    expect(isMarked('g();\n/* fall through */\ncase 2: g(); case 3: g();\n', place)).toBeUndefined();
  });

  it.each([
    ['#line 3', false],
    [' # 3 "a.y"', false],
    ['%: line 3', false],
    ['# /* 1 */ line 3', false],
    ['#define line 3', true],
    ['#if 3', true],
    ['x # 3', true],
    ['#\n3', true],
  ])('are looked for in a source with %j: %s', (line, kept) => {
    expect(keepsItsLines(`int a;\n${line}\nint b;\n`)).toBe(kept);
  });

  it('of lines that are not there are not judged', () => {
    expect(isMarked('case 1:\n', { file: 'a.c', from: 1, to: 3 })).toBeUndefined();
  });

  it('are judged at the level of -Wextra only', () => {
    expect(['-Wextra', '-Wimplicit-fallthrough', '-Wimplicit-fallthrough=3'].every((word) => usualLevel([word]))).toBe(
      true,
    );
    const names = ['-W', '--warn-', '-Werror='];
    const others = names.flatMap((name) => [1, 2, 4, 5, 31].map((level) => `${name}implicit-fallthrough=${level}`));
    expect(others.filter((word) => usualLevel([word]))).toEqual([]);
  });
});
