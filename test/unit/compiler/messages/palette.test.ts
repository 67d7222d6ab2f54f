import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paletteChanges } from '../../../../src/compiler/messages/palette.ts';
import { needs } from '../../../support/needs.ts';

const source = [
  'int f() { int x; return 1; }',
  'int printf(const char *, ...);',
  'void h(char *p) { printf("%d %s\\n", p, 3); int q = p; }',
  'struct s { int alpha; };',
  'int k(struct s *t) { return t->alpah; }',
  '',
].join('\n');

let folder = '';
const plain = new Map<string, string>();

function messagesOf(compiler: string, palette: string | undefined): string {
  const { PATH, GCC_COLORS: _, ...rest } = process.env;
  const env = { ...rest, PATH, ...(palette === undefined ? {} : { GCC_COLORS: palette }) };
  const name = compiler.includes('++') ? 'a.cc' : 'a.c';
  const words = ['-fdiagnostics-color=always', '-fpermissive', '-Wall', '-Wextra', '-c', name, '-o', 'out'];
  return spawnSync(compiler, words, { cwd: folder, env, encoding: 'latin1' }).stderr;
}

const compilers = ['gcc', ...(needs('g++', 'g++') ? ['g++'] : [])];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'palette-'));
  writeFileSync(join(folder, 'a.c'), source);
  writeFileSync(join(folder, 'a.cc'), source);
  for (const compiler of compilers) plain.set(compiler, messagesOf(compiler, undefined));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(compilers)('paletteChanges() for %s', (compiler) => {
  it.each([
    // What Debian's .bashrc offers.
    'error=01;31:warning=01;35:note=01;36:caret=01;32:locus=01:quote=01',
    'range2=04:diff-delete=05',
    'quote',
    'warning:Error',
    'locus=1x',
    'caret=04',
  ])('sees that %s gives the same messages', (palette) => {
    expect(paletteChanges(palette, plain.get(compiler) ?? '')).toBe(false);
    expect(messagesOf(compiler, palette)).toBe(plain.get(compiler));
  });

  it.each(['warning=01;33', 'error=4:junk', 'junk:quote=05', 'locus=', ':locus=04', 'fixit-insert=35:quote=x'])(
    'sees that %s gives other messages',
    (palette) => {
      expect(paletteChanges(palette, plain.get(compiler) ?? '')).toBe(true);
      expect(messagesOf(compiler, palette)).not.toBe(plain.get(compiler));
    },
  );

  it('never takes other messages for the same', () => {
    const seed = Math.floor(Math.random() * 1e9);
    let state = seed;
    const pick = <T>(from: readonly [T, ...T[]]): T => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return from[Math.floor((state / 2 ** 32) * from.length)] ?? from[0];
    };
    for (let round = 0; round < 40; round += 1) {
      const entries = Array.from({ length: 3 }, () => {
        const name = pick([
          'error',
          'warning',
          'note',
          'path',
          'locus',
          'quote',
          'range1',
          'range2',
          'caret',
          'fixit-insert',
          'x',
        ]);
        return (
          name + pick(['=', '=', '=', '']) + pick(['01', '01;31', '01;35', '01;36', '32', '34', '', ';', 'a', '4='])
        );
      });
      const palette = entries.join(':');
      const same = messagesOf(compiler, palette) === plain.get(compiler);
      const changes = paletteChanges(palette, plain.get(compiler) ?? '');
      expect(`seed ${seed}, ${palette}: ${!same && !changes}`).toBe(`seed ${seed}, ${palette}: false`);
    }
  });
});

describe('paletteChanges()', () => {
  it('counts what it does not know as a change, where there are colours', () => {
    expect(paletteChanges('new-in-gcc-99=04', 'a.c:1: \x1b[01mx\x1b[m')).toBe(true);
    expect(paletteChanges('error=04', 'a.c:1: error: x')).toBe(false);
  });
});
