import type { BuildSummary } from '../../../agent-state/events.ts';
import type { FarmModel } from '../model/farm.ts';
import { longestWindow, ownRow } from '../model/row.ts';
import { byId, make } from './dom.ts';
import { baseName, bytesText, countText, numberText, secondsText, shareText, usedText } from './words.ts';

const mostShown = 6;

/** A name on the left, a value on the right, and a bar that compares the values. */
function bars(rows: readonly (readonly [name: string, value: string, share: number])[], shade: string): HTMLElement {
  return make(
    'ul',
    'bars',
    ...rows.map(([name, value, share]) => {
      const bar = make('span', 'bar');
      bar.dataset['shade'] = shade;
      bar.style.inlineSize = `${Math.max(1, Math.round(share * 100))}%`;
      const title = make('span', 'bar-name', name);
      title.title = name;
      return make('li', '', title, make('span', 'bar-value', value), bar);
    }),
  );
}

/** A reason, how often it was one, and what to do. */
interface Reason {
  readonly why: string;
  readonly count: number;
  /** Empty when there is nothing to do, or nothing known. */
  readonly cure?: string;
  readonly host?: string;
}

function reasonItem({ why, count, cure = '', host }: Reason): HTMLElement {
  return make(
    'li',
    '',
    make('b', '', numberText(count)),
    ' ',
    host === undefined ? undefined : make('b', '', host),
    ` ${why}`,
    cure === '' ? undefined : make('p', 'cure', cure),
  );
}

/** Reasons with their counts, most frequent first. */
function reasons(title: string, rows: readonly Reason[]): HTMLElement[] {
  if (rows.length === 0) return [];
  const list = rows.slice(0, mostShown).map(reasonItem);
  const more = rows.slice(mostShown).reduce((sum, { count }) => sum + count, 0);
  if (more > 0) list.push(reasonItem({ why: 'other reasons', count: more }));
  return [make('h3', '', title), make('ul', 'reasons', ...list)];
}

const limitTitles: Readonly<Record<BuildSummary['limit'], string>> = {
  client: "this machine's processors",
  slots: 'too few slots',
  network: 'the network',
  'local jobs': 'jobs on this machine',
  commands: 'too few jobs at a time',
  unknown: 'not known',
};

/** Facts in pairs. */
function facts(pairs: readonly (readonly [string, string])[]): HTMLElement {
  return make('dl', 'facts-list', ...pairs.flatMap(([name, value]) => [make('dt', '', name), make('dd', '', value)]));
}

function shares(build: BuildSummary): HTMLElement {
  const bar = make('div', 'split');
  const parts = [
    ['compile', build.remote],
    ['local', build.local],
  ] as const;
  for (const [shade, jobs] of parts) {
    const part = make('span');
    part.dataset['shade'] = shade;
    part.style.flexGrow = String(jobs);
    if (jobs > 0) bar.append(part);
  }
  bar.setAttribute('aria-hidden', 'true');
  return bar;
}

function buildCard(build: BuildSummary, now: number): HTMLElement {
  const state = build.running ? 'running' : `ended ${secondsText(Math.max(0, (now - build.ended) / 1000))} ago`;
  const card = make('section', 'card', make('h2', '', 'Build', make('span', 'chip', state)));
  card.dataset['running'] = String(build.running);
  const wall = build.running ? (now - build.began) / 1000 : build.wallSeconds;
  card.append(
    make('p', 'headline', `${countText(build.jobs, 'job')}${build.running ? ' done' : ''} in ${secondsText(wall)}`),
  );
  if (!build.running && build.localSeconds !== undefined && wall > 0) {
    const times = build.localSeconds / wall;
    const speed = times >= 1.05 ? `, ${times.toFixed(1)} times as long` : '';
    card.append(make('p', 'quiet', `Alone, this machine would need about ${secondsText(build.localSeconds)}${speed}.`));
  }
  const remoteShare = build.jobs === 0 ? 0 : build.remote / build.jobs;
  const split = `${shareText(remoteShare)} on hosts, ${countText(build.local, 'job')} on this machine`;
  card.append(shares(build), make('p', 'quiet', split));
  if (!build.running && build.limitText !== '') {
    const title = `Limited by ${limitTitles[build.limit]}`;
    card.append(make('div', 'limit', make('h3', '', title), make('p', '', build.limitText)));
  }
  const out = build.hosts.reduce((sum, { bytesOut }) => sum + bytesOut, 0);
  const back = build.hosts.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
  card.append(
    facts([
      ['sent as sources', numberText(build.unpreprocessed)],
      ['sent preprocessed', numberText(build.preprocessed)],
      ['results that were kept', numberText(build.results)],
      ['bytes', `${bytesText(out)} ↑ ${bytesText(back)} ↓`],
      ['jobs that failed', numberText(build.failedJobs)],
    ]),
  );
  if (build.hosts.length > 1) {
    const hosts = [...build.hosts].sort((one, other) => other.jobs - one.jobs);
    const most = hosts[0]?.jobs ?? 1;
    card.append(make('h3', '', 'Jobs by host'));
    card.append(
      bars(
        hosts.slice(0, mostShown).map(({ name, jobs }) => [name, numberText(jobs), jobs / Math.max(1, most)]),
        'compile',
      ),
    );
  }
  if (build.slowest.length > 0) {
    const longest = build.slowest[0]?.seconds ?? 1;
    card.append(make('h3', '', 'Slowest files'));
    card.append(
      bars(
        build.slowest
          .slice(0, mostShown)
          .map(({ file, seconds }) => [baseName(file), secondsText(seconds), seconds / Math.max(longest, 0.001)]),
        'plain',
      ),
    );
  }
  card.append(
    ...reasons(
      'Preprocessed here because',
      build.preprocessedReasons.map(({ why, jobs }) => ({ why, count: jobs })),
    ),
  );
  return card;
}

