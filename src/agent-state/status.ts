import { defaultPort } from '../wire/port.ts';
import { tableLines } from './table-text.ts';
import type { BuildSummary, JobPhase } from './events.ts';
import { writeHost, writeHostPort } from '../basics/address-text.ts';

/** What an agent reports about itself. */
export interface AgentStatus {
  readonly pid: number;
  readonly version: string;
  readonly uptimeSeconds: number;
  /** 0 when it is not known. */
  readonly memoryBytes: number;
  readonly jobsDone: number;
  /** Memory that the largest recent compiler or linker of this machine used, in bytes; 0 when not known. */
  readonly largestLocalJob: number;
  /** What another compiler or linker on this machine would have to wait for, besides a slot. */
  readonly lacks?: string;
  /** Jobs that wait for a slot. */
  readonly waiting: number;
  /** Jobs that hosts have done, by how they were sent, and why some sources were preprocessed here all the same. */
  readonly sent: {
    readonly unpreprocessed: number;
    /** How many of those got a result that the host had kept. */
    readonly results: number;
    readonly preprocessed: number;
    readonly reasons: readonly { readonly why: string; readonly jobs: number }[];
  };
  readonly jobs: readonly {
    readonly pid: number;
    readonly directory: string;
    readonly words: readonly string[];
    readonly waitsFor?: string;
    readonly phase: JobPhase;
    /** Where it is, as a message names hosts; left out on this machine. */
    readonly host?: string;
    /** How long it has run. */
    readonly seconds: number;
  }[];
  /** Hosts of the list, and those that have done or failed a job since the agent started; named as `slots` names them. */
  readonly hosts: readonly {
    readonly name: string;
    readonly done: number;
    readonly failed: number;
    readonly lastFailure?: { readonly why: string; readonly secondsAgo: number };
  }[];
  /** The build that runs, or the last one. */
  readonly build?: BuildSummary;
  /** The jobs that each host, and each kind of work on this machine, has now. */
  readonly slots: readonly { readonly name: string; readonly jobs: number }[];
  /** How many seconds a host is expected to need for a job; null when it has just refused one. */
  readonly expected: readonly { readonly name: string; readonly seconds: number | null }[];
  readonly resting: readonly { readonly name: string; readonly why: string; readonly seconds: number }[];
}

/** What a job does, before the name of a host where it has one. */
const phaseText: Readonly<Record<JobPhase, string>> = {
  queue: 'waits',
  scan: 'finds headers',
  preprocess: 'preprocesses',
  connect: 'connects to',
  send: 'sends to',
  compile: 'compiles on',
  receive: 'receives from',
  local: 'runs here',
};

const longestCommand = 90;

/** Characters shown of a long command's beginning. More of its end is shown, which names the source and the object. */
const beginning = 24;

/** The command without the word "distcc", which every line would repeat. */
function commandText([program = '', ...words]: readonly string[]): string {
  const text = (program.endsWith('distcc') ? words : [program, ...words]).join(' ');
  if (text.length <= longestCommand) return text;
  return `${text.slice(0, beginning)} ... ${text.slice(text.length - (longestCommand - beginning - 5))}`;
}

/** A readable name for a slot: the status report uses the names of lock files. */
export function hostText(name: string): string {
  if (name === 'localhost') return 'this machine, compilers and linkers';
  if (name === 'preprocessors') return 'this machine, preprocessors';
  const tcp = /^tcp_(.*)_(\d+)$/.exec(name);
  if (tcp === null) return name.replace(/^ssh_/, '@');
  const [, host = '', port = ''] = tcp;
  return Number(port) === defaultPort ? writeHost(host) : writeHostPort(host, port);
}

/** A time as people say it: 0.4 s, 12 s, 5 min, 3 h. */
export function timeText(seconds: number): string {
  if (seconds > 0 && seconds < 0.05) return 'less than 0.1 s';
  if (seconds < 9.95 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** What is known of a host besides its jobs. */
function noteOn(name: string, { expected, resting, hosts }: AgentStatus): string {
  const rest = resting.find((one) => one.name === name);
  if (rest !== undefined) return `rests ${timeText(rest.seconds)} more: ${rest.why}`;
  const time = expected.find((one) => one.name === name);
  const said = time === undefined ? '' : time.seconds === null ? 'refused a job just now' : timeText(time.seconds);
  const failure = hosts.find((one) => one.name === name)?.lastFailure;
  const failed = failure === undefined ? '' : `failed ${timeText(failure.secondsAgo)} ago: ${failure.why}`;
  return [said, failed].filter((text) => text !== '').join(', ');
}

function hostLines(status: AgentStatus): string[] {
  const { slots, expected, resting, hosts } = status;
  const names = new Set([...slots, ...expected, ...resting, ...hosts].map(({ name }) => name));
  if (names.size === 0) return [];
  const rows = [...names].sort().map((name) => {
    const known = hosts.find((one) => one.name === name);
    const jobs = slots.find((one) => one.name === name)?.jobs ?? 0;
    return [hostText(name), jobs, known?.done ?? '', known?.failed ?? '', noteOn(name, status)];
  });
  return ['', ...tableLines(['host', 'jobs', 'done', 'failed', 'time of a job'], rows)];
}

function jobLines({ jobs }: AgentStatus): string[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map(({ pid, words, phase, host, seconds }) => {
    const what = host === undefined ? phaseText[phase] : `${phaseText[phase]} ${host}`;
    return [pid, timeText(seconds), what, commandText(words)];
  });
  const [heading = '', ...lines] = tableLines(['process', 'for', 'does', 'command'], rows);
  const waits = jobs.map(({ waitsFor }) => (waitsFor === undefined ? [] : [`${' '.repeat(9)}waits for ${waitsFor}`]));
  return ['', heading, ...lines.flatMap((line, at) => [line, ...(waits[at] ?? [])])];
}

/** How many reasons are shown; the status has all that are counted. */
const shownReasons = 5;

/** How jobs were sent to hosts, in words; `results` of the sources got a kept result. */
export function sentText({ unpreprocessed, results, preprocessed }: Omit<AgentStatus['sent'], 'reasons'>): string {
  const kept = results === 0 ? '' : ` (${results} got kept results)`;
  return `sent to hosts: ${unpreprocessed} sources${kept}, ${preprocessed} preprocessed here`;
}

function sentLines({ reasons, ...sent }: AgentStatus['sent']): string[] {
  if (sent.unpreprocessed + sent.preprocessed === 0) return [];
  const shown = reasons.slice(0, shownReasons).map(({ why, jobs }) => `${String(jobs).padStart(7)}  ${why}`);
  return [sentText(sent), ...(shown.length === 0 ? [] : ['', '   jobs  preprocessed here because', ...shown])];
}

/** The status as people read it. */
export function statusText(status: AgentStatus): string {
  const { jobs, waiting, jobsDone, largestLocalJob } = status;
  const memory = status.memoryBytes > 0 ? `, ${Math.round(status.memoryBytes / 1e6)} MB` : '';
  const lines = [
    `distcc-agent ${status.version}: process ${status.pid}, up ${timeText(status.uptimeSeconds)}${memory}`,
    `jobs: ${jobs.length - waiting} at work, ${waiting} waiting, ${jobsDone} done`,
    ...sentLines(status.sent),
    ...hostLines(status),
  ];
  if (largestLocalJob > 0)
    lines.push('', `largest recent compiler or linker of this machine: ${Math.round(largestLocalJob / 1e6)} MB`);
  lines.push(...jobLines(status));
  return [...lines, ''].map((line) => line.trimEnd()).join('\n');
}
