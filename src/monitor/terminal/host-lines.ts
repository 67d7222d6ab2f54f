import { timeText } from '../../agent-state/status.ts';
import type { ShownHost } from './farm-view.ts';
import { bar, counted, heading, nameColumn, sumOf, widths } from './layout.ts';
import type { Layout } from './layout.ts';
import type { Line } from './line.ts';

const numberColumn = (text: string): Line[number] => ({ text, width: widths.count, right: true });

/** What the columns of hosts are. */
export function hostsHeading({ columns, name, bar: width, numbers }: Layout): Line {
  const counts = ['busy', 'done', 'failed', 'a job'].slice(0, numbers).map(numberColumn);
  return heading([{ text: 'host', width: name }, { text: 'slots', width }, ...counts], columns);
}

/** A host: its slots and what it did, or why it rests, which needs all the room. */
export function hostLine({ name, busy, known }: ShownHost, layout: Layout, now: number): Line {
  const title = nameColumn(name, layout.name);
  const shown = (...columns: Line): Line => columns.slice(0, layout.numbers);
  if (known === undefined) {
    // Clients without an agent do not tell how many slots it has.
    return [...title, { text: '', width: layout.bar }, ...shown(numberColumn(String(busy)))];
  }
  const { slots, done, failed, expected, rest } = known;
  if (rest !== undefined && rest.until > now) {
    const left = timeText(Math.ceil((rest.until - now) / 1000));
    const last = busy === 0 ? '' : `${busy} of ${slots} busy, `;
    return [...title, { text: `${last}rests ${left} more: ${rest.why}`, style: 'slow' }];
  }
  return [
    ...title,
    { text: bar(busy, slots, layout.bar), width: layout.bar, style: busy > 0 ? 'good' : 'plain' },
    ...shown(
      numberColumn(`${busy}/${slots}`),
      numberColumn(String(done)),
      { ...numberColumn(String(failed)), style: failed > 0 ? 'bad' : 'plain' },
      numberColumn(expected === undefined ? '' : timeText(expected)),
    ),
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
