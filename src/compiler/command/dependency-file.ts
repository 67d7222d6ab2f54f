import { isClang } from '../names/compiler-family.ts';
import type { RemoteVerdict } from '../verdict.ts';

/**
 * The dependency file that `-MD` writes beside an output: the extension of its last part replaced by `.d` (`a/x.y.o`
 * gives `a/x.y.d`).
 */
export function dependencyFile(output: string): string {
  const slash = output.lastIndexOf('/');
  const dot = output.lastIndexOf('.');
  return `${dot > slash ? output.slice(0, dot) : output}.d`;
}

/** What a command asks for about its dependency file. */
export interface DependencyWishes {
  /**
   * Whether the compiler's driver, not only its preprocessor, is told to write one: then file and target follow from
   * the output.
   */
  asked: boolean;
  file: boolean;
  target: boolean;
  /** The file, when `-MF` names it. */
  path: string | undefined;
  /** Words for the preprocessor that tell of the file. */
  readonly handedOn: string[];
  /** Whether `-MD` or `-MMD` stands as a word of its own. */
  plain: boolean;
}

/** Options whose next word is for a part of the compiler: `-MD` there does not count. */
const handsOn: ReadonlySet<string> = new Set(['-Xassembler', '-Xclang', '-Xlinker', '-Xpreprocessor']);

/** Reads what the words of a command, compiler first, say about its dependency file. */
export function dependencyWishes(words: readonly string[]): DependencyWishes {
  const clang = isClang(words[0] ?? '');
  const wishes: DependencyWishes = {
    asked: false,
    file: false,
    target: false,
    path: undefined,
    handedOn: [],
    plain: false,
  };
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '-MD' || word === '-MMD') {
      wishes.asked = true;
      wishes.plain = true;
    } else if (word.startsWith('-MF')) {
      wishes.file = true;
      wishes.path = word === '-MF' ? words[at + 1] : word.slice('-MF'.length);
    } else if (word.startsWith('-MT') || word.startsWith('-MQ')) wishes.target = true;
    else if (clang && /^-Wp,+-MM?D(?:,|$)/.test(word)) {
      // clang reads -Wp,-MD,f as -MD -MF f, and forgets the file when more words follow; empty ones do not count.
      wishes.asked = true;
      wishes.handedOn.push(word);
      if (word.split(/,+/).filter((part) => part !== '').length === 3) wishes.file = true;
    } else if (word.startsWith('-Wp,')) {
      if (/,-M(?:M?D|F)/.test(word)) wishes.file = true;
      if (word.includes(',-M')) wishes.handedOn.push(word);
    } else if (handsOn.has(word)) {
      const next = word === '-Xpreprocessor' ? (words[at + 1] ?? '') : '';
      if (/^-M(?:M?D|F)/.test(next)) wishes.file = true;
      if (next.startsWith('-M')) wishes.handedOn.push(word);
      at += 1;
    }
    if (word === '-MF' || word === '-MT' || word === '-MQ') at += 1;
  }
  return wishes;
}

/**
 * The words that make the preprocessor write the same dependency file as the whole compile would, with the same name
 * and target. The preprocessor is not told the output, so it needs them. Without the user's own `-o` both follow from
 * the source, and nothing is added.
 */
export function dependencyWords({ words, output, appended }: RemoteVerdict): string[] {
  const { asked, file, target } = dependencyWishes(words);
  if (!asked || appended) return [];
  return [...(file ? [] : ['-MF', dependencyFile(output)]), ...(target ? [] : ['-MQ', output])];
}

/** Where a command's dependency file is written. */
export type DependencyOutput =
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly path: string }
  /** A part of the compiler is told of it, or something odd is: it is not known from the words. */
  | { readonly kind: 'elsewhere' };

/** The word that the Linux kernel and older autotools ask by, with a plain name. */
const commonWord = /^-Wp,-MM?D,([^-,][^,]*)$/;

/** Where the dependency file that a command asks for is written, by its words. */
export function dependencyOutput({ words, output }: Pick<RemoteVerdict, 'words' | 'output'>): DependencyOutput {
  const { asked, path, handedOn, plain } = dependencyWishes(words);
  if (handedOn.length > 0) {
    const [, named] = commonWord.exec(handedOn[0] ?? '') ?? [];
    const only = handedOn.length === 1 && !plain && path === undefined;
    return only && named !== undefined ? { kind: 'file', path: named } : { kind: 'elsewhere' };
  }
  if (!asked) return { kind: path === undefined ? 'none' : 'elsewhere' };
  if (path === '-' || path === '') return { kind: 'elsewhere' };
  return { kind: 'file', path: path ?? dependencyFile(output) };
}
