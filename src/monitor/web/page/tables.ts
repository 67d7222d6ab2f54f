import type { Block } from '../model/block.ts';
import { phaseOf } from '../model/block.ts';
import { lastEnded } from '../model/ended-jobs.ts';
import type { EndedBlock } from '../model/ended-jobs.ts';
import type { FarmModel } from '../model/farm.ts';
import type { Row } from '../model/row.ts';
import { endText, nameText } from './block-words.ts';
import { byId } from './dom.ts';
import { phaseText } from './palette.ts';
import { busyText, restText, rowTitle } from './row-view.ts';
import { makeTable } from './table.ts';
import type { Column } from './table.ts';
import { numberText, secondsText } from './words.ts';

const mostJobs = 200;
const mostEnded = 50;

const hostColumns: readonly Column[] = [
  { title: 'Host', kind: 'short' },
  { title: 'Slots', kind: 'short' },
  { title: 'Done', kind: 'number', label: 'done' },
  { title: 'Failed', kind: 'number', label: 'failed' },
  { title: 'Time of a job', kind: 'number', label: 'a job' },
  { title: 'Rest', kind: 'long' },
];

const jobColumns = (state: string): readonly Column[] => [
  { title: 'File', kind: 'long' },
  { title: 'Host', kind: 'short' },
  { title: state, kind: 'short' },
  { title: 'Time', kind: 'number' },
  { title: 'Why', kind: 'long' },
];

function hostCells(row: Row, { agents }: FarmModel, now: number): string[] {
  return [
    rowTitle(row.name),
    busyText(row),
    numberText(row.done),
    numberText(row.failed),
    row.expected === undefined ? '' : secondsText(row.expected),
    restText(row, now) ?? (row.listed || agents.size === 0 ? '' : 'not in the list now'),
  ];
}

/** The jobs at work, oldest first, then those that wait. */
function jobsNow({ rows, waiting }: FarmModel, now: number): string[][] {
  const placed = [...rows.values()].flatMap(({ name, running }) =>
    [...running].map((block) => ({ block, host: rowTitle(name) })),
  );
  const running = placed
    .sort((one, other) => one.block.began - other.block.began)
    .slice(0, mostJobs)
    .map(({ block, host }) => [
      nameText(block),
      host,
      phaseText[phaseOf(block)],
      secondsText((now - block.began) / 1000),
      block.why ?? '',
    ]);
  const others = [...waiting.values()]
    .slice(0, mostJobs)
    .map(({ file, phase, why }) => [
      nameText({ file, ended: undefined }),
      '',
      phaseText.queue,
      secondsText((now - phase.at) / 1000),
      why ?? '',
    ]);
  return [...running, ...others];
}

function whyText({ why, left }: Block, failedAt: readonly string[]): string {
  // "interrupted" is said already.
  if (why !== undefined && left !== 'interrupted') return why;
  return failedAt.length === 0 ? '' : `failed at ${failedAt.join(' and ')} before`;
}

function endedCells({ block, place, failedAt }: EndedBlock, now: number): string[] {
  const took = secondsText(((block.ended ?? now) - block.began) / 1000);
  return [nameText(block), rowTitle(place), endText(block), took, whyText(block, failedAt)];
}

/** The same as the picture, as tables. */
export class Tables {
  readonly #place = byId('tables');

  write(farm: FarmModel, now: number): void {
    const rows = [...farm.rows.values()];
    const hosts = rows.map((row) => hostCells(row, farm, now));
    const ended = lastEnded(rows, mostEnded).map((job) => endedCells(job, now));
    const { scrollLeft, scrollTop } = this.#place;
    this.#place.replaceChildren(
      makeTable('Hosts', hostColumns, hosts),
      makeTable('Jobs now', jobColumns('Phase'), jobsNow(farm, now)),
      makeTable(`The last ${mostEnded} jobs that ended`, jobColumns('End'), ended),
    );
    this.#place.scrollTo(scrollLeft, scrollTop);
  }
}
