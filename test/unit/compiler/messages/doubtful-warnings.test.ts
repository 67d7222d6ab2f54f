import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doubtfulWarning } from '../../../../src/compiler/messages/doubtful-warnings.ts';
import { isInstalled } from '../../../support/needs.ts';

/** Code about which compilers say more when its comments and macros are gone. */
const source = `#define VALUE(x) (x)
#define EQUAL(a, b) ((a) == (b))
#define AND(x) (x && 4)
#define ITSELF(x) x = x
#define LOGICAL(x) (x && x)
#define CHOICE(x) ((x) ? 1 : 2)
#define STATEMENT(x) x;
extern int table[4];
int ask(int);
int many(int a, int b, unsigned u) {
  if (EQUAL(a, b)) b++;
  if (EQUAL(a, a)) b++;
  if (AND(a)) b++;
  if (LOGICAL(a)) b++;
  if (CHOICE(a)) b++;
  ITSELF(a);
  VALUE(a);
  if (VALUE((a == 1))) b++;
  if (VALUE(&a)) b++;
  if (VALUE(table)) b++;
  if (VALUE(u) >= VALUE(0)) b++;
  if (a) VALUE(b++);
  for (;;) { STATEMENT(break;) }
  switch (a) {
  case 1: ask(1); /* fall through */
  case 2: ask(2); // falls through
  default: break;
  }
  return b;
}
`;
const plainFault = 'int plain(int a) { int unused; switch (a) { case 1: return 1; } return 0; }\n';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'distcc-doubtful-'));
  writeFileSync(join(folder, 'a.c'), source);
  writeFileSync(join(folder, 'plain.c'), plainFault);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(argv: readonly string[]): { stdout: string; messages: string } {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const { stdout, stderr } = spawnSync(argv[0] ?? '', argv.slice(1), { cwd: folder, env, encoding: 'latin1' });
  return { stdout, messages: stderr };
}

/** The messages about a source as a whole, and those about its preprocessed text. */
function compileTwice(words: readonly string[], name: string, language: string): { whole: string; split: string } {
  const whole = run([...words, '-x', language, '-c', name, '-o', 'a.o']).messages;
  writeFileSync(join(folder, 'a.i'), run([...words, '-x', language, '-E', name]).stdout, 'latin1');
  const preprocessed = language === 'c' ? 'cpp-output' : 'c++-cpp-output';
  return { whole, split: run([...words, '-x', preprocessed, '-c', 'a.i', '-o', 'a.o']).messages };
}

/** The warnings by their names, each as often as it is there. */
function warningsIn(messages: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, name = ''] of messages.matchAll(/ (\[-W[^\]]+\])$/gmu)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

const options: readonly string[] = [
  '-Wall',
  '-Wall -Wextra',
  '-Wall -Wextra -Werror',
  '-Wextra -Wlogical-op -pedantic',
  '-Wimplicit-fallthrough=1',
  '-Wimplicit-fallthrough=4',
  '-Weverything',
];

const compilers: ReadonlyArray<readonly [string, string]> = [
  ['gcc', 'c'],
  ['g++', 'c++'],
  ['gcc-11', 'c'],
  ['clang', 'c'],
  ['clang++', 'c++'],
  ['clang-19', 'c'],
];

describe.each(compilers)(
  'doubtfulWarning() knows each warning that %s gives for preprocessed text only, as %s',
  (compiler, language) => {
    it.runIf(isInstalled(compiler)).each(options)('with %s', (line) => {
      const words = [compiler, ...line.split(' ')];
      const { whole, split } = compileTwice(words, 'a.c', language);
      const expected = warningsIn(whole);
      const more = [...warningsIn(split)].filter(([name, count]) => count > (expected.get(name) ?? 0));
      expect(more.filter(([name]) => doubtfulWarning(words, `a.c:1:1: warning: x ${name}\n`) === undefined)).toEqual(
        [],
      );
      if (more.length > 0) expect(doubtfulWarning(words, split)).toBeDefined();
    });

    it.runIf(isInstalled(compiler))('and does not doubt one that the source has as well', () => {
      const words = [compiler, '-Wall', '-Wextra'];
      const { whole, split } = compileTwice(words, 'plain.c', language);
      expect([...warningsIn(split)]).toEqual([...warningsIn(whole)]);
      expect(warningsIn(whole).size).toBeGreaterThan(0);
      expect(doubtfulWarning(words, split)).toBeUndefined();
    });

    it.runIf(isInstalled(compiler))('in colour, too, and without their names', () => {
      for (const option of ['-fdiagnostics-color=always', '-fno-diagnostics-show-option']) {
        const words = [compiler, '-Wall', '-Wextra', option];
        expect(doubtfulWarning(words, compileTwice(words, 'a.c', language).split)).toBeDefined();
      }
    });
  },
);

describe('doubtfulWarning()', () => {
  it.each([
    ['gcc', '[-Wimplicit-fallthrough=]', '-Wimplicit-fallthrough'],
    ['gcc', '[-Werror=implicit-fallthrough=]', '-Wimplicit-fallthrough'],
    ['gcc', '[-Waddress-of-packed-member]', undefined],
    ['gcc', '[-Wunused-value]', undefined],
    ['clang', '[-Werror,-Wunused-value]', '-Wunused-value'],
    ['clang', '[-Wimplicit-fallthrough]', undefined],
    ['clang-19', '[-Wtautological-unsigned-zero-compare]', '-Wtautological-unsigned-zero-compare'],
    ['gcc', '', undefined],
  ])('says for %s and %s: %s', (compiler, name, doubted) => {
    expect(doubtfulWarning([compiler, '-c', 'a.c'], `a.c:1:1: warning: text ${name}\n`)).toBe(doubted);
  });
});
