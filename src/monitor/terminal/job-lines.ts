import { timeText } from '../../agent-state/status.ts';
import { heading, nameColumn, widths } from './layout.ts';
import type { Layout } from './layout.ts';
import type { Line, Style } from './line.ts';
import type { ShownJob } from './shown-job.ts';

const styles: Partial<Record<ShownJob['phase'], Style>> = { compile: 'good', local: 'here', queue: 'dim' };

/** What the columns of jobs are. */
export function jobsHeading({ columns, name, slot }: Layout): Line {
  const place: Line = [
    { text: 'host', width: name },
    { text: 'slot', width: slot, right: true },
  ];
  const parts: Line = [
    { text: 'phase', width: widths.phase },
    ...(slot === 0 ? [] : place),
    { text: 'age', width: widths.age, right: true },
    { text: '  file' },
  ];
  return heading(parts, columns);
}

function placeName({ host, phase }: ShownJob): string {
  return host ?? (phase === 'queue' ? '' : 'this machine');
}

/** A job: what it does, where, for how long, and why it waits or is local. */
export function jobLine(job: ShownJob, { columns, name, slot }: Layout, now: number): Line {
  const { phase, file, began, why = '' } = job;
  const place: Line = [
    ...nameColumn(placeName(job), name),
    { text: job.host === undefined ? '' : String(job.slot ?? ''), width: slot, right: true },
  ];
  const room = columns - widths.phase - widths.age - 2 - (slot === 0 ? 0 : name + slot);
  // A long file name leaves half of the room for the reason.
  const most = why === '' ? room : Math.max(room - why.length - 2, Math.ceil(room / 2));
  return [
    { text: phase, width: widths.phase, style: styles[phase] ?? 'plain' },
    ...(slot === 0 ? [] : place),
    { text: timeText(Math.max(0.1, (now - began) / 1000)), width: widths.age, right: true },
    { text: '  ' },
    { text: file, most, kept: 'end' },
    { text: why === '' ? '' : `  ${why}`, style: 'dim' },
  ];
}

/** What stands for jobs that have no room. */
export function moreJobs(jobs: readonly ShownJob[]): Line {
  const waiting = jobs.filter(({ phase }) => phase === 'queue').length;
  return [{ text: `and ${jobs.length} more${waiting === 0 ? '' : `, ${waiting} of them waiting`}` }];
}
