import { expandPreprocessorWord } from '../../compiler/command/preprocessor-words.ts';
import { isLanguageByName, isPreprocessedLanguage } from '../../compiler/names/languages.ts';
import { baseName } from '../../compiler/names/source-name.ts';
import { readDefinition } from './asking-macros.ts';
import { readingsOf } from './clean-text.ts';
import { readObstacles } from './text-facts.ts';
import type { Obstacles } from './text-facts.ts';

/** What a command's words mean to the scanner. */
export interface ScannedCommand {
  /** As after `-x`. */
  readonly language: string;
  /** Words that have the compiler tell where it looks for headers, the compiler first. */
  readonly question: readonly string[];
  /** Words that have it list what a compile reads as a rule of make, with the target "x". */
  readonly listing: readonly string[];
  /** Files that are read before the source, by `-include` and `-imacros`. */
  readonly forced: readonly string[];
  /** Macros of the command line; a body is undefined for one with parameters. */
  readonly definitions: ReadonlyMap<string, readonly (string | undefined)[]>;
  /** The same as directive lines. */
  readonly lines: readonly string[];
  /** What in their bodies has to be preprocessed here. */
  readonly obstacles: Obstacles;
  /** Directories that the compiler searches for `#embed`. */
  readonly embedDirectories: readonly string[];
}

const languages: Readonly<Record<string, string>> = {
  C: 'c++',
  M: 'objective-c++',
  c: 'c',
  'c++': 'c++',
  cc: 'c++',
  cp: 'c++',
  cpp: 'c++',
  cxx: 'c++',
  m: 'objective-c',
  mm: 'objective-c++',
};

/** The language of a source by its name; the drivers of C++ compile C as C++. */
function languageByName(source: string, compiler: string): string | undefined {
  const name = baseName(source);
  const extension = name.slice(name.lastIndexOf('.') + 1);
  const language = Object.hasOwn(languages, extension) ? languages[extension] : undefined;
  return language === 'c' && /\+\+(?:-[0-9.]+)?$/.test(baseName(compiler)) ? 'c++' : language;
}

/**
 * Options that say nothing about headers and differ between the commands of one project; their value goes with them.
 */
const droppedWithValue: ReadonlySet<string> = new Set(['-MF', '-MJ', '-MQ', '-MT', '-o', '--output', '-U', '-l', '-L']);
const dropped = /^(?:-[cSEPCHv]|-CC|-d[A-Z]+|-M[DGMP]*|-M[FJQT].+|-o.+|-W.*|-w|-U.+|-g(?!cc).*|-l.+|-L.+|-pipe)$/;
/** Options that keep their value. */
const keptWithValue: ReadonlySet<string> = new Set([
  '--param',
  '--sysroot',
  '-A',
  '-B',
  '-F',
  '-I',
  '-T',
  '-Xassembler',
  '-Xclang',
  '-Xlinker',
  '-arch',
  '-cxx-isystem',
  '-idirafter',
  '-iframework',
  '-imultilib',
  '-iprefix',
  '-iquote',
  '-isysroot',
  '-isystem',
  '-isystem-after',
  '-iwithprefix',
  '-iwithprefixbefore',
  '-mllvm',
  '-stdlib++-isystem',
  '-target',
  '-u',
  '-z',
]);
/** Options under which headers are found or read in another way than the scanner's. */
const hinders =
  /^(?:-I-|-{1,2}traditional(?:-cpp)?|-fpreprocessed|-remap|-include-pch|-{1,2}(?:iv|v)fsoverlay.*|-fms-compatibility.*|-fmodules.*|-fdirectives-only|-fpch-.*)$/;

/** Both compilers' long form of `-D`; they take no value from the next word. */
const longDefinition = '--define-macro=';

/** Options of the preprocessor that name a file to be read first. */
const forcing = /^--?(include|imacros)(?:=(.+))?$/;

interface Word {
  readonly text: string;
  /** It stands in a word for the preprocessor, and goes there again. */
  readonly inner: boolean;
}

function* flatten(argv: readonly string[]): Generator<Word> {
  for (let at = 1; at < argv.length; at += 1) {
    const text = argv[at] ?? '';
    if (text === '-Xpreprocessor' && at + 1 < argv.length) {
      at += 1;
      yield { text: argv[at] ?? '', inner: true };
    } else {
      const words = expandPreprocessorWord(text);
      for (const word of words) yield { text: word, inner: text.startsWith('-Wp,') };
    }
  }
}

/** The directive line that `NAME`, `NAME=BODY` or `NAME(x)=BODY` after -D stands for. */
function definingLine(text: string): string {
  const equals = text.indexOf('=');
  return equals === -1 ? `define ${text} 1` : `define ${text.slice(0, equals)} ${text.slice(equals + 1)}`;
}

