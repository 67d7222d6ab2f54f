import { Command, CommanderError, Option } from 'commander';
import { Failure } from '../basics/failure.ts';
import { exitStatus } from '../basics/exit-status.ts';

/** One option of a program. Parser, `--help` and the test of the manual page all use this entry. */
export interface OptionEntry<T> {
  /** The letter, without its dash. */
  readonly short?: string;
  /** The name of the value in `--help`; an option without one is a flag. */
  readonly value?: string;
  readonly help: string;
  /** The value when the option is not given. */
  readonly initial: T;
  /** Adds one occurrence to the value so far; undefined when the text is not valid for this option. */
  add(text: string, soFar: T): T | undefined;
  /** What a valid value is, as the words after "expects". */
  readonly expects?: string;
}

/** A program's options by long name. */
export type OptionTable = Readonly<Record<string, OptionEntry<unknown>>>;

/** The values of a table's options. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly initial: infer T } ? T : never;
};

interface Words {
  readonly short?: string;
  readonly help: string;
}

/** An option without a value. */
export function flag(words: Words): OptionEntry<boolean> {
  return { ...words, initial: false, add: () => true };
}

/** An option with a value; the last occurrence counts. */
export function valued<T, U extends string | number | boolean | undefined>(
  words: Words & { value: string; initial: U; expects?: string; read: (text: string) => T | undefined },
): OptionEntry<T | U> {
  return { ...words, add: (text) => words.read(text) };
}

/** An option that may be given several times; its values are kept in order. */
export function repeated<T>(
  words: Words & { value: string; expects?: string; read: (text: string) => T | undefined },
): OptionEntry<readonly T[]> {
  return {
    ...words,
    initial: [],
    add: (text, soFar) => {
      const value = words.read(text);
      return value === undefined ? undefined : [...soFar, value];
    },
  };
}

/** What the parser needs to know about a program: its name, its options, and the texts of `--help` and `--version`. */
export interface ProgramWords<Table extends OptionTable> {
  readonly program: string;
  readonly table: Table;
  readonly usage: string;
  readonly version: string;
  /** Lines under the option list of `--help`. */
  readonly footer?: string;
  /** Options of distcc that this version lacks, each with what to do instead. */
  readonly missing?: Readonly<Record<string, string>>;
}

/** The result of reading: the options, and the words that are none; or a text to print instead of working. */
export type Reading<Table extends OptionTable> =
  { readonly options: OptionValues<Table>; readonly others: readonly string[] } | { readonly print: string };

const bad = (sentence: string): Failure => new Failure(exitStatus.badArguments, sentence);

const reasons: Readonly<Record<string, string>> = {
  'commander.unknownOption': 'unknown option',
  'commander.optionMissingArgument': 'missing argument',
};

/** `-p=4000` means `-p 4000`, as in distcc. A long option may have "=VALUE" only when it has a value. */
function normalize(table: OptionTable, words: readonly string[]): string[] {
  const shorts = new Set(Object.values(table).flatMap((entry) => (entry.value === undefined ? [] : [entry.short])));
  return words.map((word) => (/^-[a-zA-Z]=/.test(word) && shorts.has(word[1]) ? `-${word[1]}${word.slice(3)}` : word));
}

function refuseImpossible<Table extends OptionTable>(
  { table, missing = {} }: ProgramWords<Table>,
  words: readonly string[],
): void {
  for (const word of words) {
    if (word === '--') return;
    const [name = '', value] = word.startsWith('--') ? word.slice(2).split('=', 2) : [word.slice(1)];
    if (!word.startsWith('-')) continue;
    const cure = missing[name];
    if (cure !== undefined) throw bad(`--${name} is not supported by this version: ${cure}`);
    const entry = Object.hasOwn(table, name) ? table[name] : undefined;
    if (entry !== undefined && entry.value === undefined && value !== undefined) {
      throw bad(`--${name}: option does not take an argument`);
    }
  }
}

function commandOf<Table extends OptionTable>(
  words: ProgramWords<Table>,
  read: (name: string, text: string) => void,
): Command {
  const command = new Command(words.program)
    .usage(words.usage)
    .helpOption('--help', 'print this text and exit')
    .version(words.version, '--version', 'print the version and exit')
    .allowExcessArguments(true)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .configureHelp({ helpWidth: 100, sortOptions: false });
  for (const [name, entry] of Object.entries(words.table)) {
    const letter = entry.short === undefined ? '' : `-${entry.short}, `;
    const option = new Option(`${letter}--${name}${entry.value === undefined ? '' : ` <${entry.value}>`}`, entry.help);
    // In this table "--no-detach" is a plain name; Commander would read it as the negation of "--detach".
    option.negate = false;
    command.addOption(option);
    command.on(`option:${option.name()}`, (text: string | null) => read(name, text ?? ''));
  }
  return words.footer === undefined ? command : command.addHelpText('after', `\n${words.footer}`);
}

/**
 * Reads a program's command line by its table.
 * @throws Failure (status 101) with the word and what it should have been
 */
export function readOptions<Table extends OptionTable>(
  words: ProgramWords<Table>,
  argv: readonly string[],
): Reading<Table> {
  const values = new Map<string, unknown>(Object.entries(words.table).map(([name, entry]) => [name, entry.initial]));
  const command = commandOf(words, (name, text) => {
    const entry = words.table[name];
    const next = entry?.add(text, values.get(name));
    if (next === undefined) throw bad(`--${name} expects ${entry?.expects ?? 'another value'}, not "${text}"`);
    values.set(name, next);
  });
  refuseImpossible(words, argv);
  try {
    command.parse(normalize(words.table, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') {
      return { print: `${words.version}\n\n${helpOf(command)}` };
    }
    if (error.code === 'commander.version') return { print: `${words.version}\n` };
    const word = /'([^' ]+)/.exec(error.message)?.[1] ?? '';
    const option = /'(?:-\w, )?(--?[\w-]+)/.exec(error.message)?.[1] ?? word;
    throw bad(`${option}: ${reasons[error.code] ?? error.message}`);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value was just read by its own option
  return { options: Object.fromEntries(values) as OptionValues<Table>, others: command.args };
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}
