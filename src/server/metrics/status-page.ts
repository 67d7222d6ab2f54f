import { createHash } from 'node:crypto';
import type { PresentClient, PresentJob, ShownRefusal, Status } from './status.ts';

const style = `
:root { color-scheme: light dark; --ground: #fff; --text: #1c2024; --quiet: #545b63; --line: #d5dae0; --card: #f4f6f8; --accent: #0b5cad; --bad: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --text: #e6e9ec; --quiet: #a7afb8; --line: #363d45; --card: #1e2328; --accent: #7db8f5; --bad: #ff8a80 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 90rem; padding: 1rem; background: var(--ground); color: var(--text); font: 1rem/1.45 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.4rem; overflow-wrap: anywhere }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem }
p { margin: .25rem 0; color: var(--quiet) }
a { color: var(--accent) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .6rem; margin: 1rem 0 0 }
dl div { padding: .6rem .75rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card) }
dt { color: var(--quiet); font-size: .85rem }
dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums }
dd small { display: block; color: var(--quiet); font-size: .8rem }
dd.bad { color: var(--bad) }
meter { display: block; width: 100%; height: .6rem; margin-top: .3rem }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { color: var(--quiet); font-weight: 600; font-size: .85rem; white-space: nowrap }
.number { text-align: right }
.number, .short { white-space: nowrap }
.address { min-width: 9rem }
footer { margin-top: 2rem; padding-top: .5rem; border-top: 1px solid var(--line) }
@media (max-width: 48rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  table, tbody, tr, td { display: block }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line) }
  td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: .5rem; align-items: baseline; padding: .1rem 0; border: 0 }
  td.number, td.short { text-align: left; white-space: normal }
  td::before { content: attr(data-label); color: var(--quiet); font-size: .85rem }
}
`;

/** The only style that the page may have, for its Content-Security-Policy. */
export const stylePolicy = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as HTML shows it. */
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

const units = [
  ['day', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

/** A time in its largest unit, such as "3 min". */
function duration(seconds: number): string {
  for (const [unit, length] of units) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${unit}${unit === 'day' && count > 1 ? 's' : ''}`;
  }
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

/** Bytes in their largest unit, such as "3.4 GiB". */
function size(bytes: number): string {
  let value = bytes;
  let unit = 'bytes';
  for (const next of ['KiB', 'MiB', 'GiB', 'TiB']) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${value < 10 && unit !== 'bytes' ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

const number = (count: number): string => count.toLocaleString('en');

interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => string;
  /** Numbers are on the right; short texts are in one line; addresses are wrapped only when they are long. */
  readonly kind?: 'number' | 'short' | 'address';
}

/** A table; on a narrow screen each row is a block, for which the roles have to be named. */
function table<T>(title: string, columns: ReadonlyArray<Column<T>>, rows: readonly T[], empty: string): string {
  const id = title.toLowerCase().replaceAll(' ', '-');
  const heading = `<h2 id="${id}">${title}</h2>`;
  if (rows.length === 0) return `<section>${heading}<p>${empty}</p></section>`;
  const kindOf = ({ kind }: Column<T>): string => (kind === undefined ? '' : ` class="${kind}"`);
  const head = columns.map((column) => `<th role="columnheader" scope="col"${kindOf(column)}>${column.title}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map((column) => {
      return `<td role="cell" data-label="${column.title}"${kindOf(column)}><span>${escaped(column.cell(row))}</span></td>`;
    });
    return `<tr role="row">${cells.join('')}</tr>`;
  });
  return [
    `<section>${heading}<table role="table" aria-labelledby="${id}">`,
    `<thead role="rowgroup"><tr role="row">${head.join('')}</tr></thead>`,
    `<tbody role="rowgroup">${body.join('\n')}</tbody></table></section>`,
  ].join('\n');
}

const jobColumns: ReadonlyArray<Column<PresentJob>> = [
  { title: 'Source', cell: ({ source }) => source ?? 'not known yet' },
  { title: 'Compiler', cell: ({ compiler }) => compiler ?? 'not known yet' },
  { title: 'Stage', cell: ({ stage }) => stage, kind: 'short' },
  { title: 'Client', cell: ({ client }) => client, kind: 'address' },
  { title: 'Time', cell: ({ seconds }) => duration(seconds), kind: 'number' },
];

