/** Whether a text is a value of some kind, the whole of it. */
export type Grammar = (value: string) => boolean;

/** A grammar by a pattern, which has to match the whole value: a longer tail is another value. */
export function matching(pattern: RegExp): Grammar {
  const whole = new RegExp(`^(?:${pattern.source})$`);
  // "$" also matches in front of a line break at the end.
  return (value) => !value.includes('\n') && whole.test(value);
}

/** A grammar of a few spelt-out words. */
export function oneOf(...words: readonly string[]): Grammar {
  const known = new Set(words);
  return (value) => known.has(value);
}

/** A decimal number. */
export const number: Grammar = matching(/[0-9]{1,20}/);

/**
 * Letters, digits and some signs: no slash, no `=`, no comma, no blank, and no dot or dash in front, so that it is
 * neither a path nor an option.
 */
export const word: Grammar = matching(/[A-Za-z0-9_+][A-Za-z0-9_.+:-]*/);

/** One word or several with commas between them; each may begin with `-` or `!`, which takes it out of a set. */
const wordList: Grammar = matching(/[A-Za-z0-9_+!-][A-Za-z0-9_.+:!-]*(?:,[A-Za-z0-9_+!-][A-Za-z0-9_.+:!-]*)*/);

/** As `wordList`, or nothing at all. */
export const optionalWordList: Grammar = (value) => value === '' || wordList(value);

/** A language standard: `c11`, `gnu++20`, `iso9899:1999`. */
export const standard: Grammar = matching(/[a-z][0-9a-z+:]*/);

/**
 * The name of a target: clang looks for a configuration file and for programs of that name, so that a slash would lead
 * to a client's.
 */
export const targetName: Grammar = matching(/[A-Za-z0-9_][A-Za-z0-9_.+-]*/);

/** A text that is written down and never opened, such as `OLD=NEW` of a path map: anything but control characters. */
// oxlint-disable-next-line no-control-regex -- those are the ones that it must not hold
export const text: Grammar = matching(/[^\x00-\x1f\x7f]*/);

/** A directory that is written down, in a word of its own: it must be no option, and no file of options. */
export const directoryName: Grammar = (value) => value !== '' && !/^[-@]/.test(value) && text(value);

/** `NAME=VALUE` of `--param`. */
export const parameter: Grammar = matching(/[a-z][a-z0-9-]*=[A-Za-z0-9_+-][A-Za-z0-9_.+:-]*/);
