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
  /** Object or dependency file by name, as compiled plainly and with `-g`. */
  readonly references: Readonly<Record<Kind, ReadonlyMap<string, Buffer>>>;
}

/**
 * Whether a build has debug information: that of preprocessed text has other columns, and other lines where the words
 * of a macro are on several.
 */
export type Kind = 'plain' | 'debug';

const debugWords: Readonly<Record<Kind, string>> = { plain: '', debug: '-g' };

/** Levels of optimization, which make several objects of one source. */
export type Levels = readonly [string, ...string[]];

function makefileFor(sources: Sources, levels: Levels, named: (file: string) => string): string {
  const rules = sources.files.flatMap((file, number) =>
    levels.map((level, at) => {
      const command = [level, '-MD', ...sources.words, '-c', named(file)].map(quote).join(' ');
      return { object: `$(OUT)/${number}-${at}.o`, recipe: `@$(CC) $(DEBUG) ${command} -o '$@'` };
    }),
  );
  const all = rules.map(({ object }) => object).join(' ');
  return `all: ${all}\n\n${rules.map(({ object, recipe }) => `${object}:\n\t${recipe}\n`).join('\n')}`;
}

/** A dependency file without the folder of its target, by whose length a compiler also breaks its lines. */
function withoutFolder(text: string, folder: string): Buffer {
  return Buffer.from(text.replaceAll(`${folder}/`, '').replaceAll(/\s*\\\n\s*/g, ' '));
}

/** What was made in a folder; what else is there has names of its own. */
function objectsIn(folder: string): Map<string, Buffer> {
  const contentOf = (name: string): Buffer => {
    const bytes = readFileSync(join(folder, name));
    return name.endsWith('.d') ? withoutFolder(bytes.toString(), folder) : bytes;
  };
  return new Map(readdirSync(folder).map((name) => [name, contentOf(name)]));
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
  const reference = (kind: Kind): Map<string, Buffer> => {
    const out = join(place, `reference-${kind}`);
    mkdirSync(out);
    const call = ['-s', '-j4', '-f', makefile, 'CC=cc', `OUT=${out}`, `DEBUG=${debugWords[kind]}`];
    const { status, stderr } = spawnSync('make', call, { cwd: directory, encoding: 'utf8' });
    if (status !== 0) throw new Failure(exitStatus.general, `the project does not compile here: ${stderr}`);
    return objectsIn(out);
  };
  return { directory, makefile, references: { plain: reference('plain'), debug: reference('debug') } };
}

/** A make at work, as the leader of a process group. */
export interface Make {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly status: number | null; readonly output: string }>;
}

/** Where a build puts what it makes, and of which kind it is. */
export interface Goal {
  readonly out: string;
  readonly kind: Kind;
}

/** Starts `make -j16` with distcc. */
export function startMake(project: Project, goal: Goal, distcc: string, environment: NodeJS.ProcessEnv): Make {
  const { out, kind } = goal;
  const call = ['-s', '-j16', '-f', project.makefile, `CC=${distcc} cc`, `OUT=${out}`, `DEBUG=${debugWords[kind]}`];
  const child = spawn('make', call, { cwd: project.directory, env: environment, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, ended: once(child, 'exit').then(() => ({ status: child.exitCode, output })) };
}

/**
 * What differs between the objects of a build and those of a local one; empty when all are there and no others.
 */
export function differences(project: Project, { out, kind }: Goal): string[] {
  const reference = project.references[kind];
  const made = objectsIn(out);
  const missing = [...reference.keys()].filter((name) => !made.has(name)).map((name) => `${name} is missing`);
  const wrong = [...made].flatMap(([name, bytes]) => {
    const right = reference.get(name);
    if (right === undefined) return [`${name} does not belong there`];
    return right.equals(bytes) ? [] : [`${name} differs`];
  });
  return [...missing, ...wrong];
}
