import { defaultPort } from '../wire/port.ts';
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
    readonly preprocessed: number;
    readonly reasons: readonly { readonly why: string; readonly jobs: number }[];
  };
  readonly jobs: readonly {
    readonly pid: number;
    readonly directory: string;
    readonly words: readonly string[];
    readonly waitsFor?: string;
  }[];
  /** The jobs that each host, and each kind of work on this machine, has now. */
  readonly slots: readonly { readonly name: string; readonly jobs: number }[];
  /** How many seconds a host is expected to need for a job; null when it has just refused one. */
  readonly expected: readonly { readonly name: string; readonly seconds: number | null }[];
  readonly resting: readonly { readonly name: string; readonly why: string; readonly seconds: number }[];
}

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
function hostText(name: string): string {
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

/** Rows below a heading. The first column is as wide as its longest text; the second holds numbers. */
function table(heading: readonly [string, string, string], rows: readonly (readonly [string, number, string])[]) {
  if (rows.length === 0) return [];
  const width = Math.max(...[heading, ...rows].map(([name]) => name.length));
  return ['', ...[heading, ...rows].map((row) => `${row[0].padEnd(width)}  ${String(row[1]).padStart(4)}  ${row[2]}`)];
}

function hostRows({ slots, expected, resting }: AgentStatus): (readonly [string, number, string])[] {
  const names = new Set([...slots, ...expected, ...resting].map(({ name }) => name));
  return [...names].sort().map((name) => {
    const rest = resting.find((one) => one.name === name);
    const time = expected.find((one) => one.name === name);
    const said = time === undefined ? '' : time.seconds === null ? 'refused a job just now' : timeText(time.seconds);
    const note = rest === undefined ? said : `rests ${timeText(rest.seconds)} more: ${rest.why}`;
    return [hostText(name), slots.find((one) => one.name === name)?.jobs ?? 0, note];
  });
}

/** How many reasons are shown; the status has all that are counted. */
const shownReasons = 5;

function sentLines({ unpreprocessed, preprocessed, reasons }: AgentStatus['sent']): string[] {
  if (unpreprocessed + preprocessed === 0) return [];
  const shown = reasons.slice(0, shownReasons).map(({ why, jobs }) => `${String(jobs).padStart(7)}  ${why}`);
  return [
    `sent to hosts: ${unpreprocessed} sources, ${preprocessed} preprocessed here`,
    ...(shown.length === 0 ? [] : ['', '   jobs  preprocessed here because', ...shown]),
  ];
}

/** The status as people read it. */
export function statusText(status: AgentStatus): string {
  const { jobs, waiting, jobsDone, largestLocalJob } = status;
  const memory = status.memoryBytes > 0 ? `, ${Math.round(status.memoryBytes / 1e6)} MB` : '';
  const lines = [
    `distcc-agent ${status.version}: process ${status.pid}, up ${timeText(status.uptimeSeconds)}${memory}`,
    `jobs: ${jobs.length - waiting} at work, ${waiting} waiting, ${jobsDone} done`,
    ...sentLines(status.sent),
    ...table(['host', 'jobs', 'time of a job'], hostRows(status)),
  ];
  if (largestLocalJob > 0)
    lines.push('', `largest recent compiler or linker of this machine: ${Math.round(largestLocalJob / 1e6)} MB`);
  if (jobs.length > 0) lines.push('', 'process  command');
  for (const { pid, words, waitsFor } of jobs) {
    lines.push(`${String(pid).padStart(7)}  ${commandText(words)}`);
    if (waitsFor !== undefined) lines.push(`${' '.repeat(9)}waits for ${waitsFor}`);
  }
  return [...lines, ''].map((line) => line.trimEnd()).join('\n');
}
