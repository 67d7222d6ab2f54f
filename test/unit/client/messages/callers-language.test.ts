import { describe, expect, it } from 'vitest';
import {
  callerIsUtf8,
  inCallersCharset,
  languagesBeforeEnglish,
  repeatForLanguage,
} from '../../../../src/client/messages/callers-language.ts';

describe('callerIsUtf8()', () => {
  it.each<readonly [Readonly<Record<string, string>>, boolean]>([
    [{}, false],
    [{ LANG: 'C' }, false],
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'de_DE.utf8' }, true],
    [{ LANG: 'de_DE.UTF-8@euro' }, true],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, true],
    [{ LANG: 'en_US.UTF-8', LC_ALL: '', LC_CTYPE: '' }, true],
  ])('reads %j', (environment, expected) => expect(callerIsUtf8(environment)).toBe(expected));
});

describe('inCallersCharset()', () => {
  const text = (bytes: Buffer): string => bytes.toString();

  it('writes quotes as gcc does outside UTF-8', () => {
    const messages = Buffer.from('a.c: In function ‘f’:\na.c:1:5: warning: unused variable ‘x’ [-Wunused]\n');
    expect(text(inCallersCharset(messages, false))).toBe(
      "a.c: In function 'f':\na.c:1:5: warning: unused variable 'x' [-Wunused]\n",
    );
    expect(inCallersCharset(messages, true)).toBe(messages);
  });

  it('leaves other characters, and lines of the source', () => {
    const messages = Buffer.from('x – “ü”\n    1 | char *s = "‘";\n      |       ^‘\n‘');
    expect(text(inCallersCharset(messages, false))).toBe('x – “ü”\n    1 | char *s = "‘";\n      |       ^‘\n\'');
  });

  it('takes time in proportion to the text', () => {
    expect(inCallersCharset(Buffer.from('‘'.repeat(2_000_000)), false).length).toBe(2_000_000);
    expect(inCallersCharset(Buffer.from('‘\n'.repeat(2_000_000)), false).length).toBe(4_000_000);
  });
});

describe('languagesBeforeEnglish()', () => {
  it.each<readonly [Readonly<Record<string, string>>, readonly string[]]>([
    [{}, []],
    [{ LANG: 'C.UTF-8', LANGUAGE: 'de' }, []],
    [{ LANG: 'en_US.UTF-8' }, []],
    [{ LANG: 'de_AT.UTF-8' }, ['de_AT', 'de']],
    [{ LANG: 'de_DE.UTF-8', LC_MESSAGES: 'C' }, []],
    [{ LANG: 'C', LC_ALL: 'fr_FR' }, ['fr_FR', 'fr']],
    [{ LANG: 'en_US.UTF-8', LANGUAGE: 'ja:en:fr' }, ['ja']],
    [{ LANG: 'de_DE.UTF-8', LANGUAGE: 'en_GB:de' }, []],
    [{ LANG: 'de_DE.UTF-8', LANGUAGE: '' }, ['de_DE', 'de']],
    [{ LANG: 'sr_RS@latin' }, ['sr_RS', 'sr']],
  ])('reads %j', (environment, expected) => expect(languagesBeforeEnglish(environment)).toEqual(expected));
});

describe('repeatForLanguage()', () => {
  const told = { compiler: 'gcc', messages: Buffer.from('warning'), environment: { LANG: 'de_DE.UTF-8' } };
  const german = (language: string): boolean => language === 'de';

  it('gives the language that the compiler here speaks and hosts do not', () => {
    expect(repeatForLanguage(told, german)).toBe('de');
    expect(repeatForLanguage(told, () => false)).toBeUndefined();
    expect(repeatForLanguage({ ...told, messages: Buffer.alloc(0) }, german)).toBeUndefined();
    expect(repeatForLanguage({ ...told, environment: { LANG: 'fr_FR' } }, german)).toBeUndefined();
    expect(repeatForLanguage({ ...told, compiler: 'clang-19' }, german)).toBeUndefined();
  });
});
