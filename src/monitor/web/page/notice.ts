import type { FarmModel } from '../model/farm.ts';
import { ownRow } from '../model/row.ts';
import type { Row } from '../model/row.ts';
import { byId, make, setAttribute, setText } from './dom.ts';
import { countText } from './words.ts';

/** What the connection to distccmon-web is doing. */
export type Link = 'connecting' | 'open' | 'lost' | 'refused';

interface Notice {
  readonly title: string;
  readonly text: string;
  /** Lines to type into a shell. */
  readonly lines?: readonly string[];
}

function noticeFor(farm: FarmModel, link: Link): Notice | undefined {
  if (link === 'refused')
    return {
      title: 'This address is not valid any more',
      text: 'distccmon-web makes a new address each time it starts. Open the one that it has printed last.',
    };
  if (link === 'lost')
    return {
      title: 'distccmon-web does not answer',
      text: 'This page connects again by itself. If distccmon-web has ended, start it again and open the address that it prints.',
      lines: ['distccmon-web --open'],
    };
  if (link === 'connecting' || !farm.looked) return undefined;
  const hosts = [...farm.rows.values()].filter(({ name }) => name !== ownRow);
  if (farm.trouble !== undefined && farm.agents.size === 0)
    return { title: 'An agent cannot be shown', text: farm.trouble };
  const isQuiet = [...farm.rows.values()].every(({ running }) => running.size === 0);
  if (farm.agents.size === 0 && isQuiet && (farm.hadAgent || hosts.length === 0))
    return farm.hadAgent
      ? {
          title: 'The agent has ended',
          text: 'It ends after some minutes without a job. The next job starts it again, and is shown here.',
        }
      : {
          title: 'No agent is running',
          text: 'The first compile through distcc starts one, and is shown here at once. For example:',
          lines: ["export DISTCC_HOSTS='server1/8 server2/8'", 'make -j16 CC="distcc gcc" CXX="distcc g++"'],
        };
  if (farm.agents.size > 0 && hosts.length === 0)
    return {
      title: 'No hosts: everything is compiled on this machine',
      text: 'Name the machines that may help, in DISTCC_HOSTS or in ~/.distcc/hosts. "distcc --doctor" tells whether they would.',
      lines: ["export DISTCC_HOSTS='server1/8 server2/8'", 'distcc --doctor'],
    };
  return undefined;
}

function stateText(farm: FarmModel, link: Link, paused: boolean): readonly [state: string, text: string] {
  if (link === 'refused') return ['bad', 'Not connected'];
  if (link === 'lost') return ['bad', 'Connecting again'];
  if (link === 'connecting') return ['wait', 'Connecting'];
  if (paused) return ['wait', 'Stopped'];
  const atWork = [...farm.rows.values()].some(({ running }) => running.size > 0);
  if (farm.agents.size === 0) return atWork ? ['good', 'Live, without an agent'] : ['wait', 'Waiting for an agent'];
  return ['good', farm.agents.size === 1 ? 'Live' : `Live, ${countText(farm.agents.size, 'agent')}`];
}

const isUnused = ({ running, ended }: Row): boolean => running.size === 0 && ended.length === 0;

/** Says how things are when there is nothing to see, or nothing new. */
export class Notices {
  readonly #place = byId('notice');
  readonly #state = byId('state');
  #last = '';

  write(farm: FarmModel, link: Link, paused: boolean): void {
    const [state, text] = stateText(farm, link, paused);
    setAttribute(this.#state, 'data-state', state);
    const label = this.#state.lastElementChild;
    if (label !== null) setText(label, text);
    const notice = noticeFor(farm, link);
    this.#place.hidden = notice === undefined;
    const isEmpty = farm.agents.size === 0 && [...farm.rows.values()].every(isUnused);
    setAttribute(document.body, 'data-empty', isEmpty ? 'yes' : undefined);
    const written = JSON.stringify(notice);
    if (notice === undefined || written === this.#last) return;
    this.#last = written;
    const { title, text: sentence, lines = [] } = notice;
    const code = lines.length === 0 ? undefined : make('pre', '', make('code', '', lines.join('\n')));
    this.#place.replaceChildren(
      ...[make('h2', '', title), make('p', '', sentence), code].filter((part) => part !== undefined),
    );
  }
}
