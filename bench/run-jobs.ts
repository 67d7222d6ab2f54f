import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup } from '../demo/cleanup.ts';
import { makeSharedDirectory, startDaemon } from '../demo/daemons.ts';
import type { Daemon } from '../demo/daemons.ts';
import { freePort } from '../scripts/free-port.mjs';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { systemReason } from '../src/system/error-text.ts';
import { cpuPartsOfTree, cpuSince, cpuSum } from './process-tree.ts';
import type { Cpu } from './process-tree.ts';

/** Debian's programs. */
export const stock = { client: '/usr/bin/distcc', server: '/usr/bin/distccd' };
/** Who is compared. */
export const sides = ['theirs', 'ours'] as const;
export type Side = (typeof sides)[number];

/** Where everything happens, and what is ended afterwards. */
export interface Bench {
  readonly top: string;
  readonly place: string;
  readonly clients: Readonly<Record<Side, string>>;
  readonly cleanup: Cleanup;
}

/** Lends a folder for both clients, and afterwards ends the agent and everything else that was started. */
export async function withBench(top: string, measure: (bench: Bench) => Promise<void>): Promise<void> {
  const cleanup = new Cleanup();
  cleanup.watchSignals();
  const place = mkdtempSync(join(tmpdir(), 'distcc-bench-'));
  try {
    cleanup.add(() => rmSync(place, { recursive: true, force: true }));
    chmodSync(place, 0o755);
    for (const side of sides) mkdirSync(join(place, side));
    build(top, 'cpu-of', counterIn({ place }));
    const bench: Bench = { top, place, clients: { theirs: stock.client, ours: join(top, 'dist/bin/distcc') }, cleanup };
    cleanup.add(() => {
      for (const name of readdirSync(place)) endAgent(join(place, name));
    });
    await measure(bench);
  } finally {
    await cleanup.run();
  }
}

/** What a round took, with all that it started. */
export interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** The folder with the objects, which are numbered. */
  readonly out: string;
  /** Its two shares: make and all that it has waited for, and the agent. */
  readonly make: Cpu;
  readonly agent: Cpu;
  /** The share of make's that its jobs' preprocessors have used, where they are counted. */
  readonly cpp: Cpu;
}

/** Where the program is that counts. */
export const counterIn = ({ place }: Pick<Bench, 'place'>): string => join(place, 'cpu-of');

/** The process of the agent whose DISTCC_DIR this is, when there is one. */
export function agentIn(directory: string): number | undefined {
  const folder = join(directory, 'agent');
  const name = existsSync(folder) ? readdirSync(folder).find((file) => file.endsWith('.pid')) : undefined;
  return name === undefined ? undefined : Number(readFileSync(join(folder, name), 'utf8'));
}

/** The agent of our client. */
export const agentOf = ({ place }: Bench): number | undefined => agentIn(join(place, 'ours'));

/** Asks the agent of a DISTCC_DIR to end; gives its process when there was one. */
function endAgent(directory: string): number | undefined {
  const agent = agentIn(directory);
  if (agent !== undefined) process.kill(agent, 'SIGTERM');
  return agent;
}

/** Ends the agent of a DISTCC_DIR, and waits until it is gone. */
export async function stopAgent(directory: string): Promise<void> {
  const agent = endAgent(directory);
  if (agent === undefined) return;
  while (existsSync(`/proc/${agent}`)) await sleep(20);
}

/** Builds a program of this folder. */
export function build(top: string, name: string, program: string, words: readonly string[] = []): void {
  execFileSync('cc', ['-O2', '-static', ...words, join(top, 'bench', `${name}.c`), '-o', program]);
}

