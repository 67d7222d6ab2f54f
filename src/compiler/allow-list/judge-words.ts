import { finish } from '../../basics/steps.ts';
import type { Steps } from '../../basics/steps.ts';
import type { RemoteVerdict } from '../verdict.ts';
import { handedOnAs, readOption } from './canonical-word.ts';
import type { SpokenOption } from './canonical-word.ts';
import { handedOnOptions } from './handed-on-options.ts';
import { languageOfSource, spokenLanguage } from './job-language.ts';
import type { JobLanguage } from './job-language.ts';
import { needlessWordsAt } from './needless-options.ts';
import { isPermittedOption } from './permitted-options.ts';
import { reasonAgainst } from './refused-reasons.ts';
import type { Grammar } from './value-grammars.ts';

/**
 * An option that is refused, as an administrator would permit it, and what it does, as the end of a sentence that
 * begins with it.
 */
export interface RefusedOption {
  readonly option: string;
  readonly because: string;
}

/** Options that an administrator adds to the allow list. */
export type PermittedByAdministrator = (option: string) => boolean;

/**
 * What a client's command comes to: the words that its compiler gets besides the server's own, or the word that is
 * refused.
 */
export type Judgement =
  | { readonly words: readonly string[]; readonly language: JobLanguage; readonly refused?: undefined }
  | { readonly refused: RefusedOption };

/** Nothing beyond the table. */
export const nothingMore: PermittedByAdministrator = () => false;

/** Reads `--permit-option`: each word permits itself, and any value after it when it ends in `=`. */
export function readPermittedOptions(options: readonly string[]): PermittedByAdministrator {
  const words = new Set(options.map((option) => canonicalText(readOption([option], 0))));
  return (option) => words.has(option) || words.has(option.slice(0, option.indexOf('=') + 1));
}

function canonicalText({ part, words }: SpokenOption): string {
  return handedOnAs[part] + words.join(',');
}

/**
 * What a server compiles: text that has been preprocessed, for which it writes the command itself; or the client's own
 * files, in a root where nothing else is, by the client's words.
 */
export type CompiledFrom = 'text' | 'files';

/** Goes through a command once, from left to right. */
class Judge {
  readonly #from: CompiledFrom;
  readonly #command: readonly string[];
  readonly #verdict: RemoteVerdict;
  readonly #permitted: PermittedByAdministrator;
  readonly #kept: string[] = [];
  /** What the next word has to be when a word for a part of the compiler takes it for its value. */
  #due: { readonly part: SpokenOption['part']; readonly value: Grammar; readonly option: string } | undefined;
  #language: JobLanguage | 'by name' = 'by name';
  /** What `--driver-mode` says of C++. */
  #forCxx: boolean | undefined;
  #sawSource = false;

  constructor(verdict: RemoteVerdict, permitted: PermittedByAdministrator, from: CompiledFrom) {
    this.#from = from;
    this.#command = verdict.words;
    this.#verdict = verdict;
    this.#permitted = permitted;
  }

