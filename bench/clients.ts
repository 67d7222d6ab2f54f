import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../demo/compile.ts';
import type { Sources } from '../demo/sources.ts';
import { compilerOf, makeFreeCompiler, recordTexts, repeated } from './prepare.ts';
import { memoryOfTree } from './process-tree.ts';
import {
  agentOf,
  alternate,
  build,
  compilerPath,
  each,
  environmentOf,
  makeCompiler,
  onceMore,
  runJobs,
  serve,
  sides,
  stock,
  withBench,
} from './run-jobs.ts';
import type { Bench, Run, Side } from './run-jobs.ts';
import { Comparison, median } from './table.ts';

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

/** Why clients cannot be compared here, or undefined. */
export function missingForClients(): string | undefined {
  if (process.platform !== 'linux') return 'the clients are compared on Linux only';
  if (!existsSync(stock.client) || !existsSync(stock.server)) return 'to compare clients, apt-get install distcc';
  return undefined;
}

/**
 * Compares the CPU that clients need for jobs of real sources, less what preprocessing them needs. The preprocessor
 * writes a text that was made before, and the server compiles for nothing: a real preprocessor takes ten times what is
 * measured, and never twice the same.
 */
async function compareReal(bench: Bench, sources: Sources, effort: ClientEffort, table: Comparison): Promise<void> {
  const title = sources.title.split(' ')[0] ?? '';
  const free = join(bench.place, `free-${title}`);
  makeFreeCompiler(bench.top, sources, free);
  const port = await serve(bench, free, 8);
  const texts = repeated(recordTexts(sources, join(bench.place, title)), 4);
  const commands = (before: string, how: string): string[] =>
    texts.files.map((file) =>
      [...before.split(' '), compilerOf(file), '-O2', file, ...texts.words, how]
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

/** How near make comes to the ideal without any client, and with one that only does what every client must do. */
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
    'dispatch with 64 free slots',
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
      `ideal / wall, 200 x 0.1 s on 4 slots, -j${parallel}`,
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
    const commands = Array.from({ length: 1000 }, () => `${bench.clients.ours} gcc -c ${bench.place}/a.c`);
    const environment = environmentOf(bench, 'ours', free, `127.0.0.1:${port}/16`);
    await onceMore('a thousand jobs', () => runJobs(bench, { commands, parallel: 16 }, environment));
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
  await withBench(top, async (bench) => {
    writeFileSync(
      join(bench.place, 'a.c'),
      `${'/* A line of a source as long as they are. */\n'.repeat(2000)}int x;\n`,
    );
    const table = new Comparison('distcc 3.4', 'ours');
    report(`\nclients: ${effort.jobs} jobs a round, ${effort.rounds} rounds`);
    await comparePretended(bench, effort, table, report);
    for (const one of sources) await compareReal(bench, one, effort, table);
    table.print(report);
    if (effort.soak > 0) await soak(bench, effort.soak, report);
  });
}
