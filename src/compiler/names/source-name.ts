/** The extensions of sources, and those of their preprocessed text (doc/distcc-behaviour.md, "File names"). */
const preprocessedExtensions: ReadonlyMap<string, string> = new Map([
  ['.C', '.ii'],
  ['.M', '.mii'],
  ['.c', '.i'],
  ['.c++', '.ii'],
  ['.cc', '.ii'],
  ['.cp', '.ii'],
  ['.cpp', '.ii'],
  ['.cxx', '.ii'],
  ['.i', '.i'],
  ['.ii', '.ii'],
  ['.m', '.mi'],
  ['.mi', '.mi'],
  ['.mii', '.mii'],
  ['.mm', '.mii'],
]);

/** The extensions of sources. */
export const sourceExtensions: readonly string[] = [...preprocessedExtensions.keys()];

const alreadyPreprocessed: ReadonlySet<string> = new Set(['.i', '.ii', '.mi', '.mii']);

/** What follows the last slash of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The extension as distcc sees it: from the last dot of the whole word, `undefined` when nothing follows that dot. */
function extensionOf(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  return dot === -1 || dot === name.length - 1 ? undefined : name.slice(dot);
}

/** Whether a word names a C, C++ or Objective-C source, plain or already preprocessed; upper and lower case differ. */
export function isSourceName(name: string): boolean {
  return preprocessedExtensions.has(extensionOf(name) ?? '');
}

/** Whether a source is preprocessed already, by its name: `.i`, `.ii`, `.mi`, `.mii`. */
export function isPreprocessed(name: string): boolean {
  return alreadyPreprocessed.has(extensionOf(name) ?? '');
}

/**
 * The extension of the preprocessed text of a source: `.c` gives `.i`, `.cc` gives `.ii`, any other name gives
 * `undefined`.
 */
export function preprocessedExtension(name: string): string | undefined {
  return preprocessedExtensions.get(extensionOf(name) ?? '');
}

/** Whether a word is an object by its name, which only `.o` is. */
export function isObjectName(name: string): boolean {
  return name.endsWith('.o');
}

/**
 * The compiler's default output, in the current directory; `undefined` for a name such as `.c` without anything before
 * the dot.
 */
export function defaultOutput(source: string, extension: '.o' | '.s'): string | undefined {
  const name = baseName(source);
  return name.length < 3 ? undefined : name.slice(0, name.lastIndexOf('.')) + extension;
}

/**
 * Whether a source is a probe of configure or a similar tool: it asks about this machine, and is too small to
 * distribute.
 */
export function isConftest(source: string): boolean {
  return /^(?:tmp\.)?conftest\./.test(baseName(source));
}
