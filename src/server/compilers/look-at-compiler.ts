import { createHash } from 'node:crypto';
import { realpathSync, writeFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fingerprintSource, fingerprintWords, partWord, readFingerprint } from '../../compiler/content/fingerprint.ts';
import type { Fingerprint } from '../../compiler/content/fingerprint.ts';
import { closeAnswer } from '../job/answer.ts';
import { inJobFolder, openResults, runCompiler } from '../job/job-folder.ts';
import type { JobTools } from '../job/job-folder.ts';
import type { ClientLog } from '../log/log-limit.ts';
import { ResultFile } from '../job/result-file.ts';

/** A program that clients may run, and what it is called by. */
export interface NamedProgram {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** What a compiler is. */
export interface Compiler extends NamedProgram {
  readonly fingerprint: Fingerprint;
  /** Its programs, without links: the driver, and gcc's part that compiles. */
  readonly programs: readonly string[];
}

/** How long each question may take, in ms. */
const patience = 10_000;
/** An answer is at most this long, in bytes. */
const longestAnswer = 64 * 1024;

const silent: ClientLog = { writes: () => false, say: () => {} };
const source = 'fingerprint.c';

/** What a compiler says to some words, where jobs run; undefined when it fails, or says too much. */
async function ask(
  { name, path }: NamedProgram,
  words: readonly string[],
  folder: string,
  { tools, signal }: { readonly tools: JobTools; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const limited = { ...tools, lifetimeMs: patience };
  const status = await runCompiler({ path, argv: [name, ...words] }, folder, { signal, log: silent }, limited);
  const { stdout, stderr } = openResults(folder, () => ({}));
  try {
    return status === 0 && stdout.length <= longestAnswer ? stdout.read().toString('latin1') : undefined;
  } finally {
    closeAnswer({ status, stdout, stderr, object: ResultFile.empty });
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Finds out what a compiler is, by having it compile a few lines as jobs are compiled, in their fence; undefined for a
 * program that is not a compiler of a known kind, or takes too long.
 */
export async function lookAtCompiler(
  program: NamedProgram,
  tools: JobTools,
  signal: AbortSignal,
): Promise<Compiler | undefined> {
  try {
    return await inJobFolder(tools, async (folder) => {
      writeFileSync(`${folder}/${source}`, fingerprintSource, { mode: 0o644 });
      const say = (words: readonly string[]): Promise<string | undefined> =>
        ask(program, words, folder, { tools, signal });
      const made = readFingerprint((await say(fingerprintWords(program.name, source))) ?? '');
      if (made === undefined) return undefined;
      const target = /^[\w.+-]+(?=\n$)/.exec((await say(['-dumpmachine'])) ?? '')?.[0];
      if (target === undefined) return undefined;
      const part = ((await say([partWord(program.name)])) ?? '').trimEnd();
      const makes = createHash('sha256').update(made.code, 'latin1').digest('hex');
      const programs = [program.path, ...(isAbsolute(part) ? [part] : [])].map(realPath);
      return { ...program, fingerprint: { version: made.version, target, makes }, programs };
    });
  } catch {
    // It cannot be started, was ended, or left something strange: then nothing is known of it.
    return undefined;
  }
}
