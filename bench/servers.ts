import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup } from '../demo/cleanup.ts';
import { makefileFor, quote, runMake } from '../demo/compile.ts';
import { makeSharedDirectory, startDaemon } from '../demo/daemons.ts';
import type { Daemon } from '../demo/daemons.ts';
import { freePort } from '../scripts/free-port.mjs';
import type { Sources } from '../demo/sources.ts';
import { costOfCommands, makeFreeCompiler, preprocess, repeated, totalSize } from './prepare.ts';
import { cpuOfTree, memoryOfTree } from './process-tree.ts';
import { Comparison } from './table.ts';

const client = '/usr/bin/distcc';
const theirs = '/usr/bin/distccd';
const jobs = 4;

/** How thorough a run is. */
export interface Effort {
  readonly rounds: number;
  /** Rounds that compile for real: 0 for none. */
  readonly realRounds: number;
  /** How often each source is sent in one round with the compiler that costs nothing. */
  readonly repeats: number;
}

type Side = 'theirs' | 'ours';
type Pair<T> = Readonly<Record<Side, T>>;
const sides: readonly Side[] = ['theirs', 'ours'];

/** One measured run: wall time and the daemon's CPU, in ms. */
interface Round {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Why servers cannot be compared here, or undefined. */
export function missingForServers(): string | undefined {
  if (process.platform !== 'linux') return 'the servers are compared on Linux only';
  if (!existsSync(client) || !existsSync(theirs)) return 'to compare servers, apt-get install distcc';
  return undefined;
}

/** Compares Debian's distccd with ours on one set of sources, with the same client, alternating. */
export async function compareServers(
  top: string,
  sources: Sources,
  effort: Effort,
  report: (line: string) => void,
): Promise<void> {
  const cleanup = new Cleanup();
  cleanup.watchSignals();
  try {
    const bench = prepare(top, sources, cleanup);
    const { files } = bench.prepared;
    report(
      `\nservers: ${sources.title}, ${files.length} files, ${(totalSize(bench.prepared) / 1e6).toFixed(1)} MB preprocessed, ${jobs} at a time`,
    );
    const table = new Comparison('distccd 3.4', 'ours');
    await compareOverhead(bench, effort, table);
    if (effort.realRounds > 0) await compareRealCompiles(bench, effort, table);
    table.print(report);
  } finally {
    await cleanup.run();
  }
}

interface Bench {
  readonly top: string;
  readonly place: string;
  readonly prepared: Sources;
  /** Directory with the compiler that costs nothing. */
  readonly free: string;
  readonly cleanup: Cleanup;
}

function prepare(top: string, sources: Sources, cleanup: Cleanup): Bench {
  const place = mkdtempSync(join(tmpdir(), 'distccd-bench-'));
  cleanup.add(() => rmSync(place, { recursive: true, force: true }));
  chmodSync(place, 0o755);
  for (const name of ['out', 'state', 'logs']) mkdirSync(join(place, name));
  const prepared = preprocess(sources, join(place, 'preprocessed'));
  const free = join(place, 'free');
  makeFreeCompiler(top, prepared, free);
  return { top, place, prepared, free, cleanup };
}

async function startBoth(bench: Bench, name: string, path: string): Promise<Pair<Daemon>> {
  const start = async (side: Side): Promise<Daemon> => {
    const port = await freePort();
    const program = side === 'ours' ? join(bench.top, 'dist/bin/distccd') : theirs;
    const words = ['--daemon', '--no-detach', '--port', String(port), '--listen', '127.0.0.1', '--allow', '127.0.0.1'];
    words.push('--jobs', String(jobs), '--nice', '5', '--log-stderr', '--log-level', 'notice');
    const folder = makeSharedDirectory(join(bench.place, `${name}-${side}`));
    const environment = { TMPDIR: folder, PATH: path };
    const logFile = join(bench.place, `${name}-${side}.log`);
    return startDaemon({ command: [program, ...words], port, logFile, environment }, bench.cleanup);
  };
  return { theirs: await start('theirs'), ours: await start('ours') };
}

async function runRound(bench: Bench, daemon: Daemon, sources: Sources): Promise<Round> {
  const makefile = join(bench.place, 'Makefile');
  writeFileSync(makefile, makefileFor(sources));
  // make would find the last round's objects to be up to date.
  rmSync(join(bench.place, 'out'), { recursive: true });
  mkdirSync(join(bench.place, 'out'));
  const pid = daemon.process.pid ?? 0;
  const before = cpuOfTree(pid);
  const wallMs = await runMake(
    {
      sources,
      makefile,
      out: join(bench.place, 'out'),
      logs: join(bench.place, 'logs'),
      jobs,
      client: [quote(client)],
      environment: {
        DISTCC_HOSTS: `127.0.0.1:${daemon.port}/${jobs},lzo`,
        DISTCC_DIR: join(bench.place, 'state'),
        DISTCC_FALLBACK: '0',
      },
      progress: () => {},
    },
    bench.cleanup,
  );
  // The daemon reaps its last compiler, and writes its last line, after the client has its answer.
  await sleep(100);
  return { wallMs, cpuMs: cpuOfTree(pid) - before };
}

/** Runs rounds on both sides in turn, after one that only warms up. */
async function alternate(
  bench: Bench,
  daemons: Pair<Daemon>,
  sources: Sources,
  rounds: number,
): Promise<Pair<Round[]>> {
  const results: Pair<Round[]> = { theirs: [], ours: [] };
  for (let round = -1; round < rounds; round += 1) {
    // Who goes first changes, so that no side always works on the warmer or the busier machine.
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      const result = await runRound(bench, daemons[side], sources);
      if (round >= 0) results[side].push(result);
    }
  }
  return results;
}