const svg = 'http://www.w3.org/2000/svg';

/** The processors' use in the last five minutes as a small picture. */
function useChart({ machineNotes }: FarmModel, now: number): Element {
  const chart = document.createElementNS(svg, 'svg');
  chart.setAttribute('viewBox', '0 0 300 48');
  chart.setAttribute('preserveAspectRatio', 'none');
  chart.setAttribute('class', 'chart');
  chart.setAttribute('aria-hidden', 'true');
  const points = machineNotes.map(
    ({ at, busy }) => `${(300 * (1 - (now - at) / longestWindow)).toFixed(1)},${(47 - 46 * busy).toFixed(1)}`,
  );
  const first = points[0]?.split(',')[0] ?? '300';
  const last = points.at(-1)?.split(',')[0] ?? '300';
  const area = document.createElementNS(svg, 'polygon');
  area.setAttribute('points', `${first},48 ${points.join(' ')} ${last},48`);
  const line = document.createElementNS(svg, 'polyline');
  line.setAttribute('points', points.join(' '));
  chart.append(area, line);
  return chart;
}

/** Why jobs are on this machine: those of the build, and those that are at work now. */
function localReasons(farm: FarmModel): Reason[] {
  const counts = new Map<string, Reason>();
  for (const { why, jobs, cure } of farm.build?.localReasons ?? []) counts.set(why, { why, count: jobs, cure });
  for (const { why } of farm.rows.get(ownRow)?.running ?? [])
    if (why !== undefined && !counts.has(why)) counts.set(why, { why, count: 1 });
  return [...counts.values()].sort((one, other) => other.count - one.count);
}

function machineCard(farm: FarmModel, now: number): HTMLElement | undefined {
  const card = make('section', 'card', make('h2', '', 'This machine'));
  const { machine } = farm;
  if (machine === undefined) return undefined;
  card.append(useChart(farm, now));
  card.append(
    facts([
      ['processors', `${machine.processors}, ${shareText(machine.busy)} used`],
      ['memory', usedText(machine.memoryBytes - machine.availableBytes, machine.memoryBytes)],
      ['jobs here now', numberText(farm.rows.get(ownRow)?.running.size ?? 0)],
    ]),
  );
  const why = localReasons(farm);
  card.append(...reasons('Compiled here because', why));
  if (why.length === 0 && farm.build !== undefined)
    card.append(make('p', 'quiet', 'No job of this build had to stay here.'));
  return card;
}

/** Failures of a host for the same reason are one line. */
function failureCard(farm: FarmModel, now: number): HTMLElement | undefined {
  const counts = new Map<string, Reason>();
  const since = farm.build?.began ?? now - longestWindow;
  const notes = farm.failures.filter(({ at }) => at >= since);
  for (const failure of [...notes.map((note) => ({ ...note, count: 1 })), ...(farm.build?.failures ?? [])]) {
    const { host = 'this machine', why, count } = failure;
    const key = `${host}\n${why}`;
    const known = counts.get(key);
    // The build counts what was told one by one, too.
    const isCounted = 'cure' in failure;
    counts.set(key, {
      host,
      why,
      count: isCounted ? count : count + (known?.count ?? 0),
      ...(isCounted ? { cure: failure.cure } : {}),
    });
  }
  if (counts.size === 0) return undefined;
  const rows = [...counts.values()].sort((one, other) => other.count - one.count);
  return make('section', 'card bad', make('h2', '', 'What failed at hosts'), ...reasons('', rows).slice(1));
}

/** The cards beside the picture. */
export class Cards {
  readonly #place = byId('cards');
  #last = '';

  write(farm: FarmModel, now: number): void {
    // Whoever selects a text, or reads it with a screen reader, keeps it until something changes.
    const { build, machine, failures } = farm;
    const state = JSON.stringify([
      build,
      machine,
      failures.length,
      Math.floor(now / (build?.running === false ? 5000 : 1000)),
    ]);
    if (state === this.#last) return;
    this.#last = state;
    const nothingYet = farm.agents.size > 0 ? 'The first job begins one.' : 'Only an agent tells of builds.';
    const cards = [
      build === undefined
        ? make('section', 'card', make('h2', '', 'Build'), make('p', 'quiet', nothingYet))
        : buildCard(build, now),
      failureCard(farm, now),
      machineCard(farm, now),
    ];
    this.#place.replaceChildren(...cards.filter((card) => card !== undefined));
  }
}
