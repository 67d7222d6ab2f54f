import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { endGroup } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { compilerFor } from './sources.ts';
import type { Sources } from './sources.ts';

/** A word as the shell in a Makefile's recipe reads it. */
export const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`).replaceAll('$', '$$$$')}'`;

/** The name of a source's object, and of its log: numbers, since make cannot handle every path. */
export const objectName = (index: number): string => `${String(index + 1).padStart(4, '0')}.o`;

/**
 * A Makefile that compiles every source on its own; each finished one prints its number. CC, CXX, OUT and LOGS come
 * from outside.
 */
export function makefileFor(sources: Sources): string {
  const objects = sources.files.map((_, index) => `$(OUT)/${objectName(index)}`);
  const rules = sources.files.map((file, index) => {
    const variable = compilerFor(file) === 'cc' ? '$(CC)' : '$(CXX)';
    const words = ['-O2', '-c', file, ...sources.words].map(quote).join(' ');
    return `$(OUT)/${objectName(index)}:\n\t@DISTCC_LOG='$(LOGS)/${objectName(index)}' ${variable} ${words} -o '$@' && echo ${index}\n`;
  });
  return `all: ${objects.join(' ')}\n\n${rules.join('\n')}`;
}

/** How make is called. */
export interface MakeRun {
  readonly sources: Sources;
  readonly makefile: string;
  /** Where the objects go. */
  readonly out: string;
  readonly logs: string;
  readonly jobs: number;
  /** Words before the compiler's name, quoted: the client, or none. */
  readonly client: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly progress: (finished: number) => void;
}

/** Runs make to its end; returns the wall time in ms. @throws Failure when it fails, with the end of what it printed */
export async function runMake(run: MakeRun, cleanup: Cleanup): Promise<number> {
  const compiler = (name: string): string => [...run.client, name].join(' ');
  const variables = [`CC=${compiler('cc')}`, `CXX=${compiler('c++')}`, `OUT=${run.out}`, `LOGS=${run.logs}`];
  const errors = join(run.out, 'make.stderr');
  writeFileSync(errors, '');
  const descriptor = openSync(errors, 'a');
  const start = performance.now();
  const make = spawn('make', ['-f', run.makefile, `-j${run.jobs}`, ...variables], {
    cwd: run.sources.directory,
    // An outer make, as in `make demo`, must not pass its options and job server on.
    env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', ...run.environment },
    stdio: ['ignore', 'pipe', descriptor],
    // A group of its own: an interrupt is ours to handle, and ends make's compilers with make.
    detached: true,
  });
  closeSync(descriptor);
  cleanup.add(() => endGroup(make));
  let finished = 0;
  make.stdout?.on('data', (chunk: Buffer) => {
    finished += chunk.toString().split('\n').length - 1;
    run.progress(finished);
  });
  const ended = await Promise.race([once(make, 'close'), once(make, 'error')]);
  if (ended[0] !== 0) {
    const tail = readFileSync(errors, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
    throw new Failure(exitStatus.general, `${compiler('cc')}: make failed:\n${tail}`);
  }
  return performance.now() - start;
}
