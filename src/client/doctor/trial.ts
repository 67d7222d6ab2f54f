import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { leavesTarget } from '../../compiler/command/cross-names.ts';
import { versionsInObject } from '../../compiler/content/object-comment.ts';
import { preprocessCommand } from '../../compiler/command/split-command.ts';
import { baseName } from '../../compiler/names/source-name.ts';
import type { Environment } from '../../config/client-environment.ts';
import { byteText, pathOf } from '../../system/byte-text.ts';
import { findProgram } from '../../system/files/path-search.ts';
import { Programs } from '../agent/programs.ts';
import { commandFor } from '../compile/attempt.ts';
import { understood } from '../explain/explain.ts';
import { OwnDisk } from '../explain/own-disk.ts';
import type { Job, RemoteJob } from '../job/understand.ts';

/** A language whose compiler is tried. */
export interface Language {
  readonly name: 'C' | 'C++';
  /** The variable in which builds name the compiler. */
  readonly variable: 'CC' | 'CXX';
  /** The usual names of its compiler; the first that is here is taken. */
  readonly compilers: readonly string[];
  readonly source: string;
  readonly preprocessed: string;
  readonly text: string;
}

/** The languages, in the order in which they are tried. */
export const languages: readonly Language[] = [
  {
    name: 'C',
    variable: 'CC',
    compilers: ['cc', 'gcc', 'clang'],
    source: 'distcc-doctor.c',
    preprocessed: 'distcc-doctor.i',
    text: '#include <stddef.h>\nint doctor(size_t at) { static const char *const words[] = {"one", "two"}; return words[at & 1][0]; }\n',
  },
  {
    name: 'C++',
    variable: 'CXX',
    compilers: ['c++', 'g++', 'clang++'],
    source: 'distcc-doctor.cc',
    preprocessed: 'distcc-doctor.ii',
    text: '#include <cstddef>\ntemplate <class T> struct Doctor { virtual ~Doctor() {} T at[2]; };\nint doctor(std::size_t at) { Doctor<int> one; return one.at[at & 1]; }\n',
  },
];

/** A compile to be tried at hosts, and what it makes here. */
export interface Trial {
  readonly language: Language;
  readonly job: RemoteJob;
  /** The command for hosts. */
  readonly argv: readonly string[];
  /** The preprocessed source. */
  readonly text: Buffer;
  /** What the compiler here makes of it. */
  readonly object: Buffer;
  /** What the compiler calls itself in an object; undefined when it does not. */
  readonly version: string | undefined;
  /** The compiler's file. */
  readonly path: string;
}

/** Commands that only pass a compile on. */
const wrappers: ReadonlySet<string> = new Set(['distcc', 'ccache', 'sccache']);

/** The user's command for a language: what CC or CXX says, without distcc and ccache, else the first compiler here. */
export function compilerWords(
  language: Language,
  environment: Environment,
  isHere: (name: string) => boolean,
): string[] {
  const words = (environment[language.variable] ?? '').split(/\s+/).filter((word) => word !== '');
  while (wrappers.has(baseName(words[0] ?? ''))) words.shift();
  if (words.length > 0) return words;
  return [language.compilers.find(isHere) ?? language.compilers[0] ?? ''];
}

/** The file of a compiler, not a link to distcc; undefined when there is none. */
export function compilerFile(name: string, environment: Environment, directory: string): string | undefined {
  const path = pathOf(environment['PATH']);
  return findProgram(name, { path, directory, notLeadingTo: 'distcc' });
}

/** What distcc makes of a compile of this language with these words after the compiler's. */
export function jobOf(
  language: Language,
  words: readonly string[],
  { environment, directory }: { readonly environment: Environment; readonly directory: string },
): Promise<Job> {
  const output = `${language.source}.o`;
  return understood({
    argv0: 'distcc',
    words: [...words, '-c', language.source, '-o', output],
    environment,
    directory,
  });
}

/** How many characters of it are shown. */
const longestComplaint = 300;

/** What a compiler says of a failure, in one line; undefined when it says nothing. */
export function complaintIn(stderr: Buffer): string | undefined {
  const lines = stderr
    .toString()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (lines.find((line) => /\berror\b/i.test(line)) ?? lines[0])?.slice(0, longestComplaint);
}

/** What the compiler of an object calls itself there; undefined when it does not. */
export async function versionOf(object: Buffer): Promise<string | undefined> {
  const read = (from: number, length: number): Promise<Buffer> => Promise.resolve(object.subarray(from, from + length));
  const [version] = await versionsInObject(read, object.length);
  return version;
}

/** Runs the compiler here. @throws Failure when it does not succeed */
async function runHere(disk: OwnDisk, argv: readonly string[]): Promise<Buffer> {
  const { status, stdout, stderr } = await disk.ask(argv);
  if (status !== 0)
    throw new Failure(
      exitStatus.general,
      `"${argv[0]}" fails here: ${complaintIn(stderr) ?? 'it says nothing'}: mend it first`,
    );
  return stdout;
}

/**
 * Prepares the trial of a language in a folder: preprocesses and compiles here.
 * @throws Failure when that does not work; the sentence has a cure
 */
export async function prepareTrial(
  language: Language,
  words: readonly string[],
  { environment, folder }: { readonly environment: Environment; readonly folder: string },
): Promise<Trial> {
  const [name = ''] = words;
  const path = compilerFile(name, environment, folder);
  if (path === undefined)
    throw new Failure(
      exitStatus.general,
      `there is no "${name}" here: install it, or name another in ${language.variable}`,
    );
  const made = await jobOf(language, words, { environment, directory: byteText(folder) });
  if (made.run === 'locally')
    throw new Failure(exitStatus.general, `its compiles stay here: ${made.because}: ${made.cure}`);
  const disk = new OwnDisk(folder, environment);
  const target = leavesTarget(made.verdict.words)
    ? await new Programs(() => 0).defaultTarget(made, async ([, ...more]) =>
        byteText((await disk.ask([path, ...more])).stdout),
      )
    : undefined;
  const job = { ...made, target };
  const argv = commandFor(job);
  await writeFile(join(folder, language.source), language.text);
  const text = await runHere(disk, [path, ...preprocessCommand(job.verdict).slice(1)]);
  await writeFile(join(folder, language.preprocessed), text);
  const here = argv.slice(1).map((word) => (word === language.source ? language.preprocessed : word));
  await runHere(disk, [path, ...here]);
  const object = await readFile(join(folder, job.verdict.output));
  return { language, job, argv, text, object, version: await versionOf(object), path };
}
