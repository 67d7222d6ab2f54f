import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { startRelay } from '../demo/relay.ts';
import { levelDb, libxml2 } from '../demo/sources.ts';
import type { Sources } from '../demo/sources.ts';
import { systemReason } from '../src/system/error-text.ts';
import { Builder, countSame, keepsNothing, withServers } from './build-ways.ts';
import type { Build, Client, Code, Sent, Servers } from './build-ways.ts';
import { git } from './git-source.ts';
import { costOfCommands, makeFreeCompiler, repeated } from './prepare.ts';
import { cpuSum } from './process-tree.ts';
import { agentIn, withBench } from './run-jobs.ts';
import type { Bench, Run } from './run-jobs.ts';
import { loadText, spread, wideRow } from './table.ts';

/** How thorough a run is. */
export interface BuildsEffort {
  readonly rounds: number;
  /** Text in the titles of the wanted figures; with $ at its end, text that they end with. */
  readonly only: string;
  /** Every file, or every eighth. */
  readonly every: number;
}

/** Jobs at a time of what is compiled for real. */
const parallel = 4;
/** Slots and jobs at a time where the compiler costs nothing. */
const many = 16;

/** An agent is warm after this many jobs: V8 has then optimized what it runs most. */
const warmJobs = 350;

/** All that the parts share. */
interface Given {
  readonly bench: Bench;
  readonly effort: BuildsEffort;
  readonly builder: Builder;
  /** Whether our server can keep results. */
  readonly knowsResults: boolean;
  readonly report: (line: string) => void;
}

const isWanted = (title: string, { only }: BuildsEffort): boolean =>
  only.endsWith('$') ? title.endsWith(only.slice(0, -1)) : title.includes(only);

/** A ratio in each round, of both values of that round. */
const ratios = (ours: readonly number[], theirs: readonly number[]): string =>
  spread(ours.map((value, at) => value / (theirs[at] ?? Number.NaN)));

/** One round of real builds. */
interface Round {
  readonly theirs: Build;
  readonly here: Build;
  /** By an agent that was just started, with a server that knows nothing. */
  readonly first: Build;
  /** Once more by the same agent, which is warm by then. */
  readonly again: Build;
  /** How that agent sent its jobs. */
  readonly sent: Sent;
  /** make and the compilers, without any client. */
  readonly alone: Run;
}

/** Builds in every way once; who goes first changes from round to round. */
async function buildRound(given: Given, code: Code, at: number): Promise<Round> {
  const { bench, builder, knowsResults } = given;
  const server = { compilers: '/usr/bin', jobs: parallel + 2 };
  const settings = { theirs: server, ours: { ...server, words: keepsNothing(knowsResults) } };
  return withServers(bench, settings, async (servers) => {
    const build = (client: Client): Promise<Build> => builder.build(client, servers, code, { parallel });
    const made: { -readonly [Way in keyof Round]?: Round[Way] } = {};
    const steps = [
      async () => void (made.theirs = await build('theirs')),
      async () => {
        await builder.forget('ours');
        made.first = await build('ours');
        for (let jobs = made.first.jobs; jobs < warmJobs; jobs += made.first.jobs) await build('ours');
        made.again = await build('ours');
        made.sent = builder.sentBy('ours');
      },
      async () => void (made.here = await build('here')),
      async () => void (made.alone = await builder.alone(code, [], parallel)),
    ];
    for (const step of at % 2 === 0 ? steps : steps.reverse()) await step();
    return made as Round;
  });
}

/**
 * A few jobs with every client, so that none has to load its programs from the disk, or start its agent, in a round.
 */
async function warmUp({ bench, builder }: Given, code: Code): Promise<void> {
  const some = { ...code, sources: { ...code.sources, files: code.sources.files.slice(0, 12) } };
  const server = { compilers: '/usr/bin', jobs: parallel + 2 };
  await withServers(bench, { theirs: server, ours: server }, async (servers) => {
    for (const client of ['theirs', 'ours', 'here'] as const) await builder.build(client, servers, some, { parallel });
  });
}

