import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exitStatus } from '../../src/basics/exit-status.ts';
import { Failure } from '../../src/basics/failure.ts';
import { quote } from '../../demo/compile.ts';
import type { Sources } from '../../demo/sources.ts';

/** Real C code in a copy of its own, and what a local compile makes of it. */
export interface Project {
  readonly directory: string;
  readonly makefile: string;
  /** Object by name. */
  readonly reference: ReadonlyMap<string, Buffer>;
}

/** Levels of optimization, which make several objects of one source. */
export type Levels = readonly [string, ...string[]];

function makefileFor(sources: Sources, levels: Levels, named: (file: string) => string): string {
  const rules = sources.files.flatMap((file, number) =>
    levels.map((level, at) => {
      const words = [level, ...sources.words, '-c', named(file)].map(quote).join(' ');
      return { object: `$(OUT)/${number}-${at}.o`, recipe: `@$(CC) ${words} -o '$@'` };
    }),
  );
  const all = rules.map(({ object }) => object).join(' ');
  return `all: ${all}\n\n${rules.map(({ object, recipe }) => `${object}:\n\t${recipe}\n`).join('\n')}`;
}

/** The objects in a folder; what else is there has names of its own. */
function objectsIn(folder: string): Map<string, Buffer> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

/**
 * Copies sources to a folder, each under a name that begins with a mark, so that every process that works on them can
 * be recognized by its command line; and compiles them here. @throws Failure
 */
export function makeProject(
  sources: Sources,
  levels: Levels,
  { place, mark }: { place: string; mark: string },
): Project {
  const directory = join(place, 'project');
  cpSync(sources.directory, directory, { recursive: true });
  const named = (file: string): string => join(dirname(file), `${mark}-${basename(file)}`);
  for (const file of sources.files) cpSync(join(directory, file), join(directory, named(file)));
  const makefile = join(place, 'Makefile');
  writeFileSync(makefile, makefileFor(sources, levels, named));
  const out = join(place, 'reference');
  mkdirSync(out);
  const words = ['-s', '-j4', '-f', makefile, 'CC=cc', `OUT=${out}`];
  const { status, stderr } = spawnSync('make', words, { cwd: directory, encoding: 'utf8' });
  if (status !== 0) throw new Failure(exitStatus.general, `the project does not compile here: ${stderr}`);
  return { directory, makefile, reference: objectsIn(out) };
}

/** A make at work, as the leader of a process group. */
export interface Make {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly status: number | null; readonly output: string }>;
}

/** Starts `make -j16` with distcc. */
export function startMake(project: Project, out: string, distcc: string, environment: NodeJS.ProcessEnv): Make {
  const words = ['-s', '-j16', '-f', project.makefile, `CC=${distcc} cc`, `OUT=${out}`];
  const child = spawn('make', words, { cwd: project.directory, env: environment, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, ended: once(child, 'exit').then(() => ({ status: child.exitCode, output })) };
}

/**
 * What differs between the objects of a build and those of a local one; empty when all are there and no others.
 */
export function differences(project: Project, out: string): string[] {
  const made = objectsIn(out);
  const missing = [...project.reference.keys()].filter((name) => !made.has(name)).map((name) => `${name} is missing`);
  const wrong = [...made].flatMap(([name, bytes]) => {
    const right = project.reference.get(name);
    if (right === undefined) return [`${name} does not belong there`];
    return right.equals(bytes) ? [] : [`${name} differs`];
  });
  return [...missing, ...wrong];
}
