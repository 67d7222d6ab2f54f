import { isClang } from '../../compiler/names/compiler-family.ts';
import type { Environment } from '../../config/client-environment.ts';

/**
 * The locale of one kind of text: the first variable that is set and not empty (POSIX, "Environment Variables",
 * section 8.2).
 */
function localeOf(kind: 'LC_CTYPE' | 'LC_MESSAGES', environment: Environment): string {
  return environment['LC_ALL'] || environment[kind] || environment['LANG'] || 'C';
}

/** Whether the caller's programs read and write UTF-8. */
export function callerIsUtf8(environment: Environment): boolean {
  return /\.utf-?8(?:@|$)/i.test(localeOf('LC_CTYPE', environment));
}

/** A line of the source that gcc shows below a message; quotes in it belong to the source. */
const sourceLine = /^ *\d* \| /;

const showsSource = (bytes: Buffer, start: number): boolean =>
  // Most lines of messages begin with a name.
  (bytes[start] ?? 0) <= 0x39 && sourceLine.test(bytes.toString('latin1', start, start + 24));

/** The first two bytes of ‘ and ’. */
const quoteStart = Buffer.from([0xe2, 0x80]);

/** Messages in the caller's character set: gcc puts names between ‘ and ’ in UTF-8, and between two ' elsewhere. */
export function inCallersCharset(bytes: Buffer, utf8: boolean): Buffer {
  if (utf8 || !bytes.includes(quoteStart)) return bytes;
  const made = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let inSource = showsSource(bytes, 0);
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x0a) inSource = showsSource(bytes, at + 1);
    const last = bytes[at + 2];
    const isQuote = byte === 0xe2 && bytes[at + 1] === 0x80 && (last === 0x98 || last === 0x99);
    if (isQuote && !inSource) at += 2;
    made[length] = isQuote && !inSource ? 0x27 : byte;
    length += 1;
  }
  return made.subarray(0, length);
}

/** The names that a locale's catalogue may have: `de_AT`, then `de`. */
function namesOf(locale: string): string[] {
  const name = locale.replace(/[.@].*$/, '');
  const [language = ''] = name.split('_');
  return language === name ? [name] : [name, language];
}

const isEnglish = (language: string): boolean => /^(?:C|POSIX|en)(?:[_.@]|$)/.test(language);

/** The languages that the caller prefers to English, best first (the GNU gettext manual, "The LANGUAGE variable"). */
export function languagesBeforeEnglish(environment: Environment): string[] {
  const locale = localeOf('LC_MESSAGES', environment);
  if (/^(?:C|POSIX)(?:\.|$)/.test(locale)) return [];
  const wished = (environment['LANGUAGE'] || locale).split(':').filter((language) => language !== '');
  const end = wished.findIndex(isEnglish);
  return wished.slice(0, end === -1 ? wished.length : end).flatMap(namesOf);
}

/** Whether this machine has a compiler's messages in a language. */
export type HasCatalogue = (language: string, compiler: string) => boolean;

/** What matters for the language of the messages of a compile on a host. */
export interface Told {
  readonly compiler: string;
  readonly messages: Buffer;
  readonly environment: Environment;
}

/**
 * The language for which a compile on a host is repeated here; undefined for none. Hosts answer in English, but gcc
 * here may speak the caller's language; clang has English only.
 */
export function repeatForLanguage(told: Told, hasCatalogue: HasCatalogue): string | undefined {
  if (told.messages.length === 0 || isClang(told.compiler)) return undefined;
  return languagesBeforeEnglish(told.environment).find((language) => hasCatalogue(language, told.compiler));
}