function reportRounds({ report }: Given, title: string, rounds: readonly Round[], makeMs: number): void {
  const jobs = rounds[0]?.theirs.jobs ?? 0;
  const each = (of: (round: Round) => number): number[] => rounds.map((round) => of(round) / jobs);
  const line = (what: string, of: (run: Build) => number, way: 'first' | 'again'): void => {
    const [theirs, ours] = [each(({ theirs: run }) => of(run)), each((round) => of(round[way]))];
    const here = each(({ here: run }) => of(run));
    report(wideRow(what, spread(theirs), spread(here), spread(ours), ratios(ours, theirs)));
  };
  report(wideRow(`${title}, ${jobs} files`, 'distcc 3.4', 'ours, cpp here', 'ours', 'ours / 3.4'));
  const client = ({ cpuMs }: Run): number => cpuMs - makeMs * jobs;
  line('client CPU a job, ms', client, 'again');
  line('  first build of an agent', client, 'first');
  line('server CPU a job, ms', ({ serverMs }) => serverMs, 'again');
  const server = each(({ again }) => again.serverMs);
  const alone = each(({ alone: { cpuMs } }) => cpuMs).map((value) => value - makeMs);
  const beyond = server.map((value, at) => value - (alone[at] ?? Number.NaN));
  report(wideRow('  beyond a compile here', '', '', spread(beyond), `compile ${spread(alone)}`));
  line('wall time a job, ms', ({ wallMs }) => wallMs, 'again');
  report(wideRow('  without a client', '', '', spread(each(({ alone: { wallMs } }) => wallMs))));
  const same = rounds.map(({ again, alone: run }) => countSame(again, run, jobs));
  const agents = rounds.map(({ again }) => again.agent);
  const [all, system] = [sum(agents.map(cpuSum)), sum(agents.map((cpu) => cpu.system))];
  const share = (ms: number): string => (ms / jobs / rounds.length).toFixed(2);
  for (const text of sentTexts(rounds.map(({ sent }) => sent))) report(`  ${text}`);
  report(
    `  make itself, taken off, ${makeMs.toFixed(2)} ms a job; our agent ${share(all)} ms of ours, ${share(system)} in the kernel; ` +
      `objects as without a client: ${Math.min(...same)} of ${jobs}`,
  );
}

