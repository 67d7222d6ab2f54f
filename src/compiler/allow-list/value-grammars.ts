/** Whether a whole text is a value of some kind. */
export type Grammar = (value: string) => boolean;

/** A grammar from a pattern that has to match the whole value. */
export function matching(pattern: RegExp): Grammar {
  const whole = new RegExp(`^(?:${pattern.source})$`);
  // "$" would also match before a line break at the end.
  return (value) => !value.includes('\n') && whole.test(value);
}

/** A grammar of a few given words. */
export function oneOf(...words: readonly string[]): Grammar {
  const known = new Set(words);
  return (value) => known.has(value);
}

/** A decimal number. */
export const number: Grammar = matching(/[0-9]{1,20}/);

/**
 * Letters, digits and a few signs, but no slash, `=`, comma or blank, and no dot or dash in front: neither a path nor
 * an option.
 */
export const word: Grammar = matching(/[A-Za-z0-9_+][A-Za-z0-9_.+:-]*/);

/** One or more words with commas between them. A `-` or `!` in front of a word removes it from a set. */
const wordList: Grammar = matching(/[A-Za-z0-9_+!-][A-Za-z0-9_.+:!-]*(?:,[A-Za-z0-9_+!-][A-Za-z0-9_.+:!-]*)*/);

/** A `wordList` or an empty text. */
export const optionalWordList: Grammar = (value) => value === '' || wordList(value);

/** A language standard: `c11`, `gnu++20`, `iso9899:1999`. */
export const standard: Grammar = matching(/[a-z][0-9a-z+:]*/);

/**
 * The name of a target. It has no slash: clang looks for a configuration file and programs of that name, and a slash
 * would lead to other folders.
 */
export const targetName: Grammar = matching(/[A-Za-z0-9_][A-Za-z0-9_.+-]*/);

/**
 * A text that is only copied into the object and never opened, such as `OLD=NEW` of a path map: anything but control
 * characters.
 */
// oxlint-disable-next-line no-control-regex -- those are the ones that it must not hold
export const text: Grammar = matching(/[^\x00-\x1f\x7f]*/);

/**
 * A directory that is only copied into the object, as a separate word: it must not look like an option or a file of
 * options.
 */
export const directoryName: Grammar = (value) => value !== '' && !/^[-@]/.test(value) && text(value);

/** `NAME=VALUE` of `--param`. */
export const parameter: Grammar = matching(/[a-z][a-z0-9-]*=[A-Za-z0-9_+-][A-Za-z0-9_.+:-]*/);
