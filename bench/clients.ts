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
import { Cleanup } from '../demo/cleanup.ts';
import { quote } from '../demo/compile.ts';
import { startDaemon } from '../demo/daemons.ts';
import { freePort } from '../demo/relay.ts';
import { compilerFor } from '../demo/sources.ts';
import type { Sources } from '../demo/sources.ts';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { makeFreeCompiler, recordTexts, repeated } from './prepare.ts';
import { cpuOfTree, memoryOfTree } from './process-tree.ts';
import { Comparison, median } from './table.ts';

const stock = { client: '/usr/bin/distcc', server: '/usr/bin/distccd' };
const sides = ['theirs', 'ours'] as const;
type Side = (typeof sides)[number];

/** How thorough a run is. */
export interface ClientEffort {
  readonly rounds: number;
  /** Jobs in one round of the compiler that costs nothing. */
  readonly jobs: number;
  /** How many jobs of 0.1 s make starts at a time, and in how many rounds. */
  readonly parallel: readonly number[];
  readonly slowRounds: number;
  /** Jobs after which the agent's memory is looked at. */
  readonly soak: number;
}

interface Bench {
  readonly top: string;
  readonly place: string;
  readonly clients: Readonly<Record<Side, string>>;
  readonly cleanup: Cleanup;
}

interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Why clients cannot be compared here, or undefined. */
export function missingForClients(): string | undefined {
  if (process.platform !== 'linux') return 'the clients are compared on Linux only';
  if (!existsSync(stock.client) || !existsSync(stock.server)) return 'to compare clients, apt-get install distcc';
  return undefined;
}

