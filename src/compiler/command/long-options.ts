/** Beginnings of gcc's long options and their short forms, the longest first; any other `--X` is `-fX`. */
const longForms: ReadonlyArray<readonly [string, string]> = [
  ['--machine-', '-m'],
  ['--machine=', '-m'],
  ['--debug=', '-g'],
  ['--optimize=', '-O'],
  ['--', '-f'],
];

/**
 * The short form, for gcc, of the long option at a position: `--stack-usage` is `-fstack-usage`. `undefined` for a
 * short option.
 */
export function shortOption(words: readonly string[], at: number): string | undefined {
  const word = words[at] ?? '';
  if (word === '--machine') return `-m${words[at + 1] ?? ''}`;
  const form = word === '--' ? undefined : longForms.find(([long]) => word.startsWith(long));
  return form === undefined ? undefined : `${form[1]}${word.slice(form[0].length)}`;
}