async function compareOverhead(bench: Bench, effort: Effort, table: Comparison): Promise<void> {
  const path = `${bench.free}:/usr/bin:/bin`;
  const sources = repeated(bench.prepared, effort.repeats);
  const daemons = await startBoth(bench, 'free', path);
  const results = await alternate(bench, daemons, sources, effort.rounds);
  const alone = costOfCommands(sources, path, join(bench.place, 'out'));
  const count = sources.files.length;
  const each = (of: (round: Round) => number): Pair<number[]> => ({
    theirs: results.theirs.map(of),
    ours: results.ours.map(of),
  });
  table.add(
    'CPU a job beyond the compiler',
    'ms',
    each(({ cpuMs }) => cpuMs / count - alone),
  );
  table.add(
    'wall time a job, compiler for nothing',
    'ms',
    each(({ wallMs }) => wallMs / count),
  );
  table.add('memory, peak', 'MB', {
    theirs: [await peakMemory(bench, daemons.theirs, sources)],
    ours: [await peakMemory(bench, daemons.ours, sources)],
  });
}

/**
 * The most memory a daemon had in a round of its own, in MB: looking is not free, so it is not done while CPU is
 * measured.
 */
async function peakMemory(bench: Bench, daemon: Daemon, sources: Sources): Promise<number> {
  let peak = 0;
  const look = setInterval(() => {
    peak = Math.max(peak, memoryOfTree(daemon.process.pid ?? 0));
  }, 50);
  await runRound(bench, daemon, sources);
  clearInterval(look);
  return peak / 1e6;
}

async function compareRealCompiles(bench: Bench, effort: Effort, table: Comparison): Promise<void> {
  const path = process.env['PATH'] ?? '/usr/bin:/bin';
  const daemons = await startBoth(bench, 'real', path);
  const results = await alternate(bench, daemons, bench.prepared, effort.realRounds);
  const each = (of: (round: Round) => number): Pair<number[]> => ({
    theirs: results.theirs.map(of),
    ours: results.ours.map(of),
  });
  table.add(
    'wall time of the whole build, -O2',
    's',
    each(({ wallMs }) => wallMs / 1000),
  );
  table.add(
    'CPU of daemon and compilers, -O2',
    's',
    each(({ cpuMs }) => cpuMs / 1000),
  );
}
