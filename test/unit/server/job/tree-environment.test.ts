import { describe, expect, it } from 'vitest';
import { treeEnvironment } from '../../../../src/server/job/tree-environment.ts';

const own = ['PATH=/usr/bin', 'LC_ALL=C.UTF-8', 'TMPDIR=/.job', 'PWD=/srv'];
const locales = new Set(['C', 'C.utf8', 'de_DE.utf8', 'en_GB.iso88591']);
/** What is there beyond the service's own variables and the directory. */
const more = (...clients: string[]): string[] =>
  treeEnvironment(own, clients, { directory: '/home/me', locales }).slice(3);

describe('treeEnvironment()', () => {
  it("has the service's variables but for its language, and the client's directory", () => {
    expect(treeEnvironment(own, [], { directory: '/home/me/way', locales })).toEqual([
      'PATH=/usr/bin',
      'TMPDIR=/.job',
      'PWD=/home/me/way',
    ]);
  });

  it('has what the client has for headers, time and language, and nothing else of it', () => {
    const good = ['CPATH=a:b', 'C_INCLUDE_PATH=', 'CPLUS_INCLUDE_PATH=x', 'OBJC_INCLUDE_PATH=y', 'SOURCE_DATE_EPOCH=0'];
    expect(more(...good)).toEqual(good);
    expect(
      more('PATH=/x', 'LD_PRELOAD=x.so', 'GCC_EXEC_PREFIX=/', 'COMPILER_PATH=/', 'CPATHS=x', 'PWD=/etc', ''),
    ).toEqual([]);
    expect(more('DEPENDENCIES_OUTPUT=d', 'CCC_OVERRIDE_OPTIONS=x', 'TMPDIR=/', 'LOCPATH=/', 'lc_all=C')).toEqual([]);
  });

  it('names no file by a language', () => {
    expect(more('LANGUAGE=../../home/me', 'LC_ALL=/home/me', 'LANG=C/../x')).toEqual([]);
    expect(more('LANGUAGE=de:en', 'LC_ALL=', 'LANG=C')).toEqual(['LANGUAGE=de:en', 'LC_ALL=', 'LANG=C']);
  });

  it.each([
    [['LANG=de_DE.UTF-8'], ['LANG=de_DE.UTF-8']],
    [['LANG=C.UTF-8'], ['LANG=C.UTF-8']],
    [['LANG=en_GB.ISO-8859-1'], ['LANG=en_GB.ISO-8859-1']],
    [['LANG=fr_FR.ISO-8859-1'], ['LANG=fr_FR.ISO-8859-1']],
    [['LANG=fr_FR.UTF-8'], ['LANG=C.UTF-8', 'LANGUAGE=fr_FR:fr']],
    [['LANG=fr_FR.utf8@euro'], ['LANG=C.UTF-8', 'LANGUAGE=fr_FR:fr']],
    [
      ['LANG=fr_FR.UTF-8', 'LANGUAGE=de'],
      ['LANG=C.UTF-8', 'LANGUAGE=de'],
    ],
    [
      ['LANG=fr_FR.UTF-8', 'LC_MESSAGES=C'],
      ['LANG=C.UTF-8', 'LC_MESSAGES=C'],
    ],
    [
      ['LC_ALL=en_US.UTF-8', 'LANG=C'],
      ['LC_ALL=C.UTF-8', 'LANG=C', 'LANGUAGE=en_US:en'],
    ],
    [
      ['LANG=C', 'LC_CTYPE=en_US.UTF-8'],
      ['LANG=C', 'LC_CTYPE=C.UTF-8'],
    ],
  ])('speaks the language of %j with what is here: %j', (clients, expected) => {
    expect(more(...clients)).toEqual(expected);
  });
});
