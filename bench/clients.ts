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
import { startDaemon } from '../demo/daemons.ts';
import { freePort } from '../demo/relay.ts';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { cpuOfTree, memoryOfTree } from './process-tree.ts';
import { Comparison } from './table.ts';

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

function makeCompiler(top: string, directory: string, sleepMs: number): void {
  mkdirSync(directory);
  const program = join(directory, 'pretend');
  const words = ['-O2', '-static', `-DSLEEP_MS=${sleepMs}`, join(top, 'bench/pretend-compiler.c'), '-o', program];
  execFileSync('cc', words);
  const triple = execFileSync('cc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
  for (const name of ['gcc', `${triple}-gcc`]) symlinkSync(program, join(directory, name));
}

/** Runs so many jobs with make; `words` stand before the source. */
async function runJobs(
  bench: Bench,
  { jobs, parallel }: { readonly jobs: number; readonly parallel: number },
  words: string,
  environment: Readonly<Record<string, string>>,
): Promise<Run> {
  const out = join(bench.place, 'out');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const names = Array.from({ length: jobs }, (_, at) => `${out}/${at}.o`);
  const makefile = join(bench.place, 'Makefile');
  writeFileSync(
    makefile,
    `all: ${names.join(' ')}\n${names.map((name) => `${name}:\n\t@${words} ${bench.place}/a.c -o ${name}\n`).join('')}`,
  );
  const agent = agentOf(bench);
  const [ended, of] = [cpuOfEnded(), agent === undefined ? 0 : cpuOfTree(agent)];
  const start = performance.now();
  const child = spawn('make', ['-f', makefile, `-j${parallel}`], {
    env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Failure(exitStatus.general, `make failed: ${words}`);
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

/** Runs both sides in turn, after a round that only warms up. */
async function alternate(rounds: number, run: (side: Side) => Promise<Run>): Promise<Record<Side, Run[]>> {
  const results: Record<Side, Run[]> = { theirs: [], ours: [] };
  for (let round = -1; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const result = await run(side);
      if (round >= 0) results[side].push(result);
    }
  }
  return results;
}

function each(results: Record<Side, Run[]>, of: (run: Run) => number) {
  return { theirs: results.theirs.map(of), ours: results.ours.map(of) };
}

async function compare(bench: Bench, top: string, effort: ClientEffort, table: Comparison): Promise<void> {
  const { rounds, jobs } = effort;
  const [free, slow] = [join(bench.place, 'free'), join(bench.place, 'slow')];
  makeCompiler(top, free, 0);
  makeCompiler(top, slow, 100);
  const [freePort64, slowPort] = [await serve(bench, free, 64), await serve(bench, slow, 8)];
  const start = (side: Side, load: { jobs: number; parallel: number }, compilers: string, hosts: string) =>
    runJobs(bench, load, `${bench.clients[side]} gcc -c`, environmentOf(bench, side, compilers, hosts));

  const alone = await runJobs(bench, { jobs, parallel: 4 }, 'gcc -E', { PATH: `${free}:/usr/bin:/bin` });
  const four = await alternate(rounds, (side) => start(side, { jobs, parallel: 4 }, free, `127.0.0.1:${freePort64}/4`));
  table.add(
    'client CPU a job beyond cpp',
    'ms',
    each(four, ({ cpuMs }) => (cpuMs - alone.cpuMs) / jobs),
  );
  const many = await alternate(rounds, (side) =>
    start(side, { jobs, parallel: 64 }, free, `127.0.0.1:${freePort64}/64`),
  );
  table.add(
    'dispatch with 64 free places',
    'jobs/s',
    each(many, ({ wallMs }) => (jobs / wallMs) * 1000),
  );
  const here = await alternate(rounds, (side) =>
    runJobs(bench, { jobs, parallel: 1 }, `${bench.clients[side]} gcc`, environmentOf(bench, side, free, 'localhost')),
  );
  const plain = await runJobs(bench, { jobs, parallel: 1 }, 'gcc', { PATH: `${free}:/usr/bin:/bin` });
  table.add(
    'latency added to a local job',
    'ms',
    each(here, ({ wallMs }) => (wallMs - plain.wallMs) / jobs),
  );
  for (const parallel of effort.parallel) {
    const runs = await alternate(effort.slowRounds, (side) =>
      start(side, { jobs: 200, parallel }, slow, `127.0.0.1:${slowPort}/4`),
    );
    table.add(
      `ideal / wall, 200 x 0.1 s on 4 places, -j${parallel}`,
      '',
      each(runs, ({ wallMs }) => 5000 / wallMs),
    );
  }
}

async function soak(bench: Bench, jobs: number, report: (line: string) => void): Promise<void> {
  const free = join(bench.place, 'free');
  const port = await serve(bench, free, 16);
  const memory = (): number => memoryOfTree(agentOf(bench) ?? 0) / 1e6;
  const half = async (): Promise<number> => {
    await runJobs(
      bench,
      { jobs: jobs / 2, parallel: 16 },
      `${bench.clients.ours} gcc -c`,
      environmentOf(bench, 'ours', free, `127.0.0.1:${port}/16`),
    );
    return memory();
  };
  const [first, second] = [await half(), await half()];
  report(`agent memory after ${jobs / 2} and ${jobs} jobs: ${first.toFixed(1)} MB, ${second.toFixed(1)} MB`);
}

/** Compares Debian's client with ours, with the same server and compilers that cost nothing. */
export async function compareClients(top: string, effort: ClientEffort, report: (line: string) => void): Promise<void> {
  const cleanup = new Cleanup();
  cleanup.watchSignals();
  const place = mkdtempSync(join(tmpdir(), 'distcc-bench-'));
  try {
    cleanup.add(() => rmSync(place, { recursive: true, force: true }));
    chmodSync(place, 0o755);
    for (const side of sides) mkdirSync(join(place, side));
    writeFileSync(join(place, 'a.c'), `${'/* A line of a source as long as they are. */\n'.repeat(2000)}int x;\n`);
    const bench: Bench = { place, clients: { theirs: stock.client, ours: join(top, 'dist/bin/distcc') }, cleanup };
    cleanup.add(() => {
      const agent = agentOf(bench);
      if (agent !== undefined) process.kill(agent, 'SIGTERM');
    });
    const table = new Comparison('distcc 3.4', 'ours');
    report(`\nclients: ${effort.jobs} jobs a round, ${effort.rounds} rounds`);
    await compare(bench, top, effort, table);
    table.print(report);
    if (effort.soak > 0) await soak(bench, effort.soak, report);
  } finally {
    await cleanup.run();
  }
}
