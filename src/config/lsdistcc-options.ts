import { defaultPort } from '../wire/port.ts';
import { readWholeNumber } from '../basics/whole-number.ts';

/** One option of lsdistcc: a letter, with its value joined to it as in distcc. */
interface LetterOption<T> {
  readonly help: string;
  readonly initial: T;
  /** The name of the value in the usage text; an option without one is a flag. */
  readonly value?: string;
  read(text: string): T | undefined;
}

function letterFlag(help: string): LetterOption<boolean> {
  return { help, initial: false, read: () => true };
}

interface NumberWords {
  readonly value: string;
  readonly help: string;
  readonly initial: number;
}

function letterNumber(words: NumberWords, least: number, most: number): LetterOption<number> {
  return { ...words, help: `${words.help} (${words.initial})`, read: (text) => readWholeNumber(text, least, most) };
}

/** Every option of lsdistcc (doc/distcc-behaviour.md, "lsdistcc"). */
export const searchOptions = {
  l: letterFlag('add how long the server took, in milliseconds'),
  n: letterFlag('show addresses instead of names'),
  x: letterFlag('also show servers that are down, with ",down"'),
  d: letterFlag('add the DNS domain of this machine to each name'),
  v: letterFlag('report on stderr what happens'),
  p: {
    value: 'COMPILER',
    help: 'have each server compile a line of C with this compiler (no compile)',
    initial: '',
    read: (text: string): string | undefined => (text === '' ? undefined : text),
  },
  P: letterNumber(
    { value: 'VERSION', help: 'protocol of that compile, 2 adds ",lzo" and 3 ",lzo,cpp" to each host', initial: 1 },
    1,
    3,
  ),
  r: letterNumber({ value: 'PORT', help: 'port of the servers', initial: defaultPort }, 1, 65535),
  t: letterNumber(
    { value: 'SECONDS', help: 'end after this time, even without all answers; 0 for never', initial: 7 },
    0,
    86_400,
  ),
  c: letterNumber({ value: 'MS', help: 'how long a connection may take; 0 makes none', initial: 900 }, 0, 3_600_000),
  k: letterNumber(
    { value: 'MS', help: 'how long a compile may take; 0 compiles nothing', initial: 1500 },
    0,
    3_600_000,
  ),
  h: letterNumber(
    { value: 'MS', help: 'a name that is not found in five times this long counts as not found', initial: 500 },
    0,
    3_600_000,
  ),
  m: letterNumber(
    { value: 'BITS', help: 'leave out addresses that differ from the first one in this many leading bits', initial: 0 },
    0,
    31,
  ),
  o: letterNumber({ value: 'N', help: 'look up this many names besides the first at a time', initial: 1 }, 0, 500),
  g: letterNumber(
    { value: 'N', help: 'numbered names that may be missing before the search ends', initial: 0 },
    0,
    500,
  ),
} as const satisfies Readonly<Record<string, LetterOption<string | number | boolean>>>;

type Letter = keyof typeof searchOptions;

/** The values of lsdistcc's options, by letter. */
export type SearchOptions = {
  readonly [Name in Letter]: (typeof searchOptions)[Name] extends LetterOption<infer T> ? T : never;
};

/** lsdistcc's command line. `pattern` makes numbered names; without any words it is `distcc%d`. */
export type SearchWords = { readonly options: SearchOptions } & (
  { readonly names: readonly string[] } | { readonly pattern: string }
);

/** The exit statuses of lsdistcc: `found` when a name exists, `nothing` when none does or the words are wrong. */
export const searchStatus = { found: 0, nothing: 1 } as const;

const isLetter = (letter: string): letter is Letter => Object.hasOwn(searchOptions, letter);

const letters: readonly [string, { value?: string; help: string }][] = Object.entries(searchOptions);

/** What lsdistcc prints when its words are wrong. */
export const searchUsage = [
  'Usage: lsdistcc [options] [HOST... | FORMAT]',
  '',
  'Looks for distcc servers among the hosts that are named, or among those that a FORMAT such as "build%d" makes with 1, 2, 3 and so',
  'on (distcc%d), and prints those that answer, as DISTCC_HOSTS takes them. Options come first.',
  '',
  ...letters.map(([letter, { value = '', help }]) => `  ${`-${letter}${value}`.padEnd(12)}${help}`),
  '  --version   print the version and exit',
  '',
].join('\n');

/** Splits option words into letters with their values: flags may stand together, and a value may be the next word. */
function* lettersOf(words: string[]): Generator<readonly [string, string]> {
  while (words[0]?.startsWith('-') === true) {
    const word = (words.shift() ?? '').slice(1);
    if (word === '') yield ['', ''];
    for (let at = 0; at < word.length; at += 1) {
      const letter = word.charAt(at);
      if (!isLetter(letter) || !('value' in searchOptions[letter])) {
        yield [letter, ''];
        continue;
      }
      const joined = word.slice(at + 1);
      yield [letter, joined === '' ? (words.shift() ?? '') : joined];
      break;
    }
  }
}

/** Reads lsdistcc's words; undefined when they are wrong. */
export function readSearchWords(argv: readonly string[]): SearchWords | undefined {
  const words = [...argv];
  const values = new Map<string, unknown>(
    Object.entries(searchOptions).map(([letter, { initial }]) => [letter, initial]),
  );
  for (const [letter, text] of lettersOf(words)) {
    const value = isLetter(letter) ? searchOptions[letter].read(text) : undefined;
    if (value === undefined) return undefined;
    values.set(letter, value);
  }
  if (words.some((word) => word === '' || word.startsWith('-'))) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value was just read by its own option
  const options = Object.fromEntries(values) as unknown as SearchOptions;
  const [first = 'distcc%d'] = words;
  return first.includes('%d') ? { options, pattern: first } : { options, names: words };
}
