import { basename, join } from 'node:path';
import { AgentFollower } from '../../agent-state/follow-agents.ts';
import type { AgentListener } from '../../agent-state/follow-agents.ts';
import { listJobs } from '../../job-state/state-folder.ts';
import { errorCode } from '../../system/error-text.ts';
import type { FeedEvent, StockJob } from './model/feed.ts';

/** Where an account's agents and clients are. */
export interface FarmPlaces {
  /** The folder with the sockets of agents; undefined when no variable names one. */
  readonly agents: string | undefined;
  /** DISTCC_DIR, or what it is by default. */
  readonly directory: string | undefined;
}

/** How often the folder is looked at for new agents, in ms. */
const agentPause = 1000;

/** The shortest pause between two looks at the state files, in ms: they cannot be followed. */
const statePause = 400;

/** The share of a processor that looking at state files may take. */
const stateShare = 0.05;

/** What one page follows. */
export interface Farm {
  close(): void;
}

type Tell = (this: void, event: FeedEvent) => void;

/** Tells a page what every agent of an account does, also those that start later. */
class AgentTeller {
  readonly #tell: Tell;
  readonly #follower: AgentFollower;
  readonly #troubles = new Set<string>();
  /** Connections of the first look that have told nothing yet; undefined after the first look. */
  #awaited: Set<string> | undefined = new Set();
  #count = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(folder: string | undefined, tell: Tell) {
    this.#tell = tell;
    this.#follower = new AgentFollower(folder, (path) => this.#listen(path));
    this.look();
    this.#seen();
    this.#timer = setInterval(() => this.look(), agentPause);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#follower.close();
  }

  /** Follows the agents that have started since. */
  look(): void {
    this.#follower.look();
  }

  #listen(path: string): AgentListener {
    this.#count += 1;
    const agent = `${basename(path)}#${this.#count}`;
    this.#awaited?.add(agent);
    return {
      hear: (event) => {
        this.#tell({ kind: 'agent', agent, event });
        this.#seen(agent);
      },
      gone: (error) => {
        if (error === undefined) this.#tell({ kind: 'agent-gone', agent });
        else this.#mention(path, error);
        this.#seen(agent);
      },
    };
  }

  /** An agent that was killed leaves its socket, at which nobody answers. Any other reason is news, once. */
  #mention(path: string, error: unknown): void {
    if (errorCode(error) !== undefined || this.#troubles.has(path)) return;
    this.#troubles.add(path);
    this.#tell({ kind: 'trouble', text: error instanceof Error ? error.message : String(error) });
  }

  #seen(agent?: string): void {
    if (agent !== undefined) this.#awaited?.delete(agent);
    if (this.#awaited?.size !== 0) return;
    this.#awaited = undefined;
    this.#tell({ kind: 'looked' });
  }
}

function statesIn(directory: string): readonly StockJob[] {
  try {
    return listJobs(join(directory, 'state'), Date.now()).jobs.filter(({ phase }) => phase !== 'Done');
  } catch {
    // No client has made the folder yet, or it is another account's.
    return [];
  }
}

/** Looks at the state files again and again; tells of them when they have changed, and calls `changed` before. */
function watchStates(directory: string, tell: Tell, changed: () => void): Farm {
  let last = '[]';
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const began = performance.now();
    const jobs = statesIn(directory);
    const text = JSON.stringify(jobs);
    if (text !== last) {
      changed();
      tell({ kind: 'stock', jobs });
    }
    last = text;
    timer = setTimeout(look, Math.max(statePause, (performance.now() - began) / stateShare));
  };
  look();
  return { close: () => clearTimeout(timer) };
}

/** Tells what an account's agents do, and its clients without an agent, until it is closed. */
export function followFarm({ agents, directory }: FarmPlaces, tell: Tell): Farm {
  tell({ kind: 'start' });
  const follower = new AgentTeller(agents, tell);
  const states = directory === undefined ? undefined : watchStates(directory, tell, () => follower.look());
  return {
    close: () => {
      follower.close();
      states?.close();
    },
  };
}
