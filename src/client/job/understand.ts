import { isUtf8 } from 'node:buffer';
import { isAbsolute, resolve } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { Recent } from '../../basics/recent.ts';
import { Failure } from '../../basics/failure.ts';
import { readPermittedOptions } from '../../compiler/allow-list/judge-words.ts';
import { crossCommand, namesToLookFor } from '../../compiler/command/cross-names.ts';
import type { CompilerNames, CrossCommand, ProgramFile } from '../../compiler/command/cross-names.ts';
import { pathAfterMasquerade } from '../../compiler/names/masquerade-path.ts';
import type { ShortenedPath } from '../../compiler/names/masquerade-path.ts';
import { scanArguments } from '../../compiler/command/scan-arguments.ts';
import type { LocalVerdict, Reason, RemoteVerdict, Verdict } from '../../compiler/verdict.ts';
import { baseName } from '../../compiler/names/source-name.ts';
import { remoteCommand } from '../../compiler/command/split-command.ts';
import { findInvocation } from '../../compiler/names/which-compiler.ts';
import { guardLevel, guardVariable, readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import { compilerTriple } from '../../config/compiler-triple.ts';
import type { Logger } from '../../logging/log-line.ts';
import type { Call, Command } from './call.ts';

interface Common extends Command {
  /** The source as the user wrote it; undefined when the command has none. */
  readonly name: string | undefined;
}

/** A command that runs here. */
export interface LocalJob extends Common, Reason {
  readonly run: 'locally';
  readonly preprocessOnly: boolean;
  /** Whether a distcc that called this one holds a slot already. */
  readonly guarded: boolean;
}

/** A compile that a host can do; `argv` is the command for doing it here after all. */
export interface RemoteJob extends Common {
  readonly run: 'remotely';
  /** The command, with a compiler name that means the same on every machine. */
  readonly verdict: RemoteVerdict;
  readonly name: string;
  /** The directory that relative names are relative to. */
  readonly directory: string;
  /** The file of the compiler that was looked at; undefined for one that was called by its path. */
  readonly compiler: ProgramFile | undefined;
  /** Its path as found in PATH. */
  readonly compilerPath: string | undefined;
  /** The default target of clang here, when the command names none. */
  readonly target?: string | undefined;
}

/** What a call asks for. */
export type Job = LocalJob | RemoteJob;

/** The programs in PATH with a name; asked only for names that `namesIn` returns. */
export type FoundPrograms = (name: string) => readonly ProgramFile[];

/** The absolute path of a job's file. */
export function pathIn(job: RemoteJob, name: string): string {
  return resolve(job.directory, name);
}

interface Invoked {
  readonly words: readonly string[];
  readonly environment: Environment;
  /** Whether a distcc that called this one has this job already. */
  readonly guarded: boolean;
  readonly names: CompilerNames;
}

const triple = compilerTriple();

/**
 * The names of programs that `understand()` needs to look for: none when the call makes no sense, or names its compiler
 * by a path.
 */
export function namesIn({ argv0, words }: Call): string[] {
  const name = baseName(argv0).includes('distcc') ? (words[0] ?? '') : baseName(argv0);
  const implicit = name.startsWith('-') || baseName(argv0).includes('distcc');
  return [...new Set([...namesToLookFor(name, triple), ...(implicit ? namesToLookFor('cc', triple) : [])])];
}

/**
 * The shortened PATH of a masquerading call; undefined when PATH stays as it is. Entries are compared as directories,
 * not as text.
 */
function shortenedPath(call: Call, programs: FoundPrograms): ShortenedPath | undefined {
  const absolute = (entry: string): string =>
    isAbsolute(entry) && !entry.endsWith('/') ? entry : resolve(call.directory, entry);
  const path = (call.environment['PATH'] ?? '').split(':').map(absolute);
  const foundIn = programs(call.argv0)[0]?.entry;
  return pathAfterMasquerade(path.join(':'), { invokedAs: call.argv0, directory: call.directory, foundIn });
}

/** The last result for each environment: an agent does many jobs with the same one. */
const derived = new WeakMap<Environment, { readonly path: string | undefined; readonly made: Environment }>();

/**
 * The environment of a compiler: with the guard variable against endless recursion, and a PATH in which a masquerading
 * name finds the real compiler.
 */
function environmentFor(given: Environment, path: string | undefined, level: string): Environment {
  const last = derived.get(given);
  if (last !== undefined && last.path === path) return last.made;
  const made = { ...given, ...(path === undefined ? {} : { PATH: path }), [guardVariable]: level };
  derived.set(given, { path, made });
  return made;
}

/** Finds the compiler, prepares its environment, and refuses a call that distcc made to itself. */
function invoke(call: Call, programs: FoundPrograms, log: Logger): Invoked {
  const { kind, words } = findInvocation(call.argv0, call.words);
  const shortened = kind === 'masquerade' ? shortenedPath(call, programs) : undefined;
  const path = shortened?.path;
  const level = guardLevel(call.environment);
  log.debug(`compiler name is "${words[0]}", safeguard level=${level}`);
  if (kind === 'masquerade') log.debug(path === undefined ? 'not modifying PATH' : `setting PATH=${path}`);
  if (level - (path === undefined ? 0 : 1) > 0) {
    throw new Failure(exitStatus.recursion, 'distcc seems to have invoked itself recursively!');
  }
  const environment = environmentFor(call.environment, path, String(level + 1));
  const kept = (name: string): readonly ProgramFile[] =>
    programs(name).filter(({ entry }) => shortened?.keeps(entry) ?? true);
  return { words, environment, guarded: level > 0, names: { triple, programs: kept } };
}

/** The command with a compiler name that means the same on every machine. */
function rename({ words, environment, names }: Invoked): CrossCommand {
  return readVariable('DISTCC_NO_REWRITE_CROSS', environment)
    ? { known: true, words, changes: [] }
    : crossCommand(words, names);
}

function reasonOf({ because, cure, preprocessOnly }: LocalVerdict): Reason & { readonly preprocessOnly: boolean } {
  return { because, cure, preprocessOnly };
}

/** A job that stays here after all; the compiler here reports what is wrong in its own words. */
export function keptHere({ argv, environment, name }: RemoteJob, reason: Reason): LocalJob {
  return { run: 'locally', argv, environment, name, ...reason, preprocessOnly: false, guarded: false };
}

/** What was found out about commands: those of a build come again in the next one. */
const verdicts = new Recent<Verdict>(1024 * 1024);

function judge(words: readonly string[], environment: Environment): Verdict {
  const permitted = readVariable('DISTCC_PERMIT_OPTIONS', environment);
  const make = (): Verdict => scanArguments(words, 'client', readPermittedOptions(permitted));
  return verdicts.get([permitted.join(' '), ...words].join('\0'), make);
}

/** Variables that have gcc or clang say or write more, which only this machine would get. */
const tellingVariables = [
  'CC_LOG_DIAGNOSTICS',
  'CC_PRINT_HEADERS',
  'CC_PRINT_INTERNAL_STAT',
  'CC_PRINT_OPTIONS',
  'CC_PRINT_PROC_STAT',
  'GCC_EXTRA_DIAGNOSTIC_OUTPUT',
];

/** Whether a byte text is not UTF-8. */
function isForeignText(text: string): boolean {
  return /[\x80-\xff]/.test(text) && !isUtf8(Buffer.from(text, 'latin1'));
}

/** The compiler's file that the launcher will find. */
function compilerIn({ environment }: Call, { words, names }: Invoked): Pick<RemoteJob, 'compiler' | 'compilerPath'> {
  const [name = ''] = words;
  const compiler = names.programs(name).find(({ ours }) => !ours);
  const folder = compiler === undefined ? undefined : (environment['PATH'] ?? '').split(':')[compiler.entry];
  return { compiler, compilerPath: folder === undefined ? undefined : `${folder}/${name}` };
}

/**
 * Finds out what a call asks for (doc/distcc-behaviour.md, "The course of a compile", steps 1 to 4). `given` is the
 * call's command after its files of options have been read in.
 * @throws Failure when it does not call a compiler, or comes from distcc itself
 */
export function understand(call: Call, programs: FoundPrograms, log: Logger, given = call): Job {
  const invoked = invoke(given, programs, log);
  const { environment, guarded } = invoked;
  const { words: argv } = given === call ? invoked : findInvocation(call.argv0, call.words);
  const local = { run: 'locally', argv, environment, name: undefined, guarded, preprocessOnly: false } as const;
  if (guarded) {
    const cure = 'nothing has to be done, since the distcc that called this one decides';
    return { ...local, because: 'another distcc has this job already', cure };
  }
  if (call.directory === '') return { ...local, because: 'its directory has been removed', cure: 'make it again' };
  if (log.writes('debug')) log.debug(`scanning arguments: ${invoked.words.join(' ')}`);
  // Some options mean different things to gcc and clang, and "cc" may be either.
  const renamed = rename(invoked);
  const verdict = judge(renamed.known ? renamed.words : invoked.words, environment);
  if (verdict.run === 'locally') return { ...local, ...reasonOf(verdict) };
  const telling = tellingVariables.find((variable) => environment[variable] !== undefined);
  if (telling !== undefined) {
    const because = `the variable ${telling} has the compiler tell more than a host does`;
    return { ...local, because, cure: `unset ${telling}`, name: verdict.source };
  }
  if (!renamed.known) return { ...local, because: renamed.because, cure: renamed.cure, name: verdict.source };
  // A server accepts only words in UTF-8. Words for the preprocessor are not sent and may be anything.
  if (invoked.words.some(isForeignText) && remoteCommand(verdict, call.directory).some(isForeignText))
    return { ...local, because: 'its words are not UTF-8', cure: 'write names and texts in UTF-8' };
  for (const change of renamed.changes) log.info(change);
  if (verdict.appended) log.info(`no visible output file, going to add "-o ${verdict.output}" at end`);
  log.info(`compile from ${baseName(verdict.source)} to ${baseName(verdict.output)}`);
  const { directory } = call;
  const found = compilerIn(call, invoked);
  return { run: 'remotely', environment, name: verdict.source, directory, verdict, argv, ...found };
}
