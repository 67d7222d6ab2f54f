import { access, constants, readFile } from 'node:fs/promises';
import { Failure } from '../../basics/failure.ts';
import type { Reason } from '../../compiler/verdict.ts';
import { distccDirectory, readVariable } from '../../config/client-environment.ts';
import { chooseSlot, runsSlow } from '../slots/choose-slot.ts';
import type { FreeSlot } from '../slots/choose-slot.ts';
import { timeText } from '../../agent-state/status.ts';
import type { AgentStatus } from '../../agent-state/status.ts';
import { loadHosts } from '../hosts/host-source.ts';
import { statesFromAgent, statesFromFolder } from './host-states.ts';
import type { HostState } from './host-states.ts';
import { obstacleToInputs } from '../compile/inputs-way.ts';
import { findInputs } from '../headers/find-inputs.ts';
import { HeaderGraph } from '../headers/header-graph.ts';
import type { Found } from '../headers/inputs.ts';
import { OwnDisk } from './own-disk.ts';
import { pathIn, understand } from '../job/understand.ts';
import type { Job, RemoteJob } from '../job/understand.ts';
import { readLockFolder } from '../slots/lock-folder.ts';
import { withOptions } from '../job/options-files.ts';
import { outputObstacle } from '../user-files/unwritable-output.ts';
import { usableHosts } from '../slots/slot-order.ts';
import { textLog } from '../user-files/text-log.ts';
import { programsIn } from '../user-files/find-programs.ts';
import { pathOf, readable } from '../../system/byte-text.ts';
import { systemReason } from '../../system/error-text.ts';
import { findProgram } from '../../system/files/path-search.ts';
import type { Call } from '../job/call.ts';

function isUsable({ host, rest }: HostState): boolean {
  return usableHosts([host], { failed: new Set(), rests: () => rest !== undefined }).length > 0;
}

/** Whether a host gets no jobs by the list. */
const isOff = ({ host }: HostState): boolean => host.slots <= 0 || (host.kind !== 'local' && host.down);

/** The next slot of each host that has one. */
function freeSlots(states: readonly HostState[]): Map<HostState, FreeSlot> {
  const free = states.filter((state) => isUsable(state) && state.taken < state.host.slots);
  return new Map(free.map((state) => [state, { host: state.host, slot: state.taken, expected: state.expected }]));
}

/** What is said of a host, with its last failure unless it rests for that. */
function wordsFor(state: HostState, free: ReadonlyMap<HostState, FreeSlot>): string {
  const { failure, rest } = state;
  const words = usualWords(state, free);
  return failure === undefined || rest !== undefined
    ? words
    : `${words}; failed ${timeText(failure.secondsAgo)} ago: ${failure.why}`;
}

function usualWords(state: HostState, free: ReadonlyMap<HostState, FreeSlot>): string {
  const { host, taken, rest, expected } = state;
  const slots = `${taken} of ${host.slots} slots taken`;
  if (host.kind === 'local') return `this machine, ${slots}`;
  if (host.down) return 'marked down: remove ",down" to use it';
  if (host.slots === 0) return 'never used, since its number of jobs is not above 0';
  if (rest !== undefined) {
    const why = rest.why === undefined ? 'it failed' : `it failed: ${rest.why}`;
    return `rests ${timeText(rest.seconds)} more, because ${why}`;
  }
  if (expected === undefined) return slots;
  if (expected === Infinity) return `${slots}, passed over while others have some: it has just refused a job`;
  const time = `${slots}, a job would take ${expected < 0.05 ? '' : 'about '}${timeText(expected)}`;
  const slot = free.get(state);
  return slot !== undefined && runsSlow(slot, [...free.values()])
    ? `${time}: runs slow, passed over while others have slots`
    : time;
}

/** Where the command would run now, and what to change if that is this machine. */
function outcome(states: readonly HostState[], free: ReadonlyMap<HostState, FreeSlot>): string[] {
  const chosen = chooseSlot([...free.values()]);
  if (chosen?.host.kind === 'local') {
    return [
      'would run on this machine now: it is next in the host list',
      'to have it distributed: move or remove "localhost" in the host list',
    ];
  }
  if (chosen !== undefined) return [`would go to ${chosen.host.definition} now`];
  if (states.some((state) => isUsable(state)))
    return ['would wait now: every slot is taken, and jobs are served in turn'];
  const cure =
    states.length === 0
      ? 'list hosts in DISTCC_HOSTS or a hosts file'
      : states.every((state) => isOff(state))
        ? 'list hosts that are not marked down and get jobs'
        : 'mend what the resting hosts failed for, wait until they have rested, or list others';
  return ['would run on this machine now: no host can be used', `to have it distributed: ${cure}`];
}

