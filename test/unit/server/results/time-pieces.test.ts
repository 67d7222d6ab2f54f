import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/basics/steps.ts';
import { makeTime, timePiecesInSource } from '../../../../src/server/results/time-pieces.ts';
import { expectLinear } from '../../../support/linear.ts';

const isIn = (text: string): boolean => makeTime(finish(timePiecesInSource(Buffer.from(text, 'latin1'))));

describe('the time of a compile', () => {
  it.each([
    'f(__DATE__)',
    'f(__TIME__)',
    'f(__TIMESTAMP__)',
    '// __TIME__',
    '__TI\\\nME__',
    '__TI\\ \t\r\nME__',
    '__\\\nTI\\\n\\\nME__',
    '__TI??/\nME__',
    'C(__TI,ME__)',
    '__TI##ME__',
    '__DA ## TE__',
    '__##TIME##__',
    '__TIME/**/STAMP__',
    '__TIMEST%:%:AMP__',
    'C(_, _TIME__)',
    'C(__T,IME__)',
    'C(__, TI, ME, __)',
  ])('is found in %j', (text) => {
    expect(isIn(text)).toBe(true);
    expect(isIn(`int a;\n${text}\nint b;\n`)).toBe(true);
  });

  it.each([
    '',
    'TIME',
    '__TIMER__ __DATES__',
    'x__TIME',
    '__TIMESIZE == 64',
    '/* Defines __TIME*_T_TYPE and __ */',
    '#define __A(x) __##x\nA I T M E _',
  ])('is not found in %j', (text) => expect(isIn(text)).toBe(false));

  it('is found wherever a long text is cut', () => {
    const line = `${'x'.repeat(62)};\n`;
    for (const more of [4090, 4094, 4095, 4096]) {
      const before = line.repeat(more);
      expect(isIn(`${before}__TI\\\n${'\\\n'.repeat(200)}ME__\n${line.repeat(5000)}`)).toBe(true);
      expect(isIn(`${before}__TI##A\n${line.repeat(5000)}ME__\n`)).toBe(true);
      expect(isIn(`${before}__TI##A\n${line.repeat(5000)}`)).toBe(false);
    }
  });

  it('may be in a line that is too long', () => {
    expect(isIn(`${'x'.repeat(300_000)}\n`)).toBe(true);
    expect(isIn(`int a;\n${'x\\\n'.repeat(100_000)}\n`)).toBe(true);
  });

  it('is not found in the headers of the C library', () => {
    const headers = ['/usr/include', '/usr/include/sys', '/usr/include/x86_64-linux-gnu/bits', '/usr/include/linux']
      .flatMap((folder) => readdirSafe(folder).map((name) => join(folder, name)))
      .filter((name) => name.endsWith('.h'));
    const found = headers.filter((name) => makeTime(finish(timePiecesInSource(readFileSync(name)))));
    expect(found).toEqual([]);
  });

  it.each(['\\', '\\\n', '??/', ' \\ ', '\n', '/\n', '__T', '_', 'T ', '*'])(
    'takes its share of time for %j again and again',
    (piece) => {
      expectLinear(isIn, (length) => piece.repeat(length / piece.length));
    },
  );
});

function readdirSafe(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