/** Builds the compiler that costs nothing or sleeps, under all names that clients and servers use. */
export function makeCompiler(top: string, directory: string, sleepMs: number): void {
  mkdirSync(directory);
  const program = join(directory, 'pretend');
  build(top, 'pretend-compiler', program, [`-DSLEEP_MS=${sleepMs}`]);
  const triple = execFileSync('cc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
  for (const name of ['gcc', 'g++', `${triple}-gcc`, `${triple}-g++`]) symlinkSync(program, join(directory, name));
}

/** What make is to do: commands that lack only the name of the object. */
export interface Load {
  readonly commands: readonly string[];
  readonly parallel: number;
  readonly directory?: string;
}

/** What cpu-of.c has written to a file. */
function cpuIn(file: string): Cpu {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  const sum = (at: number): number => lines.reduce((total, line) => total + Number(line.split(' ')[at]) / 1000, 0);
  return { user: sum(0), system: sum(1) };
}

/** What the agent of an environment has used. */
function agentCpu(environment: Readonly<Record<string, string>>): { pid: number | undefined; cpu: Cpu } {
  const directory = environment['DISTCC_DIR'];
  const pid = directory === undefined ? undefined : agentIn(directory);
  return { pid, cpu: pid === undefined ? noCpu : cpuPartsOfTree(pid) };
}

/** Runs all commands with make. */
export async function runJobs(
  bench: Bench,
  { commands, parallel, directory = bench.place }: Load,
  environment: Readonly<Record<string, string>>,
): Promise<Run> {
  // A new one each time: a file system that has just deleted many files makes new ones slowly, and all rounds should be
  // alike.
  const out = mkdtempSync(join(bench.place, 'out-'));
  // By one name for all: who builds the same as somebody else has the same paths.
  const named = join(bench.place, 'out');
  rmSync(named, { force: true });
  symlinkSync(out, named);
  const names = commands.map((_, at) => `${named}/${at}.o`);
  const makefile = join(out, 'Makefile');
  const rules = commands.map((command, at) => `${names[at] ?? ''}:\n\t@${command} -o $@\n`);
  writeFileSync(makefile, `all: ${names.join(' ')}\n${rules.join('')}`);
  const agentBefore = agentCpu(environment);
  const [ofMakeFile, ofCppFile] = [join(out, 'make.cpu'), join(out, 'cpp.cpu')];
  const start = performance.now();
  const child = spawn(counterIn(bench), ['make', '-f', makefile, `-j${parallel}`], {
    cwd: directory,
    env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', CPU_OF: ofMakeFile, CPU_OF_INSIDE: ofCppFile, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Failure(exitStatus.general, `make failed: ${commands[0] ?? ''}`);
  const wallMs = performance.now() - start;
  const [make, cpp, agentAfter] = [cpuIn(ofMakeFile), cpuIn(ofCppFile), agentCpu(environment)];
  // An agent that was started meanwhile had used nothing before.
  const agent = agentAfter.pid === agentBefore.pid ? cpuSince(agentAfter.cpu, agentBefore.cpu) : agentAfter.cpu;
  return { wallMs, cpuMs: cpuSum(make) + cpuSum(agent), out, make, agent, cpp };
}

/** How a server is started. */
export interface ServerSettings {
  /** The only directory of compilers that it finds before the system's. */
  readonly compilers: string;
  readonly jobs: number;
  /** Further options. */
  readonly words?: readonly string[];
}

/** Starts Debian's server, or ours, with folders of its own, which are empty. */
export async function startServer(bench: Bench, side: Side, settings: ServerSettings): Promise<Daemon> {
  const { compilers, jobs, words: more = [] } = settings;
  const port = await freePort();
  const program = side === 'theirs' ? stock.server : join(bench.top, 'dist/bin/distccd');
  const words = ['--daemon', '--no-detach', '--port', String(port), '--listen', '127.0.0.1', '--allow', '127.0.0.1'];
  words.push('--jobs', String(jobs), '--log-stderr', '--log-level', 'error', ...more);
  const logFile = join(bench.place, `server-${port}.log`);
  const folder = makeSharedDirectory(join(bench.place, `server-${port}`));
  // Nothing outlasts a server here.
  const environment = { TMPDIR: folder, CACHE_DIRECTORY: '', PATH: `${compilers}:/usr/bin:/bin` };
  return startDaemon({ command: [program, ...words], port, logFile, environment }, bench.cleanup);
}

/** Starts Debian's server, which finds only these compilers; gives its port. */
export async function serve(bench: Bench, compilers: string, jobs: number): Promise<number> {
  return (await startServer(bench, 'theirs', { compilers, jobs })).port;
}

/** The environment of a client. */
export function environmentOf(bench: Bench, side: Side, compilers: string, hosts: string): Record<string, string> {
  return {
    DISTCC_DIR: join(bench.place, side),
    DISTCC_HOSTS: hosts,
    DISTCC_FALLBACK: '0',
    PATH: `${compilers}:/usr/bin:/bin`,
  };
}

/** One of the two clients, or the compiler without any. */
type Way = Side | 'alone';

/**
 * distccd 3.4 ends a connection in the middle of its answer about once in ten thousand jobs, with any client: then the
 * round is repeated.
 */
export async function onceMore(what: string, run: () => Promise<Run>): Promise<Run> {
  try {
    return await run();
  } catch (error) {
    console.log(`${what} is repeated: ${systemReason(error)}`);
    return run();
  }
}

/** Runs all ways in turn, after a round that only warms up. */
export async function alternate<W extends Way>(
  ways: readonly W[],
  rounds: number,
  run: (way: W) => Promise<Run>,
): Promise<Record<Way, Run[]>> {
  const results: Record<Way, Run[]> = { theirs: [], ours: [], alone: [] };
  for (let round = -1; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? ways : [...ways].reverse()) {
      const result = await onceMore(`a round of "${way}"`, () => run(way));
      if (round >= 0) results[way].push(result);
    }
  }
  return results;
}

const noCpu: Cpu = { user: 0, system: 0 };
const nothing: Run = { wallMs: 0, cpuMs: 0, out: '', make: noCpu, agent: noCpu, cpp: noCpu };

/** A figure of each side's rounds, beside the round without a client. */
export function each(results: Record<Way, Run[]>, of: (run: Run, alone: Run) => number) {
  const side = (name: Side): number[] => results[name].map((run, at) => of(run, results.alone[at] ?? nothing));
  return { theirs: side('theirs'), ours: side('ours') };
}

/** The environment of the compiler alone. */
export const compilerPath = (compilers: string): Record<string, string> => ({ PATH: `${compilers}:/usr/bin:/bin` });
