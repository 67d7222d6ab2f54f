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

/** What a command says about its dependency file. */
export interface DependencyWishes {
  /**
   * Whether the compiler itself, not only its preprocessor, is told to write one: it then sets file and target from the
   * output.
   */
  asked: boolean;
  file: boolean;
  target: boolean;
}

/** Options whose next word is for a part of the compiler, so that `-MD` there is no `-MD` of this command. */
const handsOn: ReadonlySet<string> = new Set(['-Xassembler', '-Xclang', '-Xlinker', '-Xpreprocessor']);

/** Reads what the words of a command, compiler first, say about its dependency file. */
export function dependencyWishes(words: readonly string[]): DependencyWishes {
  const clang = isClang(words[0] ?? '');
  const wishes: DependencyWishes = { asked: false, file: false, target: false };
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '-MD' || word === '-MMD') wishes.asked = true;
    else if (word.startsWith('-MF')) wishes.file = true;
    else if (word.startsWith('-MT') || word.startsWith('-MQ')) wishes.target = true;
    else if (clang && /^-Wp,-MM?D(?:,|$)/.test(word)) {
      // clang reads -Wp,-MD,f as -MD -MF f, and forgets the file when more words follow.
      wishes.asked = true;
      if (word.split(',').length === 3) wishes.file = true;
    } else if (word.startsWith('-Wp,')) {
      if (/,-M(?:M?D|F)/.test(word)) wishes.file = true;
    } else if (handsOn.has(word)) {
      if (word === '-Xpreprocessor' && /^-M(?:M?D|F)/.test(words[at + 1] ?? '')) wishes.file = true;
      at += 1;
    }
    if (word === '-MF' || word === '-MT' || word === '-MQ') at += 1;
  }
  return wishes;
}

/**
 * The words that make a preprocessor, which is not told the output, write the dependency file that the compile would
 * have written: with the same name and the same target. Without an `-o` of the user both take them from the source, so
 * nothing is added.
 */
export function dependencyWords({ words, output, appended }: RemoteVerdict): string[] {
  const { asked, file, target } = dependencyWishes(words);
  if (!asked || appended) return [];
  return [...(file ? [] : ['-MF', dependencyFile(output)]), ...(target ? [] : ['-MQ', output])];
}
