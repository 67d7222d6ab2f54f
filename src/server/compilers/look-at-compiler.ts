import { realpathSync, writeFileSync } from 'node:fs';
import { fingerprintSource } from '../../compiler/content/fingerprint.ts';
import type { Fingerprint } from '../../compiler/content/fingerprint.ts';
import { describeCompiler } from '../../system/processes/describe-compiler.ts';
import { closeAnswer } from '../job/answer.ts';
import { inJobFolder, runCompiler } from '../job/job-folder.ts';
import type { JobTools } from '../job/job-folder.ts';
import type { JobFolder } from '../job/job-places.ts';
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

/** What a compiler says to some words, where jobs run; "" when it fails, or says too much. */
async function ask(
  { name, path }: NamedProgram,
  words: readonly string[],
  folder: JobFolder,
  { tools, signal }: { readonly tools: JobTools; readonly signal: AbortSignal },
): Promise<string> {
  const limited = { ...tools, lifetimeMs: patience };
  const ended = await runCompiler({ path, argv: [name, ...words] }, folder, { signal, log: silent }, limited);
  try {
    const { status, stdout } = ended;
    return status === 0 && stdout.length <= longestAnswer ? stdout.read().toString('latin1') : '';
  } finally {
    closeAnswer({ ...ended, object: ResultFile.empty });
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
      writeFileSync(`${folder.path}/${source}`, fingerprintSource, { mode: 0o644 });
      const say = (words: readonly string[]): Promise<string> => ask(program, words, folder, { tools, signal });
      const { fingerprint, part } = await describeCompiler(program.name, source, say);
      if (fingerprint === undefined) return undefined;
      const programs = [program.path, ...(part === undefined ? [] : [part])].map(realPath);
      return { ...program, fingerprint, programs };
    });
  } catch {
    // It cannot be started, was ended, or left something strange: then nothing is known of it.
    return undefined;
  }
}
