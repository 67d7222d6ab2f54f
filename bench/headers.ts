import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compilerFor } from '../demo/sources.ts';
import type { Sources } from '../demo/sources.ts';
import { readDependencyRule } from '../src/compiler/content/dependency-rule.ts';
import type { CompilerAnswer, Disk, ReadFile } from '../src/client/headers/disk.ts';
import { findInputs } from '../src/client/headers/find-inputs.ts';
import { HeaderGraph } from '../src/client/headers/header-graph.ts';
import { OwnDisk } from '../src/client/explain/own-disk.ts';
import type { Found, HeaderJob } from '../src/client/headers/inputs.ts';

/** Our processor time in ms since this reading. */
function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** A disk that measures itself: asking costs the launcher, not the scanner. */
class MeasuredDisk implements Disk {
  ms = 0;
  readonly disk: OwnDisk;

  constructor(directory: string) {
    this.disk = new OwnDisk(directory, process.env);
  }

  async #measure<T>(ask: () => Promise<T>): Promise<T> {
    const start = process.cpuUsage();
    const answer = await ask();
    this.ms += spent(start);
    return answer;
  }

  look(paths: Buffer): Promise<Buffer> {
    return this.#measure(() => this.disk.look(paths));
  }

  read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    return this.#measure(() => this.disk.read(paths));
  }

  readLinks(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    return this.#measure(() => this.disk.readLinks(paths));
  }

  ask(argv: readonly string[]): Promise<CompilerAnswer> {
    return this.#measure(() => this.disk.ask(argv));
  }
}

interface Round {
  readonly scanMs: number;
  readonly diskMs: number;
  readonly found: readonly Found[];
}

function jobOf(sources: Sources, source: string, compiler: string): HeaderJob {
  const argv = [compiler, '-O2', ...sources.words, '-c', source, '-o', 'x.o'];
  return { source, argv, directory: sources.directory, environment: { PATH: process.env['PATH'] ?? '' } };
}

async function scanAll(jobs: readonly HeaderJob[], graph: HeaderGraph): Promise<Round> {
  const start = process.cpuUsage();
  let diskMs = 0;
  const found: Found[] = [];
  for (const job of jobs) {
    const disk = new MeasuredDisk(job.directory);
    found.push(await findInputs(job, disk, graph));
    diskMs += disk.ms;
  }
  return { scanMs: spent(start) - diskMs, diskMs, found };
}

/** Files that the compiler reads and the scanner did not find. */
function missingIn({ argv, directory, source }: HeaderJob, found: Found): { read: number; missing: string[] } {
  const [compiler = '', ...words] = argv.slice(0, argv.indexOf('-c'));
  const options = { cwd: directory, encoding: 'latin1', maxBuffer: 2 ** 26 } as const;
  const rule = readDependencyRule(execFileSync(compiler, [...words, '-w', '-M', '-MT', 'x', source], options)) ?? [];
  const files = new Set(found.kind === 'inputs' ? found.inputs.map(({ path }) => path) : []);
  const paths = [
    ...new Set(rule.map((name) => realpathSync.native(name.startsWith('/') ? name : `${directory}/${name}`))),
  ];
  return { read: paths.length, missing: found.kind === 'inputs' ? paths.filter((path) => !files.has(path)) : [] };
}

/** Everything that a standard library and an installed LLVM have, as sources of one file. */
export function installedHeaders(): { readonly sources: Sources; readonly remove: () => void } {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'distcc-bench-headers-')));
  const standard = 'algorithm chrono filesystem functional future iostream map random regex string thread vector';
  writeFileSync(
    join(directory, 'stl.cc'),
    standard
      .split(' ')
      .map((name) => `#include <${name}>\n`)
      .join(''),
  );
  const files = ['stl.cc'];
  const llvm = readdirSync('/usr/lib')
    .filter((name) => name.startsWith('llvm-'))
    .map((name) => `/usr/lib/${name}/include`);
  const installed = llvm.find((path) => existsSync(resolve(path, 'llvm/IR/Module.h')));
  if (installed !== undefined) {
    const headers = ['llvm/IR/Module.h', 'llvm/Passes/PassBuilder.h', 'llvm/Support/CommandLine.h'];
    writeFileSync(join(directory, 'llvm.cc'), headers.map((name) => `#include <${name}>\n`).join(''));
    files.push('llvm.cc');
  }
  const words = ['-w', '-std=c++17', ...(installed === undefined ? [] : [`-I${installed}`])];
  const sources = { title: `headers of the system: ${files.join(', ')}`, directory, files, words };
  return { sources, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

const perFile = (ms: number, sources: Sources): string => (ms / sources.files.length).toFixed(2);

/** Scans all sources with a new graph and then again, and compares with what the compilers list. */
export async function benchHeaders(sources: Sources, report: (line: string) => void): Promise<void> {
  report(`${sources.title}: ${sources.files.length} sources; ms of our processor time a source`);
  for (const family of ['gcc', 'clang'] as const) {
    const names = family === 'gcc' ? { cc: 'gcc', 'c++': 'g++' } : { cc: 'clang', 'c++': 'clang++' };
    const jobs = sources.files.map((file) => jobOf(sources, file, names[compilerFor(file)]));
    const cold: Round[] = [];
    const warm: Round[] = [];
    let graph = new HeaderGraph();
    for (let round = 0; round < 4; round += 1) {
      graph = new HeaderGraph();
      cold.push(await scanAll(jobs, graph));
      for (let again = 0; again < 5; again += 1) warm.push(await scanAll(jobs, graph));
    }
    const found = warm.at(-1)?.found ?? [];
    const least = (rounds: readonly Round[], which: 'scanMs' | 'diskMs'): string =>
      perFile(Math.min(...rounds.map((round) => round[which])), sources);
    report(
      `  ${family}: cold ${least(cold, 'scanMs')} (${least(cold, 'diskMs')} of it on the disk, by Node instead of the launcher), first ${perFile(cold[0]?.scanMs ?? 0, sources)}`,
    );
    report(`  ${family}: warm ${least(warm, 'scanMs')} (${least(warm, 'diskMs')})`);
    const compared = jobs.map((job, at) => missingIn(job, found[at] ?? { kind: 'preprocess', because: '' }));
    const mean = (numbers: readonly number[]): string =>
      (numbers.reduce((sum, one) => sum + one, 0) / Math.max(numbers.length, 1)).toFixed(0);
    const inputs = found.flatMap((one) =>
      one.kind === 'inputs' ? [one.inputs.filter(({ kind }) => kind === 'file').length] : [],
    );
    const missing = compared.flatMap((one) => one.missing);
    const listed = found.filter((one) => one.kind === 'inputs' && one.rung === 'list').length;
    report(
      `  ${family}: read ${mean(compared.map(({ read }) => read))} files, found ${mean(inputs)}, missing ${missing.length} ${missing.slice(0, 3).join(' ')}`,
    );
    const reasons = [...new Set(found.flatMap((one) => (one.kind === 'preprocess' ? [one.because] : [])))];
    report(
      `  ${family}: by a list ${listed}, preprocessed ${found.length - inputs.length} ${reasons.slice(0, 3).join('; ')}`,
    );
    const { files, bytes } = graph.size;
    report(`  ${family}: the graph has ${files} files and counts ${(bytes / 1024).toFixed(0)} KB`);
  }
}
