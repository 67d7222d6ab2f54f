import { isClang } from '../names/compiler-family.ts';

/** What a compiler looks at before it colours its messages. */
export interface ColourFacts {
  readonly stderrIsTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The words that decide, the last of them alone (gcc's manual, "Options to Control Diagnostic Messages Formatting";
 * clang's the same).
 */
const decisions: ReadonlyMap<string, 'always' | 'never' | 'auto'> = new Map([
  ['-fcolor-diagnostics', 'always'],
  ['-fdiagnostics-color', 'always'],
  ['-fdiagnostics-color=always', 'always'],
  ['-fdiagnostics-color=auto', 'auto'],
  ['-fdiagnostics-color=never', 'never'],
  ['-fdiagnostics-plain-output', 'never'],
  ['-fno-color-diagnostics', 'never'],
  ['-fno-diagnostics-color', 'never'],
]);

/** The terminals that clang colours for, where it has no data about others: what clang 19 did with 19 of them. */
const knownToClang = /^(?:ansi|cygwin|linux|rxvt|screen|tmux|vt100|xterm)|color$/;

/** Whether a compiler that decides by itself would use colours. */
function usesColours(compiler: string, { stderrIsTerminal, environment }: ColourFacts): boolean {
  if (!stderrIsTerminal) return false;
  const terminal = environment['TERM'];
  // clang has looked at it since version 17, and gcc since 15: whoever sets it wants no colour.
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  if (isClang(compiler)) return knownToClang.test(terminal ?? '');
  return terminal !== undefined && terminal !== 'dumb' && environment['GCC_COLORS'] !== '';
}

/** The position of the last word that decides about colours, or -1. */
const decidingAt = (words: readonly string[]): number => words.findLastIndex((word) => decisions.has(word));

/**
 * The words that have a command, compiler first, colour its messages where it would do so by itself if the caller's
 * stderr were its own: a host's compiler, and a preprocessor whose messages are kept back, write to a file. What the
 * caller has said holds, but "auto" is decided here. Links in messages (`-fdiagnostics-urls`) are not asked for: a
 * compiler older than gcc 10 does not know the word. The colours are the compiler's own: GCC_COLORS does not reach
 * hosts.
 */
export function colourWords(words: readonly string[], facts: ColourFacts): string[] {
  const said = decisions.get(words[decidingAt(words)] ?? '') ?? 'auto';
  return said === 'auto' && usesColours(words[0] ?? '', facts) ? ['-fdiagnostics-color=always'] : [];
}

/** A command with those words where they count: the last word decides, and after "--" there are only names. */
export function coloured(words: readonly string[], facts: ColourFacts): readonly string[] {
  const added = colourWords(words, facts);
  if (added.length === 0) return words;
  const at = Math.max(decidingAt(words), 0) + 1;
  return [...words.slice(0, at), ...added, ...words.slice(at)];
}