/** How many jobs went unpreprocessed, and why the others did not. */
function sentTexts(all: readonly Sent[]): string[] {
  const [without, preprocessed] = [
    sum(all.map((sent) => sent.unpreprocessed)),
    sum(all.map((sent) => sent.preprocessed)),
  ];
  const reasons = new Map<string, number>();
  for (const { why, jobs } of all.flatMap((sent) => sent.reasons)) reasons.set(why, (reasons.get(why) ?? 0) + jobs);
  return [
    `${without} of ${without + preprocessed} jobs of ours were sent unpreprocessed`,
    ...[...reasons].slice(0, 5).map(([why, jobs]) => `  ${jobs} were preprocessed here: ${why}`),
  ];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Client's and server's CPU, and wall time, of builds with the real compiler. */
async function compareCpu(given: Given, title: string, code: Code, rounds: number): Promise<void> {
  if (!isWanted(title, given.effort)) return;
  await warmUp(given, code);
  // Its words mean nothing to it: what is left is make, its shell, and the cost of starting a program.
  const nothing = await given.builder.alone(code, ['/bin/true'], parallel);
  const done: Round[] = [];
  for (let at = 0; at < rounds; at += 1) done.push(await buildRound(given, code, at));
  reportRounds(given, title, done, nothing.cpuMs / code.sources.files.length);
  given.report(loadText());
  given.builder.tidy();
}

/** Lends servers with the compiler that costs nothing. */
async function withFreeServers(
  { bench, knowsResults }: Given,
  sources: Sources,
  use: (servers: Servers, free: string) => Promise<void>,
): Promise<void> {
  const free = join(bench.place, 'free');
  makeFreeCompiler(bench.top, sources, free);
  const server = { compilers: free, jobs: many };
  const ours = { ...server, words: keepsNothing(knowsResults) };
  await withServers(bench, { theirs: server, ours }, (servers) => use(servers, free));
}

/** Bytes that go to the servers in a build. */
async function countBytes(given: Given, servers: Servers, code: Code): Promise<void> {
  const { builder, report } = given;
  const jobs = code.sources.files.length;
  const relays = { theirs: await startRelay(servers.theirs.port), ours: await startRelay(servers.ours.port) };
  const bytesOf = async (client: Client): Promise<number> => {
    const { port, counts } = relays[client === 'theirs' ? 'theirs' : 'ours'];
    const before = counts.bytesOut;
    await builder.build(client, servers, code, { parallel, port, options: ',lzo' });
    return counts.bytesOut - before;
  };
  await builder.forget('ours');
  const theirs = await bytesOf('theirs');
  const figures = { 'here, preprocessed': await bytesOf('here'), 'ours, all new': await bytesOf('ours') };
  const all = { 'distcc 3.4': theirs, ...figures, 'ours, second build': await bytesOf('ours') };
  const sent = builder.sentBy('ours');
  for (const relay of Object.values(relays)) relay.close();
  report(`bytes to the server, ${jobs} files, with LZO where text is sent`);
  for (const [what, bytes] of Object.entries(all)) {
    const [whole, each] = [`${(bytes / 1e6).toFixed(2)} MB`, `${(bytes / 1000 / jobs).toFixed(2)} KB a file`];
    report(wideRow(`  ${what}`, whole, each, `${(bytes / theirs).toFixed(4)} of 3.4`));
  }
  for (const text of sentTexts([sent])) report(`  ${text}`);
}

/** What clients and servers reach when compiling costs nothing. */
async function compareRates(given: Given, servers: Servers, code: Code, free: string): Promise<void> {
  const { builder, bench, effort, report } = given;
  const longer = { ...code, sources: repeated(code.sources, 4) };
  const compiler = costOfCommands(longer.sources, `${free}:/usr/bin:/bin`, bench.place);
  const found: Record<'theirs' | 'here' | 'ours', Build[]> = { theirs: [], here: [], ours: [] };
  const clients = ['theirs', 'here', 'ours'] as const;
  await builder.forget('ours');
  // The first round only warms up.
  for (let round = -1; round < effort.rounds; round += 1) {
    for (const client of round % 2 === 0 ? clients : [...clients].reverse()) {
      const wanted = client === 'ours' ? longer : code;
      const build = await builder.build(client, servers, wanted, { parallel: many });
      if (round >= 0) found[client].push(build);
    }
  }
  report(wideRow('compiler for nothing, -j16', 'distcc 3.4', 'ours, cpp here', 'ours', 'ours / 3.4'));
  const line = (what: string, of: (build: Build) => number): void => {
    const [theirs, here, ours] = [found.theirs.map(of), found.here.map(of), found.ours.map(of)];
    report(wideRow(what, spread(theirs), spread(here), spread(ours), ratios(ours, theirs)));
  };
  line('jobs a second', ({ jobs, wallMs }) => (jobs / wallMs) * 1000);
  // Where all processors are busy, the server took its CPU from the client.
  line('  server excluded', ({ jobs, wallMs, serverMs }) => (jobs / (wallMs - serverMs / cpus().length)) * 1000);
  line('  CPU limit of two processors', ({ jobs, cpuMs }) => (2000 * jobs) / cpuMs);
  line('client CPU a job, ms', ({ jobs, cpuMs }) => cpuMs / jobs);
  line('server CPU beyond compiler, ms', ({ jobs, serverMs }) => serverMs / jobs - compiler);
  for (const text of sentTexts([builder.sentBy('ours')])) report(`  ${text}`);
  report(loadText());
}

/** How long it takes another developer to build what one has built, where the server keeps results. */
async function compareSecondClient(given: Given, code: Code, rounds: number): Promise<void> {
  const { bench, builder, knowsResults, report } = given;
  const title = 'second client, results kept';
  if (!isWanted(title, given.effort)) return;
  if (!knowsResults) {
    report(`${title}: not available`);
    return;
  }
  const server = { compilers: '/usr/bin', jobs: parallel + 2 };
  const settings = { theirs: server, ours: { ...server, words: ['--result-cache', '1G'] } };
  const jobs = code.sources.files.length;
  const done: { readonly first: Build; readonly second: Build; readonly same: number }[] = [];
  for (let at = 0; at < rounds; at += 1) {
    await builder.forget('ours');
    await builder.forget('other');
    await withServers(bench, settings, async (servers) => {
      const first = await builder.build('ours', servers, code, { parallel });
      const second = await builder.build('other', servers, code, { parallel });
      done.push({ first, second, same: countSame(first, second, jobs) });
    });
  }
  const [first, second] = [done.map((one) => one.first.wallMs / 1000), done.map((one) => one.second.wallMs / 1000)];
  report(wideRow(`${title}, ${jobs} files`, 'first, s', 'second, s', 'second / first'));
  report(wideRow('wall time', spread(first), spread(second), ratios(second, first)));
  report(`  same objects: ${Math.min(...done.map(({ same }) => same))} of ${jobs}; ${loadText()}`);
  builder.tidy();
}

/** Resident memory of a process, in MB. */
function residentMb(pid: number): number {
  const [, kib = 'NaN'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kib) * 1024) / 1e6;
}

