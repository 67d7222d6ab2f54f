import { describe, expect, it } from 'vitest';
import { canRedraw, lookOf } from '../../../../src/monitor/terminal/terminal-look.ts';

describe('canRedraw()', () => {
  it.each([
    ['xterm', true],
    ['linux', true],
    ['dumb', false],
    ['', false],
    [undefined, false],
  ])('of TERM %s is %s', (TERM, answer) => {
    expect(canRedraw({ TERM })).toBe(answer);
  });
});

describe('lookOf()', () => {
  it.each([
    [{}, { unicode: false, colours: true }],
    [{ LANG: 'de_DE.UTF-8' }, { unicode: true, colours: true }],
    [
      { LANG: 'de_DE.UTF-8', LC_ALL: 'C' },
      { unicode: false, colours: true },
    ],
    [
      { LANG: 'de_DE.UTF-8', LC_CTYPE: 'de_DE', LC_ALL: '' },
      { unicode: false, colours: true },
    ],
    [
      { LC_CTYPE: 'C.utf8', NO_COLOR: '' },
      { unicode: true, colours: true },
    ],
    [
      { LANG: 'C', NO_COLOR: '0' },
      { unicode: false, colours: false },
    ],
  ])('of %j', (environment, look) => {
    expect(lookOf(environment)).toEqual(look);
  });
});