const clientColumns = (now: number): ReadonlyArray<Column<PresentClient>> => [
  { title: 'Client', cell: ({ address }) => address, kind: 'address' },
  { title: 'Jobs now', cell: ({ connections }) => number(connections), kind: 'number' },
  { title: 'Compiled', cell: ({ ok, kept }) => number(ok - kept), kind: 'number' },
  { title: 'Kept results', cell: ({ kept }) => number(kept), kind: 'number' },
  { title: 'Failed', cell: ({ failed }) => number(failed), kind: 'number' },
  { title: 'Refused', cell: ({ refused }) => number(refused), kind: 'number' },
  { title: 'Lost', cell: ({ lost }) => number(lost), kind: 'number' },
  {
    title: 'Last job',
    kind: 'short',
    cell: ({ last }) => (last === null ? 'its first one' : `${duration((now - Date.parse(last)) / 1000)} ago`),
  },
];

const refusalColumns = (now: number): ReadonlyArray<Column<ShownRefusal>> => [
  { title: 'Reason', cell: ({ meaning }) => meaning },
  { title: 'Count', cell: ({ count }) => number(count), kind: 'number' },
  { title: 'Last client', cell: ({ last }) => last.client, kind: 'address' },
  { title: 'In words', cell: ({ last }) => last.sentence },
  { title: 'When', cell: ({ last }) => `${duration((now - Date.parse(last.at)) / 1000)} ago`, kind: 'short' },
];

const compilerColumns: ReadonlyArray<Column<Status['compilers'][number]>> = [
  { title: 'Name', cell: ({ name }) => name },
  { title: 'Program', cell: ({ path }) => path ?? 'permitted and not installed' },
  { title: 'Version', cell: ({ version }) => version ?? 'not known' },
  { title: 'Target', cell: ({ target }) => target ?? 'not known' },
];

const tile = (name: string, value: string, note = '', isBad = false): string =>
  `<div><dt>${name}</dt><dd${isBad ? ' class="bad"' : ''}>${value}${note === '' ? '' : `<small>${note}</small>`}</dd></div>`;

function tiles({ slots, results, keptResults, refusals, clientsPresent, machine, requestMemory }: Status): string {
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  const [load1 = 0] = machine.load;
  const meter = `<meter aria-label="slots busy" min="0" max="${slots.all}" value="${slots.busy}">${slots.busy} of ${slots.all}</meter>`;
  return [
    '<dl>',
    tile('Slots busy', `${slots.busy} of ${slots.all}${meter}`),
    tile('Jobs that wait', number(slots.waiting)),
    tile(
      'Compiled',
      number(results.COMPILE_OK),
      keptResults === null ? '' : `${number(keptResults.hits)} kept results`,
    ),
    tile('Failed', number(results.COMPILE_ERROR), 'the compiler ended with an error'),
    tile('Refused', number(refused), '', refused > 0),
    tile('Clients', number(clientsPresent), 'in the last 5 minutes'),
    tile('Load', load1.toFixed(2), `${machine.processors} processors`),
    tile(
      'Free memory',
      size(machine.memoryAvailable),
      `requests use ${size(requestMemory.used)} of ${size(requestMemory.limit)}`,
    ),
    tile('Temporary space', machine.temporarySpace === null ? 'not known' : size(machine.temporarySpace)),
    ...(keptResults === null ? [] : [tile('Results kept', number(keptResults.results), size(keptResults.bytes))]),
    '</dl>',
  ].join('\n');
}

/** The page for people: no script, and nothing from elsewhere. */
export function writeStatusPage(status: Status): string {
  const { host, version, now, started, jobs, clients, refusals, compilers, connections } = status;
  const at = Date.parse(now);
  const all = Object.values(connections.now).reduce((sum, count) => sum + count, 0);
  const more = all > jobs.length ? `<p>and ${number(all - jobs.length)} more</p>` : '';
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="10">
<title>distccd on ${escaped(host)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>distccd on ${escaped(host)}</h1>
<p>Version ${version}, up for ${duration((at - Date.parse(started)) / 1000)}; as of ${now.slice(11, 19)} UTC, again every 10 s</p>
</header>
<main>
${tiles(status)}
${table('Jobs now', jobColumns, jobs, 'No job is here now.')}${more}
${table('Clients', clientColumns(at), clients, 'No client has come since the start.')}
${table('Refusals', refusalColumns(at), refusals, 'Nothing has been refused since the start.')}
${table('Compilers', compilerColumns, compilers, 'No compiler is permitted by name.')}
</main>
<footer><p>The same as data: <a href="/status.json">/status.json</a>, <a href="/metrics">/metrics</a>, <a href="/">distcc's page</a></p></footer>
</body>
</html>
`;
}