  *judge(): Steps<Judgement> {
    let at = 1;
    while (at < this.#command.length) {
      const step = this.#own(at) ?? (yield* this.#read(at));
      yield;
      if (typeof step !== 'number') return { refused: step };
      at += step;
    }
    if (this.#due !== undefined) return { refused: { option: this.#due.option, because: 'lacks its value' } };
    const { source } = this.#verdict;
    const compiler = this.#command[0] ?? '';
    const language = this.#language === 'by name' ? this.#languageByName(source, compiler) : this.#language;
    // An option took the source, or the word in its place, for its value.
    if (!this.#sawSource || language === undefined)
      return { refused: { option: source, because: 'would not be what the compiler compiles' } };
    return { words: this.#kept, language };
  }

  /** Files keep their names, which the compiler goes by: none of them is anything but a source. */
  #languageByName(source: string, compiler: string): JobLanguage | undefined {
    return languageOfSource(source, compiler, this.#forCxx) ?? (this.#from === 'files' ? 'assembler' : undefined);
  }

  /**
   * The number of words when these are among those that the server writes itself: the source, the output, `-c` and
   * `-S`.
   */
  #own(at: number): number | undefined {
    const { sourceAt, outputAt, joined } = this.#verdict;
    const word = this.#command[at] ?? '';
    // A word is due: what stands here now is not what it seems.
    if (this.#due !== undefined) return undefined;
    if (at === sourceAt) {
      this.#sawSource = true;
      return 1;
    }
    if (at === outputAt && joined) return 1;
    if (at === outputAt - 1 && !joined && word === '-o') return 2;
    return word === '-c' || word === '-S' ? 1 : undefined;
  }

  *#read(at: number): Steps<number | RefusedOption> {
    const word = this.#command[at] ?? '';
    // gcc, clang and as put a file's words in the place of such a word wherever it stands.
    if (word.startsWith('@')) return refusedWord(word);
    const spoken = readOption(this.#command, at);
    const { part, words, length } = spoken;
    if (this.#due !== undefined && this.#due.part !== part)
      return { option: this.#due.option, because: 'lacks its value' };
    if (length === 2 && (this.#command[at + 1] ?? '').startsWith('@')) return refusedWord(this.#command[at + 1] ?? '');
    if (this.#from === 'files' && word.startsWith('-Wp,')) return (yield* readPreprocessorWords(word)) ?? 1;
    const refused =
      part === 'driver' ? this.#readDriverWord(at, words[0] ?? '') : yield* this.#readHandedOn(part, words);
    if (typeof refused === 'number') return refused;
    if (refused !== undefined && !this.#permitted(canonicalText(spoken))) return refused;
    this.#kept.push(...this.#command.slice(at, at + length));
    return length;
  }

  /** What a word of the driver's is: one that is left out, and with how many words; one to refuse; or one to keep. */
  #readDriverWord(at: number, word: string): number | RefusedOption | undefined {
    if (word.startsWith('-x')) return this.#readLanguage(at, word.slice('-x'.length));
    const needless = needlessWordsAt(this.#command, at, word);
    if (needless > 0) return needless;
    if (word.startsWith('--driver-mode=')) this.#forCxx = word === '--driver-mode=g++';
    return isPermittedOption(word) ? undefined : refusedWord(word);
  }

  /** The language is for the server to write, and holds for the sources after it. */
  #readLanguage(at: number, name: string): number | RefusedOption {
    const language = this.#from === 'files' && name === 'assembler-with-cpp' ? 'assembler' : spokenLanguage(name);
    const apart = this.#command[at] === '-x';
    // Assembler is served as clients send it, and they send the language as a word of its own.
    if (language === undefined || (language === 'assembler' && !apart)) return refusedWord(`-x${name}`);
    if (!this.#sawSource) this.#language = language;
    return apart ? 2 : 1;
  }

  *#readHandedOn(
    part: Exclude<SpokenOption['part'], 'driver'>,
    words: readonly string[],
  ): Steps<RefusedOption | undefined> {
    const { alone, withNext } = handedOnOptions[part];
    for (const word of words) {
      yield;
      const option = handedOnAs[part] + word;
      const due = this.#due;
      this.#due = undefined;
      if (due !== undefined) {
        if (!due.value(word)) return { option, because: `is not a value that the allow list knows for ${due.option}` };
        continue;
      }
      const value = withNext.get(word);
      if (value !== undefined) this.#due = { part, value, option };
      else if (!alone(word) && !this.#permitted(option)) return refusedWord(option);
    }
    return undefined;
  }
}

/** Words for the preprocessor alone, between commas: those that a compile of text leaves out. */
function* readPreprocessorWords(word: string): Steps<RefusedOption | undefined> {
  const parts = word.split(',');
  for (let at = 1; at < parts.length;) {
    yield;
    const part = parts[at] ?? '';
    // The dependency file is the next word here.
    const length = part === '-MD' || part === '-MMD' ? 2 : needlessWordsAt(parts, at, part);
    if (length === 0) return refusedWord(word);
    at += length;
  }
  return undefined;
}

const refusedWord = (option: string): RefusedOption => ({ option, because: reasonAgainst(option) });

/**
 * Judges a client's command by the allow list, in one pass: every word is the source, the output, an option that is
 * permitted, or one that the server leaves out; the first that is nothing of that is refused.
 */
export function judgeWords(verdict: RemoteVerdict, permitted: PermittedByAdministrator = nothingMore): Judgement {
  return finish(judgeInSteps(verdict, permitted));
}

/** The same in steps: the words of a stranger can be many, and long. */
export function judgeInSteps(
  verdict: RemoteVerdict,
  permitted: PermittedByAdministrator,
  from: CompiledFrom = 'text',
): Steps<Judgement> {
  return new Judge(verdict, permitted, from).judge();
}

/** The first option of a command that servers refuse which permit these options and the table's. */
export function refusedOption(verdict: RemoteVerdict, permitted = nothingMore): RefusedOption | undefined {
  return judgeWords(verdict, permitted).refused;
}
