import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../demo/compile.ts';
import { compilerFor } from '../demo/sources.ts';
import type { Sources } from '../demo/sources.ts';
import { cpuOfTree } from './process-tree.ts';

/** Preprocesses every source, so that clients have nothing to do but to send. */
export function preprocess(sources: Sources, directory: string): Sources {
  return preprocessAs({ c: 'i', cxx: 'ii' }, sources, directory);
}

/** The same under the names of sources, for a preprocessor that only has to write them. */
export function recordTexts(sources: Sources, directory: string): Sources {
  return preprocessAs({ c: 'c', cxx: 'cc' }, sources, directory);
}

function preprocessAs(
  endings: { readonly c: string; readonly cxx: string },
  sources: Sources,
  directory: string,
): Sources {
  mkdirSync(directory);
  const files = sources.files.map((file, index) => {
    const compiler = compilerFor(file);
    const name = `${index}.${compiler === 'cc' ? endings.c : endings.cxx}`;
    const words = ['-E', '-O2', file, ...sources.words, '-o', join(directory, name)];
    execFileSync(compiler, words, { cwd: sources.directory, stdio: 'ignore' });
    return name;
  });
  // What only the preprocessor reads is not sent either.
  const words = sources.words.filter((word) => !/^-[DI]/.test(word));
  return { title: sources.title, directory, files, words };
}

/** The same sources several times over: a round must be long compared with the clock's ticks. */
export function repeated(sources: Sources, times: number): Sources {
  return { ...sources, files: Array.from({ length: times }, () => sources.files).flat() };
}

/** Size of all files, in bytes. */
export function totalSize(sources: Sources): number {
  return sources.files.reduce((sum, file) => sum + statSync(join(sources.directory, file)).size, 0);
}

/**
 * Builds the compiler that costs nothing, which writes the object of the median source, under every
 * compiler's name.
 */
export function makeFreeCompiler(top: string, sources: Sources, directory: string): string {
  mkdirSync(directory);
  const bySize = [...sources.files].sort(
    (a, b) => statSync(join(sources.directory, a)).size - statSync(join(sources.directory, b)).size,
  );
  const middle = bySize[Math.floor(bySize.length / 2)] ?? '';
  const object = join(directory, 'middle.o');
  const program = join(directory, 'free-compiler');
  execFileSync(compilerFor(middle), ['-O2', '-c', middle, ...sources.words, '-o', object], { cwd: sources.directory });
  execFileSync('cc', ['-O2', '-static', `-DOBJECT="${object}"`, join(top, 'bench/free-compiler.c'), '-o', program]);
  const triple = execFileSync('cc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
  for (const name of ['cc', 'gcc', 'c++', 'g++', `${triple}-gcc`, `${triple}-g++`])
    symlinkSync(program, join(directory, name));
  return program;
}

/** The name by which a file's compiler is asked for, which is the same at every client and server. */
export const compilerOf = (file: string): string => (compilerFor(file) === 'cc' ? 'gcc' : 'g++');

/**
 * CPU of running every command once from a shell, in ms a command: what no server can do without. The objects go to a
 * folder, the compilers come from a search path.
 */
export function costOfCommands(sources: Sources, compilers: string, out: string): number {
  const script = join(out, 'commands.sh');
  const object = join(out, 'alone.o');
  const lines = sources.files.map((file) =>
    [compilerOf(file), '-O2', '-c', file, ...sources.words, '-o', object].map(quote).join(' '),
  );
  writeFileSync(script, `${lines.join('\n')}\n`);
  const before = cpuOfTree(process.pid);
  execFileSync('sh', [script], { cwd: sources.directory, env: { ...process.env, PATH: compilers }, stdio: 'ignore' });
  return (cpuOfTree(process.pid) - before) / sources.files.length;
}
