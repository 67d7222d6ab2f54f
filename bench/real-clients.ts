import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../demo/compile.ts';
import type { Sources } from '../demo/sources.ts';
import { compilerOf } from './prepare.ts';
import { cpuSince, cpuSum } from './process-tree.ts';
import { alternate, compilerPath, counterIn, environmentOf, runJobs, serve, sides, withBench } from './run-jobs.ts';
import type { Bench, Run } from './run-jobs.ts';
import { loadText, median, spread, wideRow } from './table.ts';

/** How thorough a run is. */
export interface RealEffort {
  readonly rounds: number;
  /** Whether to tell where our milliseconds go. */
  readonly where: boolean;
  /** Text in the titles of the wanted builds. */
  readonly only: string;
}

/** One way to build: how many jobs at a time, and what comes after the host's name. */
interface Setting {
  readonly parallel: number;
  readonly options: string;
}

const settings: readonly Setting[] = ['', ',lzo'].flatMap((options) =>
  [1, 4].map((parallel) => ({ parallel, options })),
);

/** Of the same round: both clients, and the preprocessor alone. */
interface Round {
  readonly alone: Run;
  readonly theirs: Run;
  readonly ours: Run;
}

interface Given {
  readonly port: number;
  readonly rounds: number;
  readonly compilers: string;
}

/** Builds everything with both clients, and preprocesses it without one: the same words, but for -c and -E. */
async function build(bench: Bench, sources: Sources, { parallel, options }: Setting, given: Given): Promise<Round[]> {
  const { rounds, compilers, port } = given;
  const command = (before: readonly string[], file: string, how: string): string =>
    [...before, compilerOf(file), '-O0', file, ...sources.words, how].map(quote).join(' ');
  const load = (before: readonly string[], how: string) => ({
    commands: sources.files.map((file) => command(before, file, how)),
    parallel,
    directory: sources.directory,
  });
  const { alone, theirs, ours } = await alternate(['alone', ...sides], rounds, (way) =>
    way === 'alone'
      ? runJobs(bench, load([], '-E'), compilerPath(compilers))
      : runJobs(
          bench,
          load([bench.clients[way]], '-c'),
          environmentOf(bench, way, compilers, `127.0.0.1:${port}/4${options}`),
        ),
  );
  return alone.flatMap((run, at) => {
    const [their, our] = [theirs[at], ours[at]];
    return their === undefined || our === undefined ? [] : [{ alone: run, theirs: their, ours: our }];
  });
}

/** CPU without that of the preprocessors, which differs between any two runs of make. */
const besides = ({ cpuMs, cpp }: Run): number => cpuMs - cpuSum(cpp);

/** A figure of each side, and their ratio in the same round. */
function compared(rounds: readonly Round[], of: (run: Run, alone: Run) => number): string[] {
  const [theirs, ours] = [
    rounds.map(({ theirs: run, alone }) => of(run, alone)),
    rounds.map(({ ours: run, alone }) => of(run, alone)),
  ];
  const ratios = ours.map((value, at) => value / (theirs[at] ?? Number.NaN));
  return [spread(theirs), spread(ours), spread(ratios)];
}

/** Our ms a job, in programs and in the kernel: the launcher's, less what make needs without one, and the agent's. */
function whereOurs(rounds: readonly Round[], jobs: number): string[] {
  const launcher = ({ make, cpp }: Run, part: 'user' | 'system'): number => cpuSince(make, cpp)[part];
  const shares = [
    rounds.map(({ ours, alone }) => launcher(ours, 'user') - launcher(alone, 'user')),
    rounds.map(({ ours, alone }) => launcher(ours, 'system') - launcher(alone, 'system')),
    rounds.map(({ ours }) => ours.agent.user),
    rounds.map(({ ours }) => ours.agent.system),
  ];
  return shares.map((values) => (median(values) / jobs).toFixed(2));
}

/** The real compilers, with a program in front that counts them. */
function countedCompilers(bench: Bench): string {
  const folder = join(bench.place, 'counted');
  mkdirSync(folder);
  // Clients ask for a compiler by the name that is the same on every machine.
  const triple = execFileSync('cc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
  for (const name of ['gcc', 'g++', `${triple}-gcc`, `${triple}-g++`])
    symlinkSync(counterIn(bench), join(folder, name));
  return folder;
}

/**
 * Compares both clients' CPU in builds of real code with the compiler itself, which empties the caches between jobs.
 */
export async function compareOnRealCode(
  top: string,
  sources: readonly Sources[],
  { rounds, where, only }: RealEffort,
  report: (line: string) => void,
): Promise<void> {
  await withBench(top, async (bench) => {
    const given = { port: await serve(bench, '/usr/bin', 8), rounds, compilers: countedCompilers(bench) };
    report(`\nclients with a real compiler: ${rounds} rounds; ${loadText()}`);
    report(wideRow('CPU a job, ms', 'distcc 3.4', 'ours', 'ratio', 'cpp alone'));
    const parts: string[] = [];
    for (const one of sources) {
      const jobs = one.files.length;
      for (const setting of settings) {
        const title = `${one.title.split(' ')[0] ?? ''} -j${setting.parallel}${setting.options}`;
        if (only.endsWith('$') ? !title.endsWith(only.slice(0, -1)) : !title.includes(only)) continue;
        const found = await build(bench, one, setting, given);
        const direct = compared(found, (run, alone) => (besides(run) - besides(alone)) / jobs);
        const cpp = spread(found.map(({ alone }) => alone.cpuMs / jobs));
        report(wideRow(`${title}, ${jobs} jobs`, ...direct, cpp));
        const difference = compared(found, (run, alone) => (run.cpuMs - alone.cpuMs) / jobs);
        report(wideRow('  difference to cpp alone', ...difference));
        parts.push(wideRow(title, ...whereOurs(found, jobs)));
      }
    }
    report(loadText());
    if (!where) return;
    report(wideRow('where ours goes, ms a job', 'launcher, user', 'launcher, system', 'agent, user', 'agent, system'));
    for (const part of parts) report(part);
  });
}
