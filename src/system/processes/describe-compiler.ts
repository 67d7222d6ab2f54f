import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { fingerprintWords, partWord, readFingerprint } from '../../compiler/content/fingerprint.ts';
import type { Fingerprint } from '../../compiler/content/fingerprint.ts';

/** What a compiler is, as far as it is of a known kind, and the path of its part that compiles if it has one. */
export interface Described {
  readonly fingerprint?: Fingerprint;
  readonly part?: string;
}

/**
 * Finds out what a compiler is, with three questions at most. `compiler` is the name that tells its language, `source`
 * a file with `fingerprintSource`; `ask` gets words for the compiler and answers with what it prints, "" when it fails.
 * @throws what `ask` throws
 */
export async function describeCompiler(
  compiler: string,
  source: string,
  ask: (words: readonly string[]) => Promise<string>,
): Promise<Described> {
  const made = readFingerprint(await ask(fingerprintWords(compiler, source)));
  if (made === undefined) return {};
  const target = /^[\w.+-]+(?=\n$)/.exec(await ask(['-dumpmachine']))?.[0];
  if (target === undefined) return {};
  const part = (await ask([partWord(compiler)])).trimEnd();
  const makes = createHash('sha256').update(made.code, 'latin1').digest('hex');
  return { fingerprint: { version: made.version, target, makes }, ...(isAbsolute(part) ? { part } : {}) };
}
