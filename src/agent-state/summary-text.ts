import type { BuildSummary } from './events.ts';
import { sentText, timeText } from './status.ts';
import { bytesText, tableLines } from './table-text.ts';

/** How many lines of a kind are shown; the JSON has all that are kept. */
const mostShown = 8;

const percent = (part: number, whole: number): string =>
  whole === 0 ? '' : ` (${Math.round((100 * part) / whole)} %)`;

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

function firstLine({ jobs, running, wallSeconds, ended }: BuildSummary, now: number): string {
  const wall = timeText(wallSeconds);
  if (running) return `this build: ${plural(jobs, 'job')} in ${wall} so far`;
  const ago = timeText(Math.max(0, Math.round((now - ended) / 1000)));
  return `last build: ${plural(jobs, 'job')} in ${wall}, ended ${ago} ago`;
}

/** Rows of counts, with a heading above; none when there are no rows. */
function counted(
  heading: readonly [string, string],
  rows: readonly { readonly count: number; readonly text: string; readonly more?: string | undefined }[],
): string[] {
  if (rows.length === 0) return [];
  const lines = rows.slice(0, mostShown).flatMap(({ count, text, more }) => {
    const row = `${String(count).padStart(7)}  ${text}`;
    return more === undefined ? [row] : [row, `${' '.repeat(9)}${more}`];
  });
  const rest = rows.slice(mostShown).reduce((sum, { count }) => sum + count, 0);
  const others = rest === 0 ? [] : [`${String(rest).padStart(7)}  for other reasons`];
  return ['', `${heading[0].padStart(7)}  ${heading[1]}`, ...lines, ...others];
}

function hostLines({ hosts }: BuildSummary): string[] {
  if (hosts.length === 0) return [];
  const rows = hosts.map(({ name, jobs, failures, busySeconds, bytesOut, bytesIn }) => [
    name,
    jobs,
    failures,
    timeText(busySeconds),
    bytesText(bytesOut),
    bytesText(bytesIn),
  ]);
  return ['', ...tableLines(['host', 'jobs', 'failed', 'busy', 'sent', 'received'], rows)];
}

/** A build as people read it; `now` is ms since 1970. */
export function summaryText(build: BuildSummary, now: number): string {
  const { jobs, remote, local, failedJobs, localSeconds } = build;
  const failed = failedJobs === 0 ? '' : `; ${failedJobs} ended with an error`;
  const alone = localSeconds === undefined ? [] : [`this machine alone would need about ${timeText(localSeconds)}`];
  const slowest = build.slowest
    .slice(0, mostShown)
    .map(({ file, host, seconds }) => [timeText(seconds), file, host ?? '']);
  return [
    firstLine(build, now),
    `${remote} by hosts${percent(remote, jobs)}, ${local} on this machine${percent(local, jobs)}${failed}`,
    ...alone,
    ...(remote === 0 ? [] : [sentText(build)]),
    ...hostLines(build),
    ...counted(
      ['jobs', 'on this machine because'],
      build.localReasons.map(({ why, jobs: count, cure }) => ({ count, text: why, more: `to change that: ${cure}` })),
    ),
    ...counted(
      ['times', 'a host failed'],
      build.failures.map(({ host, why, count, cure }) => ({
        count,
        text: why.includes(host) ? why : `${host}: ${why}`,
        more: `to change that: ${cure}`,
      })),
    ),
    ...counted(
      ['jobs', 'preprocessed here because'],
      build.preprocessedReasons.map(({ why, jobs: count }) => ({ count, text: why })),
    ),
    ...(slowest.length === 0 ? [] : ['', ...tableLines(['time', 'slowest', 'host'], slowest)]),
    '',
    `limit: ${build.limitText}`,
    '',
  ].join('\n');
}
