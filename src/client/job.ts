import { resolve } from 'node:path';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { crossCommand } from '../compiler/cross-names.ts';
import type { CrossCommand } from '../compiler/cross-names.ts';
import { pathBehindMasquerade } from '../compiler/masquerade-path.ts';
import { scanArguments } from '../compiler/scan-arguments.ts';
import type { LocalVerdict, Reason, RemoteVerdict } from '../compiler/verdict.ts';
import { baseName } from '../compiler/source-name.ts';
import { findInvocation } from '../compiler/which-compiler.ts';
import { guardLevel, guardVariable, readVariable } from '../config/client-environment.ts';
import type { Environment } from '../config/client-environment.ts';
import type { Logger } from '../logging/log-line.ts';
import type { Call, Command, ToolFinder } from './world.ts';

interface Common extends Command {
  /** The source as the user gave it, when there is one. */
  readonly name: string | undefined;
}

/** A command that is run here. */
export interface LocalJob extends Common, Reason {
  readonly run: 'locally';
  readonly preprocessOnly: boolean;
  /** Whether another distcc above us has a slot already. */
  readonly guarded: boolean;
}

/** A compile that a host can do; `argv` is the command for compiling it here after all. */
export interface RemoteJob extends Common {
  readonly run: 'remotely';
  readonly verdict: RemoteVerdict;
  readonly name: string;
  /** Where relative names start. */
  readonly directory: string;
}

/** What a call asks for. */
export type Job = LocalJob | RemoteJob;

/** Where a job's file is. */
export function placeOf(job: RemoteJob, name: string): string {
  return resolve(job.directory, name);
}

interface Invoked {
  readonly words: readonly string[];
  readonly environment: Environment;
  /** Whether a distcc above us has begun this job already. */
  readonly guarded: boolean;
}

/** PATH for a masquerading call, undefined when it stays; entries are compared by the directories they mean. */
function shortenedPath(call: Call, tools: ToolFinder): string | undefined {
  const path = (call.environment['PATH'] ?? '').split(':').map((entry) => resolve(call.directory, entry));
  const masquerade = { invokedAs: call.argv0, directory: call.directory, isExecutable: tools.isExecutable };
  return pathBehindMasquerade(path.join(':'), masquerade);
}

/** What was made last from an environment: an agent does many jobs with the same. */
const derived = new WeakMap<Environment, { readonly path: string | undefined; readonly made: Environment }>();

/** The environment of a compiler: it knows that it has a distcc above it, and a masquerading link finds what is behind it. */
function environmentFor(given: Environment, path: string | undefined, level: string): Environment {
  const last = derived.get(given);
  if (last !== undefined && last.path === path) return last.made;
  const made = { ...given, ...(path === undefined ? {} : { PATH: path }), [guardVariable]: level };
  derived.set(given, { path, made });
  return made;
}

/** Finds the compiler, gives its children their environment, and stops a call that came from ourselves. */
function invoke(call: Call, tools: ToolFinder, log: Logger): Invoked {
  const { kind, words } = findInvocation(call.argv0, call.words);
  const path = kind === 'masquerade' ? shortenedPath(call, tools) : undefined;
  const level = guardLevel(call.environment);
  log.debug(`compiler name is "${words[0]}", safeguard level=${level}`);
  if (kind === 'masquerade') log.debug(path === undefined ? 'not modifying PATH' : `setting PATH=${path}`);
  if (level - (path === undefined ? 0 : 1) > 0) {
    throw new Failure(exitStatus.recursion, 'distcc seems to have invoked itself recursively!');
  }
  const environment = environmentFor(call.environment, path, String(level + 1));
  return { words, environment, guarded: level > 0 };
}

/** The command with names of compilers that mean the same on every machine. */
function rename({ words, environment }: Invoked, tools: ToolFinder): CrossCommand {
  if (readVariable('DISTCC_NO_REWRITE_CROSS', environment)) return { words, changes: [] };
  return crossCommand(words, tools.compilerNames(environment));
}

function reasonOf({ because, cure, preprocessOnly }: LocalVerdict): Reason & { readonly preprocessOnly: boolean } {
  return { because, cure, preprocessOnly };
}

/** A job that stays here because its output has no place; the compiler here says so in its own words. */
export function withoutPlace(job: RemoteJob, obstacle: string): LocalJob {
  const { argv, environment, name } = job;
  const reason = { because: obstacle, cure: 'make a place for its output: a directory that you may write to' };
  return { run: 'locally', argv, environment, name, ...reason, preprocessOnly: false, guarded: false };
}

/**
 * Finds out what a call asks for (client-run reference, section 2, steps 2 to 4).
 * @throws Failure when it is no call of a compiler, or comes from distcc itself
 */
export function understand(call: Call, tools: ToolFinder, log: Logger): Job {
  const invoked = invoke(call, tools, log);
  const { words, environment, guarded } = invoked;
  const local = { run: 'locally', argv: words, environment, name: undefined, guarded, preprocessOnly: false } as const;
  if (guarded) {
    const cure = 'nothing has to be done, since the distcc that called this one decides';
    return { ...local, because: 'another distcc has this job already', cure };
  }
  if (log.writes('debug')) log.debug(`scanning arguments: ${words.join(' ')}`);
  // Some options mean something else to another compiler, and "cc" may be any.
  const renamed = rename(invoked, tools);
  const verdict = scanArguments(renamed.words, 'client');
  if (verdict.run === 'locally') return { ...local, ...reasonOf(verdict) };
  for (const change of renamed.changes) log.info(change);
  if (verdict.appended) log.info(`no visible output file, going to add "-o ${verdict.output}" at end`);
  log.info(`compile from ${baseName(verdict.source)} to ${baseName(verdict.output)}`);
  return {
    run: 'remotely',
    environment,
    name: verdict.source,
    directory: call.directory,
    verdict,
    argv: renamed.words,
  };
}