function reportMemory({ bench, report }: Given): void {
  for (const [client, what] of [
    ['ours', 'agent'],
    ['here', 'agent that preprocesses'],
  ] as const) {
    const pid = agentIn(join(bench.place, client));
    if (pid !== undefined) report(`memory of our ${what} after all this: ${residentMb(pid).toFixed(1)} MB resident`);
  }
}

/** Every n-th of the files, to see whether everything works. */
const thinned = (sources: Sources, every: number): Sources => ({
  ...sources,
  files: sources.files.filter((_, at) => at % every === 0),
});

/** What cannot be fetched is left out, with a sentence. */
function sourcesOrReason(get: () => Sources, { every }: BuildsEffort, report: (line: string) => void) {
  try {
    return thinned(get(), every);
  } catch (error) {
    report(systemReason(error));
    return undefined;
  }
}

/** Builds real code with Debian's distcc and with ours. */
export async function compareBuilds(top: string, effort: BuildsEffort, report: (line: string) => void): Promise<void> {
  const cache = join(top, '.cache');
  const [gitCode, level, libxml] = [git, levelDb, libxml2].map((of) =>
    sourcesOrReason(() => of(cache), effort, report),
  );
  const help = execFileSync(join(top, 'dist/bin/distccd'), ['--help'], { encoding: 'utf8' });
  await withBench(top, async (bench) => {
    const builder = new Builder(bench);
    const given: Given = { bench, effort, builder, knowsResults: help.includes('--result-cache'), report };
    const fewer = Math.ceil(effort.rounds / 3);
    report(
      `\nbuilds: rounds: ${effort.rounds}, with -O2 and of two clients ${fewer}; medians, with the least and the most`,
    );
    report(loadText());
    if (gitCode !== undefined) {
      await compareCpu(given, 'git -O0', { sources: gitCode, level: '-O0' }, effort.rounds);
      await compareCpu(given, 'git -O2', { sources: gitCode, level: '-O2' }, fewer);
    }
    if (level !== undefined) await compareCpu(given, 'LevelDB -O0', { sources: level, level: '-O0' }, effort.rounds);
    if (libxml !== undefined) await compareCpu(given, 'libxml2 -O0', { sources: libxml, level: '-O0' }, effort.rounds);
    const code = gitCode ?? libxml;
    if (code === undefined) return;
    const [bytes, rates] = [isWanted('bytes', effort), isWanted('rates', effort)];
    if (bytes || rates)
      await withFreeServers(given, code, async (servers, free) => {
        if (bytes) await countBytes(given, servers, { sources: code, level: '-O0' });
        if (rates) await compareRates(given, servers, { sources: code, level: '-O0' }, free);
      });
    builder.tidy();
    await compareSecondClient(given, { sources: code, level: '-O2' }, fewer);
    reportMemory(given);
  });
}