/** CPU of the children that this process has waited for, with theirs, in ms (proc(5)). */
function cpuOfEnded(): number {
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function agentOf({ place }: Bench): number | undefined {
  const folder = join(place, 'ours', 'agent');
  const name = existsSync(folder) ? readdirSync(folder).find((file) => file.endsWith('.pid')) : undefined;
  return name === undefined ? undefined : Number(readFileSync(join(folder, name), 'utf8'));
}

function build(top: string, name: string, program: string, words: readonly string[] = []): void {
  execFileSync('cc', ['-O2', '-static', ...words, join(top, 'bench', `${name}.c`), '-o', program]);
}

function makeCompiler(top: string, directory: string, sleepMs: number): void {
  mkdirSync(directory);
  const program = join(directory, 'pretend');
  build(top, 'pretend-compiler', program, [`-DSLEEP_MS=${sleepMs}`]);
  const triple = execFileSync('cc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
  for (const name of ['gcc', 'g++', `${triple}-gcc`, `${triple}-g++`]) symlinkSync(program, join(directory, name));
}

/** What make is to do: commands that lack only the name of the object. */
interface Load {
  readonly commands: readonly string[];
  readonly parallel: number;
  readonly directory?: string;
}

/** Runs all commands with make. */
async function runJobs(
  bench: Bench,
  { commands, parallel, directory = bench.place }: Load,
  environment: Readonly<Record<string, string>>,
): Promise<Run> {
  // A new one each time: a file system that has just deleted many files makes new ones slowly, and all rounds should be alike.
  const out = mkdtempSync(join(bench.place, 'out-'));
  const names = commands.map((_, at) => `${out}/${at}.o`);
  const makefile = join(out, 'Makefile');
  const rules = commands.map((command, at) => `${names[at] ?? ''}:\n\t@${command} -o $@\n`);
  writeFileSync(makefile, `all: ${names.join(' ')}\n${rules.join('')}`);
  const agent = agentOf(bench);
  const [ended, of] = [cpuOfEnded(), agent === undefined ? 0 : cpuOfTree(agent)];
  const start = performance.now();
  const child = spawn('make', ['-f', makefile, `-j${parallel}`], {
    cwd: directory,
    env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Failure(exitStatus.general, `make failed: ${commands[0] ?? ''}`);
  const wallMs = performance.now() - start;
  return { wallMs, cpuMs: cpuOfEnded() - ended + (agent === undefined ? 0 : cpuOfTree(agent) - of) };
}

async function serve(bench: Bench, compilers: string, jobs: number): Promise<number> {
  const port = await freePort();
  const words = ['--daemon', '--no-detach', '--port', String(port), '--listen', '127.0.0.1', '--allow', '127.0.0.1'];
  words.push('--jobs', String(jobs), '--log-stderr', '--log-level', 'error');
  const logFile = join(bench.place, `server-${port}.log`);
  await startDaemon(
    { command: [stock.server, ...words], port, logFile, environment: { PATH: `${compilers}:/usr/bin:/bin` } },
    bench.cleanup,
  );
  return port;
}

function environmentOf(bench: Bench, side: Side, compilers: string, hosts: string): Record<string, string> {
  return {
    DISTCC_DIR: join(bench.place, side),
    DISTCC_HOSTS: hosts,
    DISTCC_FALLBACK: '0',
    PATH: `${compilers}:/usr/bin:/bin`,
  };
}

/** One of the two clients, or the compiler without any. */
type Way = Side | 'alone';

/** Runs all ways in turn, after a round that only warms up. */
async function alternate<W extends Way>(
  ways: readonly W[],
  rounds: number,
  run: (way: W) => Promise<Run>,
): Promise<Record<Way, Run[]>> {
  const results: Record<Way, Run[]> = { theirs: [], ours: [], alone: [] };
  for (let round = -1; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const result = await run(way);
      if (round >= 0) results[way].push(result);
    }
  }
  return results;
}

function each(results: Record<Way, Run[]>, of: (run: Run, alone: Run) => number) {
  const side = (name: Side): number[] =>
    results[name].map((run, at) => of(run, results.alone[at] ?? { wallMs: 0, cpuMs: 0 }));
  return { theirs: side('theirs'), ours: side('ours') };
}

const compilerPath = (compilers: string): Record<string, string> => ({ PATH: `${compilers}:/usr/bin:/bin` });

/**
 * Compares the CPU that clients need for jobs of real sources, less what preprocessing them needs. The preprocessor writes a text that was
 * made before, and the server compiles for nothing: a real preprocessor takes ten times what is measured, and never twice the same.
 */
async function compareReal(bench: Bench, sources: Sources, effort: ClientEffort, table: Comparison): Promise<void> {
  const title = sources.title.split(' ')[0] ?? '';
  const free = join(bench.place, `free-${title}`);
  makeFreeCompiler(bench.top, sources, free);
  const port = await serve(bench, free, 8);
  const texts = repeated(recordTexts(sources, join(bench.place, title)), 4);
  const commands = (before: string, how: string): string[] =>
    texts.files.map((file) =>
      [...before.split(' '), compilerFor(file) === 'cc' ? 'gcc' : 'g++', '-O2', file, ...texts.words, how]
        .filter((word) => word !== '')
        .map(quote)
        .join(' '),
    );
  const pretended = join(bench.place, 'free');
  const results = await alternate(['alone', ...sides], effort.rounds, (way) =>
    way === 'alone'
      ? runJobs(
          bench,
          { commands: commands('', '-E'), parallel: 4, directory: texts.directory },
          compilerPath(pretended),
        )
      : runJobs(
          bench,
          { commands: commands(bench.clients[way], '-c'), parallel: 4, directory: texts.directory },
          environmentOf(bench, way, pretended, `127.0.0.1:${port}/4`),
        ),
  );
  table.add(
    `client CPU a job, ${title}`,
    'ms',
    each(results, (run, alone) => (run.cpuMs - alone.cpuMs) / texts.files.length),
  );
}

/** How near make comes to the ideal without any client, and with one that does nothing but what every client has to. */
async function measureBounds(bench: Bench, slow: string, port: number, report: (line: string) => void): Promise<void> {
  const bare = join(bench.place, 'bare-client');
  build(bench.top, 'bare-client', bare);
  const shares: Record<string, number[]> = { make: [], bare: [] };
  for (let round = 0; round < 5; round += 1) {
    for (const [name, command] of Object.entries({ make: 'gcc', bare: `${bare} gcc` })) {
      const commands = Array.from({ length: 200 }, () => `${command} -c ${bench.place}/a.c`);
      const environment = { ...compilerPath(slow), BARE_PORT: String(port) };
      const { wallMs } = await runJobs(bench, { commands, parallel: 4 }, environment);
      shares[name]?.push(5000 / wallMs);
    }
  }
  const [alone, least] = [median(shares['make'] ?? []), median(shares['bare'] ?? [])];
  report(`ideal / wall with -j4: ${alone.toFixed(3)} with the compiler alone, ${least.toFixed(3)} with bare-client.c`);
}

async function comparePretended(
  bench: Bench,
  effort: ClientEffort,
  table: Comparison,
  report: (line: string) => void,
): Promise<void> {
  const { rounds, jobs } = effort;
  const [free, slow] = [join(bench.place, 'free'), join(bench.place, 'slow')];
  makeCompiler(bench.top, free, 0);
  makeCompiler(bench.top, slow, 100);
  const [port64, slowPort] = [await serve(bench, free, 64), await serve(bench, slow, 8)];
  const times = (count: number, command: string): string[] =>
    Array.from({ length: count }, () => `${command} ${bench.place}/a.c`);
  const far = (way: Side, load: { count: number; parallel: number }, compilers: string, hosts: string): Promise<Run> =>
    runJobs(
      bench,
      { commands: times(load.count, `${bench.clients[way]} gcc -c`), parallel: load.parallel },
      environmentOf(bench, way, compilers, hosts),
    );

  const four = await alternate(['alone', ...sides], rounds, (way) =>
    way === 'alone'
      ? runJobs(bench, { commands: times(jobs, 'gcc -E'), parallel: 4 }, compilerPath(free))
      : far(way, { count: jobs, parallel: 4 }, free, `127.0.0.1:${port64}/4`),
  );
  table.add(
    'client CPU a job beyond cpp',
    'ms',
    each(four, (run, alone) => (run.cpuMs - alone.cpuMs) / jobs),
  );
  const many = await alternate(sides, rounds, (way) =>
    far(way, { count: jobs, parallel: 64 }, free, `127.0.0.1:${port64}/64`),
  );
  table.add(
    'dispatch with 64 free places',
    'jobs/s',
    each(many, ({ wallMs }) => (jobs / wallMs) * 1000),
  );
  const here = await alternate(['alone', ...sides], rounds, (way) => {
    const commands = times(jobs, way === 'alone' ? 'gcc' : `${bench.clients[way]} gcc`);
    const environment = way === 'alone' ? compilerPath(free) : environmentOf(bench, way, free, 'localhost');
    return runJobs(bench, { commands, parallel: 1 }, environment);
  });
  table.add(
    'latency added to a local job',
    'ms',
    each(here, (run, alone) => (run.wallMs - alone.wallMs) / jobs),
  );
  for (const parallel of effort.parallel) {
    const runs = await alternate(sides, effort.slowRounds, (way) =>
      far(way, { count: 200, parallel }, slow, `127.0.0.1:${slowPort}/4`),
    );
    table.add(
      `ideal / wall, 200 x 0.1 s on 4 places, -j${parallel}`,
      '',
      each(runs, ({ wallMs }) => 5000 / wallMs),
    );
  }
  await measureBounds(bench, slow, slowPort, report);
}

async function soak(bench: Bench, jobs: number, report: (line: string) => void): Promise<void> {
  const free = join(bench.place, 'free');
  const port = await serve(bench, free, 16);
  const seen: string[] = [];
  for (let done = 0; done < jobs; done += 1000) {
    await runJobs(
      bench,
      {
        commands: Array.from({ length: 1000 }, () => `${bench.clients.ours} gcc -c ${bench.place}/a.c`),
        parallel: 16,
      },
      environmentOf(bench, 'ours', free, `127.0.0.1:${port}/16`),
    );
    seen.push((memoryOfTree(agentOf(bench) ?? 0) / 1e6).toFixed(1));
  }
  report(`agent memory after each 1000 of ${jobs} jobs, MB: ${seen.join(' ')}`);
}

/** Compares Debian's client with ours, with the same server and compilers that cost nothing. */
export async function compareClients(
  top: string,
  sources: readonly Sources[],
  effort: ClientEffort,
  report: (line: string) => void,
): Promise<void> {
  const cleanup = new Cleanup();
  cleanup.watchSignals();
  const place = mkdtempSync(join(tmpdir(), 'distcc-bench-'));
  try {
    cleanup.add(() => rmSync(place, { recursive: true, force: true }));
    chmodSync(place, 0o755);
    for (const side of sides) mkdirSync(join(place, side));
    writeFileSync(join(place, 'a.c'), `${'/* A line of a source as long as they are. */\n'.repeat(2000)}int x;\n`);
    const bench: Bench = { top, place, clients: { theirs: stock.client, ours: join(top, 'dist/bin/distcc') }, cleanup };
    cleanup.add(() => {
      const agent = agentOf(bench);
      if (agent !== undefined) process.kill(agent, 'SIGTERM');
    });
    const table = new Comparison('distcc 3.4', 'ours');
    report(`\nclients: ${effort.jobs} jobs a round, ${effort.rounds} rounds`);
    await comparePretended(bench, effort, table, report);
    for (const one of sources) await compareReal(bench, one, effort, table);
    table.print(report);
    if (effort.soak > 0) await soak(bench, effort.soak, report);
  } finally {
    await cleanup.run();
  }
}
