import { isClang } from '../names/compiler-family.ts';

/** What a compiler's choice of colours depends on. */
export interface ColourFacts {
  readonly stderrIsTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The words that decide, of which the last one counts (gcc's manual, "Options to Control Diagnostic Messages
 * Formatting"; clang's the same).
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

/**
 * The terminals that clang uses colours on when it has no terminal database, as found by trying clang 19 with 19 of
 * them.
 */
const knownToClang = /^(?:ansi|cygwin|linux|rxvt|screen|tmux|vt100|xterm)|color$/;

/** Whether a compiler would use colours without an option. */
function usesColours(compiler: string, { stderrIsTerminal, environment }: ColourFacts): boolean {
  if (!stderrIsTerminal) return false;
  const terminal = environment['TERM'];
  // clang obeys it since version 17 and gcc since 15; a user who sets it wants no colours from older ones either.
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  if (isClang(compiler)) return knownToClang.test(terminal ?? '');
  return terminal !== undefined && terminal !== 'dumb' && environment['GCC_COLORS'] !== '';
}

/** The position of the last word that decides about colours, or -1. */
const decidingAt = (words: readonly string[]): number => words.findLastIndex((word) => decisions.has(word));

/**
 * The words to add so that a command colours its messages as it would with the caller's own stderr. They are needed
 * because a host's compiler, and a preprocessor whose messages are kept back, write to a file. The caller's options
 * count, but "auto" is decided here. Links in messages (`-fdiagnostics-urls`) are not asked for, since compilers before
 * gcc 10 do not know the option. The colours are the compiler's own: GCC_COLORS is not sent to hosts.
 */
export function colourWords(words: readonly string[], facts: ColourFacts): string[] {
  const said = decisions.get(words[decidingAt(words)] ?? '') ?? 'auto';
  return said === 'auto' && usesColours(words[0] ?? '', facts) ? ['-fdiagnostics-color=always'] : [];
}

/**
 * A command with those words inserted right after the last word that decides, or after the compiler: there they win,
 * and they stand before any "--".
 */
export function coloured(words: readonly string[], facts: ColourFacts): readonly string[] {
  const added = colourWords(words, facts);
  if (added.length === 0) return words;
  const at = Math.max(decidingAt(words), 0) + 1;
  return [...words.slice(0, at), ...added, ...words.slice(at)];
}