class Reader {
  readonly kept: string[] = [];
  readonly listed: string[] = [];
  readonly forced: string[] = [];
  readonly definitions = new Map<string, (string | undefined)[]>();
  readonly lines: string[] = [];
  readonly bodies: string[] = [];
  readonly embedDirectories: string[] = [];
  language: string | undefined;
  obstacle: string | undefined;
  readonly #words: readonly Word[];
  readonly #source: string;
  #sourceSeen = false;

  constructor(argv: readonly string[], source: string) {
    this.#words = [...flatten(argv)];
    this.#source = source;
    let at = 0;
    while (at < this.#words.length) at += this.#read(at);
  }

  #pass(list: string[], word: Word | undefined): void {
    if (word !== undefined) list.push(...(word.inner ? ['-Xpreprocessor'] : []), word.text);
  }

  /** Reads the word at an index; gives the number of words that it took. */
  #read(at: number): number {
    const word = this.#words[at];
    const next = this.#words[at + 1];
    if (word === undefined) return 1;
    const { text } = word;
    if (hinders.test(text)) this.obstacle ??= `"${text}" changes how headers are found or read`;
    const forced = this.#readForced(at);
    if (forced > 0) return forced;
    if (text.startsWith('-D') || text.startsWith(longDefinition)) return this.#readDefinition(word, next);
    if (text.startsWith('-x')) return this.#readLanguage(text, next);
    if (text.startsWith('--embed-dir=')) this.embedDirectories.push(text.slice('--embed-dir='.length));
    if (droppedWithValue.has(text)) {
      if (text === '-U') for (const one of [word, next]) this.#pass(this.listed, one);
      return 2;
    }
    if (dropped.test(text)) {
      if (text.startsWith('-U')) this.#pass(this.listed, word);
      return 1;
    }
    if (!text.startsWith('-')) {
      if (text === this.#source) this.#sourceSeen = true;
      return 1;
    }
    const length = keptWithValue.has(text) ? 2 : 1;
    for (const one of length === 2 ? [word, next] : [word]) {
      this.#pass(this.kept, one);
      this.#pass(this.listed, one);
    }
    return length;
  }

  /** Reads `-include FILE` in its spellings; 0 for another word. */
  #readForced(at: number): number {
    const words = this.#words.slice(at, at + 4);
    const [first, second, third, fourth] = words.map(({ text }) => text);
    if (first === '-Xclang' && forcing.test(second ?? '') && third === '-Xclang') {
      this.forced.push(fourth ?? '');
      for (const word of words) this.#pass(this.listed, word);
      return 4;
    }
    const [, option, value] = forcing.exec(first ?? '') ?? [];
    // "-includex.h" is x.h, but "-include-pch" and its like are options.
    const joined = /^-(?:include|imacros)([^-=].*)$/.exec(first ?? '')?.[1];
    const name = value ?? joined ?? (option === undefined ? undefined : second);
    if (name === undefined) return 0;
    const length = value === undefined && joined === undefined ? 2 : 1;
    this.forced.push(name);
    for (const word of words.slice(0, length)) this.#pass(this.listed, word);
    return length;
  }

  #readDefinition(word: Word, next: Word | undefined): number {
    const apart = word.text === '-D';
    const { length } = word.text.startsWith(longDefinition) ? longDefinition : '-D';
    const line = definingLine(apart ? (next?.text ?? '') : word.text.slice(length));
    const { name, parameters, body } = readDefinition(line.slice('define'.length)) ?? { name: '', body: '' };
    const bodies = this.definitions.get(name) ?? [];
    this.definitions.set(name, [...bodies, parameters === undefined ? body : undefined]);
    this.lines.push(line);
    this.bodies.push(body);
    for (const one of apart ? [word, next] : [word]) this.#pass(this.listed, one);
    return apart ? 2 : 1;
  }

  #readLanguage(text: string, next: Word | undefined): number {
    const language = text === '-x' ? next?.text : text.slice(2);
    if (!this.#sourceSeen) this.language = language === undefined || isLanguageByName(language) ? undefined : language;
    return text === '-x' ? 2 : 1;
  }
}

/** Reads a command that is to compile a source; a string tells why the scanner cannot follow it. */
export function readCommand(argv: readonly string[], source: string): ScannedCommand | string {
  const [compiler = ''] = argv;
  const reader = new Reader(argv, source);
  const language = reader.language ?? languageByName(source, compiler);
  if (reader.obstacle !== undefined) return reader.obstacle;
  if (language === undefined || isPreprocessedLanguage(language)) return `"${source}" has been preprocessed already`;
  const { kept, listed, forced, definitions, lines, bodies, embedDirectories } = reader;
  // A macro's own name is of no interest: builds define __DATE__ as nothing.
  const obstacles = readObstacles(readingsOf(Buffer.from(bodies.join('\n'), 'latin1')), []);
  // Warnings are wanted: they tell of directories that are none.
  const question = [compiler, ...kept, '-Wno-error', '-E', '-v', '-dD', '-x', language, '/dev/null'];
  const listing = [compiler, ...listed, '-w', '-M', '-MT', 'x', '-x', language, source];
  return { language, question, listing, forced, definitions, lines, obstacles, embedDirectories };
}