function hostLines({ environment }: Call, status: AgentStatus | undefined): string[] {
  try {
    const { hosts, warnings, randomize } = loadHosts(environment);
    const folder = distccDirectory(environment) ?? '/nonexistent';
    const states =
      status === undefined
        ? statesFromFolder(hosts, readLockFolder(`${folder}/lock`, readVariable('DISTCC_BACKOFF_PERIOD', environment)))
        : statesFromAgent(hosts, status);
    const free = freeSlots(states);
    const source =
      status === undefined ? 'by the lock files, since no agent is running' : `by the agent, process ${status.pid}`;
    const order = randomize ? 'in a random order, another one for each job' : 'in the order of preference';
    const lines = states.map((state, at) => `  ${at + 1}. ${state.host.definition}: ${wordsFor(state, free)}`);
    return [
      ...warnings,
      ...(lines.length === 0 ? [] : [`hosts, ${order}, ${source}:`, ...lines]),
      ...outcome(states, free),
    ];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [
      'would run on this machine now: the host list cannot be used',
      `to have it distributed: mend the list: ${error.message}`,
    ];
  }
}

function here({ because, cure }: Reason, status: AgentStatus | undefined): string {
  const lacks = status?.lacks === undefined ? [] : [`would wait now for ${status.lacks}`];
  return [`runs on this machine: ${because}`, `to have it distributed: ${cure}`, ...lacks, ''].join('\n');
}

function readText(name: string): Promise<string | undefined> {
  const path = pathOf(name);
  return path === undefined ? Promise.resolve(undefined) : readFile(path, 'latin1').catch(() => undefined);
}

/** What a call asks for, without a word to the log. @throws Failure when it is not a call of a compiler */
export async function understood(call: Call): Promise<Job> {
  const silent = textLog('distcc', 'emergency', () => {});
  const programs = programsIn(pathOf(call.environment['PATH']), pathOf(call.directory) ?? '/');
  return understand(call, (name) => programs(readable(name)), silent, await withOptions(call, readText));
}

/** Why a command cannot compile anything; undefined when nothing is known against it. */
async function failureOf(job: RemoteJob): Promise<string | undefined> {
  const { argv, directory, environment, verdict } = job;
  const [compiler = ''] = argv;
  const found = findProgram(compiler, { path: pathOf(environment['PATH']), directory, notLeadingTo: 'distcc' });
  if (found === undefined) return `there is no compiler "${readable(compiler)}" in PATH: install it, or mend the name`;
  const source = pathOf(pathIn(job, verdict.source));
  try {
    if (source !== undefined) await access(source, constants.R_OK);
    return undefined;
  } catch (error) {
    return `cannot read "${readable(verdict.source)}": ${systemReason(error)}`;
  }
}

/**
 * Explains where a command would run, why, and what to change to have it distributed; nothing is run.
 * @throws Failure when it does not call a compiler
 */
export async function explain(call: Call, status: AgentStatus | undefined): Promise<string> {
  const job = await understood(call);
  if (job.run === 'locally') return here(job, status);
  const obstacle = outputObstacle(pathIn(job, job.verdict.source), pathIn(job, job.verdict.output));
  if (obstacle !== undefined) return here(obstacle, status);
  const failure = await failureOf(job);
  if (failure !== undefined) return `fails here and on every host: ${failure}\n`;
  const usual = `can be distributed: "${job.verdict.source}" is compiled to "${job.verdict.output}" by "${job.verdict.words[0] ?? ''}"`;
  return [usual, howSent(job, await inputsOf(job)), ...hostLines(call, status), ''].join('\n');
}

/** What a job may read, found with files and compilers of this process. */
async function inputsOf(job: RemoteJob): Promise<Found> {
  const obstacle = obstacleToInputs(job);
  if (obstacle !== undefined) return { kind: 'preprocess', because: obstacle };
  const { verdict, directory, environment, argv } = job;
  const words = [argv[0] ?? '', ...verdict.words.slice(1)];
  return findInputs(
    { source: verdict.source, argv: words, directory, environment },
    new OwnDisk(pathOf(directory) ?? '/', environment),
    new HeaderGraph(),
  );
}

/** Whether the source is preprocessed here, and why. */
function howSent({ verdict }: RemoteJob, found: Found): string {
  if (found.kind === 'preprocess') return `"${verdict.source}" is preprocessed here: ${found.because}`;
  const files = found.inputs.filter(({ kind }) => kind === 'file').length;
  const listed = found.unbounded === undefined ? '' : `, listed by the compiler because ${found.unbounded}`;
  return `hosts that take sources get "${verdict.source}" and ${files - 1} files that it may include${listed}; for others it is preprocessed here`;
}

/** What of an input is shown, as distcc names it. */
const kindNames = { file: 'FILE', link: 'SYMLINK', directory: 'DIRECTORY' } as const;

/**
 * Lists the files, links and directories that a host would be told of, one a line; undefined with a reason when the
 * source would be preprocessed here.
 * @throws Failure when it is not a call of a compiler
 */
export async function listInputs(
  call: Call,
): Promise<{ readonly lines: readonly string[] } | { readonly because: string }> {
  const job = await understood(call);
  if (job.run === 'locally') return job;
  const found = await inputsOf(job);
  if (found.kind === 'preprocess') return found;
  return { lines: found.inputs.map(({ kind, path }) => `${kindNames[kind].padEnd(9)} ${path}\n`) };
}
