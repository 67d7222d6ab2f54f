import { timeText } from '../../agent-state/status.ts';
import type { FarmView } from './farm-view.ts';
import { hostLine, hostsHeading, moreHosts } from './host-lines.ts';
import { jobLine, jobsHeading, moreJobs } from './job-lines.ts';
import { layoutFor } from './layout.ts';
import type { Room } from './layout.ts';
import type { Line } from './line.ts';
import { shareRows } from './share-rows.ts';
import { agentLines, totalsLine } from './totals-lines.ts';

/** What a table is made of. */
export interface Shown {
  readonly view: FarmView;
  /** What is wrong with state files. */
  readonly complaints: readonly string[];
  /** Whether somebody can press a key. */
  readonly keys: boolean;
  /** ms since 1970. */
  readonly now: number;
}

/** How long a failed attempt is shown, in ms. */
const failureShown = 60_000;

/** The first values as lines, and one line for those that have no room, unless that is the only one. */
function listed<T>(values: readonly T[], rows: number, one: (value: T) => Line, more: (rest: readonly T[]) => Line) {
  if (values.length <= rows) return values.map(one);
  if (rows < 2) return values.slice(0, rows).map(one);
  return [...values.slice(0, rows - 1).map(one), more(values.slice(rows - 1))];
}

/** Why there is nothing to see. */
function emptyLine({ agents, hosts }: FarmView): Line {
  if (agents === 0) return [{ text: 'no jobs, and no agent: the first job of a build starts one' }];
  if (hosts.length > 0) return [{ text: 'no jobs' }];
  return [{ text: 'no jobs, and no other machine in the list of hosts: see distcc-hosts(5)' }];
}

function lastLine({ view: { failure, hosts }, complaints, keys, now }: Shown): Line {
  // A host that rests has the reason in its own line.
  const isSaid = hosts.some(({ name, known }) => name === failure?.host && (known?.rest?.until ?? 0) > now);
  const said =
    failure !== undefined && !isSaid && now - failure.at < failureShown
      ? `${failure.host} failed ${timeText(Math.round((now - failure.at) / 1000))} ago: ${failure.why}`
      : (complaints[0] ?? '');
  return [
    { text: keys ? 'q quits' : '', style: 'dim' },
    { text: said === '' || !keys ? '' : '   ' },
    { text: said, style: 'bad' },
  ];
}

/** The lines of a frame, as many as there is room for. */
export function tableLines(shown: Shown, { columns, rows }: Room): Line[] {
  const { view, now } = shown;
  const { hosts, jobs } = view;
  const layout = layoutFor(view, columns);
  const { machine, build, advice } = agentLines(view, layout);
  const shares = shareRows(rows, {
    hosts: hosts.length,
    jobs: jobs.length,
    machine: machine.length,
    build: build.length,
    advice: advice.length,
  });
  const jobList = (room: number): Line[] => {
    if (jobs.length === 0) return room < 1 ? [] : [emptyLine(view)];
    const heading = room < 3 ? [] : [jobsHeading(layout)];
    return [...heading, ...listed(jobs, room - heading.length, (job) => jobLine(job, layout, now), moreJobs)];
  };
  const hostList = (room: number): Line[] =>
    room === 0
      ? []
      : [hostsHeading(layout), ...listed(hosts, room - 1, (host) => hostLine(host, layout, now), moreHosts)];
  const empty = (count: number): Line[] => Array.from({ length: count }, () => []);
  const body = [
    totalsLine(view),
    ...machine.slice(0, shares.machine),
    ...build.slice(0, shares.build),
    ...advice.slice(0, shares.advice),
    ...empty(shares.gapAbove),
    ...hostList(shares.hosts),
    ...empty(shares.gapBetween),
    ...jobList(shares.jobs),
  ];
  if (shares.last === 0) return body;
  return [...body, ...empty(rows - body.length - 1), lastLine(shown)];
}
