import { timeText } from '../../agent-state/status.ts';
import type { ShownHost } from './farm-view.ts';
import { bar, counted, sumOf, widths } from './layout.ts';
import type { Layout } from './layout.ts';
import type { Line } from './line.ts';

const numberColumn = (text: string, width: number): Line[number] => ({ text, width, right: true });

/** What the columns of hosts are. */
export function hostsHeading({ columns, name, bar: width }: Layout): Line {
  return [
    { text: 'host', width: name, style: 'heading' },
    { text: 'slots', width, style: 'heading' },
    ...['busy', 'done', 'failed'].map((text) => ({ ...numberColumn(text, widths.count), style: 'heading' as const })),
    { ...numberColumn('a job', widths.time), style: 'heading' },
    { text: '', width: columns, style: 'heading' },
  ];
}

/** A host: its slots and what it did, or why it rests, which needs all the room. */
export function hostLine({ name, busy, known }: ShownHost, layout: Layout, now: number): Line {
  const title = { text: name, width: layout.name };
  if (known === undefined) {
    // Clients without an agent do not tell how many slots it has.
    return [title, { text: '', width: layout.bar }, numberColumn(String(busy), widths.count)];
  }
  const { slots, done, failed, expected, rest } = known;
  if (rest !== undefined && rest.until > now) {
    const left = timeText(Math.ceil((rest.until - now) / 1000));
    const last = busy === 0 ? '' : `${busy} of ${slots} busy, `;
    return [title, { text: `${last}rests ${left} more: ${rest.why}`, style: 'slow' }];
  }
  return [
    title,
    { text: bar(busy, slots, layout.bar), width: layout.bar, style: busy > 0 ? 'good' : 'plain' },
    numberColumn(`${busy}/${slots}`, widths.count),
    numberColumn(String(done), widths.count),
    { ...numberColumn(String(failed), widths.count), style: failed > 0 ? 'bad' : 'plain' },
    numberColumn(expected === undefined ? '' : timeText(expected), widths.time),
  ];
}

/** What stands for hosts that have no room. */
export function moreHosts(hosts: readonly ShownHost[]): Line {
  const resting = hosts.filter(({ known }) => known?.rest !== undefined).length;
  const slots = sumOf(hosts, ({ known }) => known?.slots ?? 0);
  return [
    { text: `and ${hosts.length} more: ${sumOf(hosts, ({ busy }) => busy)} of ${counted(slots, 'slot')} busy` },
    { text: resting === 0 ? '' : `, ${resting} resting`, style: 'slow' },
  ];
}
