import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coloured } from '../../../../src/compiler/messages/colour-words.ts';
import { needs } from '../../../support/needs.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'colours-'));
  writeFileSync(join(folder, 'a.c'), '#warning x\nint f(void) { int unused; return 1; }\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(words: readonly string[]): string {
  const [program = '', ...rest] = words;
  const { status, stderr } = spawnSync(program, rest, { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(0);
  return stderr;
}

const facts = { stderrIsTerminal: true, environment: { TERM: 'xterm' } };

describe('coloured()', () => {
  it.each(['gcc', 'g++', 'clang', 'clang++'].filter((name) => needs(name, name.replace('clang++', 'clang'))))(
    'colours the messages of %s, and changes nothing in its object',
    (name) => {
      for (const words of [
        ['-c'],
        ['-E'],
        ['-c', '-fdiagnostics-color=auto'],
        ['-c', '-g', '-O2', '-frecord-gcc-switches'],
      ]) {
        const command = [name, '-Wall', ...words, 'a.c', '-o', 'out'];
        expect(run(command)).not.toContain('\x1b');
        const plain = readFileSync(join(folder, 'out'));
        expect(run([...coloured(command, facts)])).toContain('\x1b[');
        expect(readFileSync(join(folder, 'out')).equals(plain) || words.includes('-frecord-gcc-switches')).toBe(true);
      }
    },
  );
});
