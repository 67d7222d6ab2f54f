import type { BuildSummary, MachinePicture } from '../../agent-state/events.ts';
import { timeText } from '../../agent-state/status.ts';
import type { FarmView } from './farm-view.ts';
import { bar, counted, sumOf, wrapped } from './layout.ts';
import type { Layout } from './layout.ts';
import type { Line } from './line.ts';

/** The line that is shown however small the terminal is. */
export function totalsLine({ hosts, jobs }: FarmView): Line {
  const waiting = jobs.filter(({ phase }) => phase === 'queue').length;
  const there = sumOf(hosts, ({ busy }) => busy);
  const resting = hosts.filter(({ known }) => known?.rest !== undefined).length;
  const done = sumOf(hosts, ({ known }) => known?.done ?? 0);
  const failed = sumOf(hosts, ({ known }) => known?.failed ?? 0);
  return [
    { text: counted(jobs.length, 'job'), style: 'bold' },
    { text: `: ${there} at hosts, ${jobs.length - there - waiting} here, ${waiting} waiting` },
    { text: hosts.length === 0 ? '' : `   ${counted(hosts.length, 'host')}` },
    { text: resting === 0 ? '' : `, ${resting} resting`, style: 'slow' },
    { text: done + failed === 0 ? '' : `   ${done} done` },
    { text: failed === 0 ? '' : `, ${failed} failed`, style: 'bad' },
  ];
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

function machineLine({ processors, busy, memoryBytes, availableBytes }: MachinePicture, { name }: Layout): Line {
  const memory = `${gigabytes(availableBytes)} of ${gigabytes(memoryBytes)} GB free`;
  return [
    { text: 'this machine', width: name },
    { text: bar(busy * 10, 10, 12), style: 'here' },
    { text: ` ${Math.round(busy * 100)} % of ${counted(processors, 'processor')}, ${memory}` },
  ];
}

/** What limited a build is a sentence with its cure. */
const mostLimitLines = 3;

function buildLine(build: BuildSummary): Line {
  const { running, jobs, remote, local, failedJobs, localSeconds } = build;
  const share = jobs === 0 ? '' : ` (${Math.round((100 * remote) / jobs)} %)`;
  return [
    { text: running ? 'build' : 'last build', style: 'bold' },
    { text: `: ${counted(jobs, 'job')} in ${timeText(build.wallSeconds)}, ${remote} at hosts${share}, ${local} here` },
    { text: failedJobs === 0 ? '' : `, ${failedJobs} failed`, style: 'bad' },
    { text: localSeconds === undefined ? '' : `, ~${timeText(localSeconds)} without hosts` },
  ];
}

/** What an agent knows of this machine and of the build, and its advice; each is empty where it knows nothing. */
export interface AgentLines {
  readonly machine: readonly Line[];
  readonly build: readonly Line[];
  readonly advice: readonly Line[];
}

/** Writes what an agent has told. */
export function agentLines({ machine, build }: FarmView, layout: Layout): AgentLines {
  const advice = build?.limitText ?? '';
  return {
    machine: machine === undefined ? [] : [machineLine(machine, layout)],
    build: build === undefined ? [] : [buildLine(build)],
    advice: (advice === '' ? [] : wrapped(advice, layout.columns, mostLimitLines)).map((text) => [
      { text, style: 'dim' },
    ]),
  };
}
