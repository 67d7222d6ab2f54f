import { ownAgentSockets } from '../../agent-state/find-agents.ts';
import { followAgent } from '../../agent-state/follow-agent.ts';
import type { Following } from '../../agent-state/follow-agent.ts';
import { AgentPicture } from './agent-picture.ts';

/** How long a socket is left alone where no agent answered that can be followed, in ms. */
const pause = 2000;

interface Followed {
  readonly following: Following;
  readonly picture: AgentPicture;
  told: boolean;
}

/** Follows every agent of an account, also those that start later. */
export class AgentFollower {
  readonly #folder: string | undefined;
  readonly #first: () => void;
  readonly #followed = new Map<string, Followed>();
  /** When a socket may be tried again, in ms of `now`. */
  readonly #later = new Map<string, number>();

  /**
   * @param folder where the sockets of agents are, if anywhere
   * @param first is called when an agent has told something for the first time
   */
  constructor(folder: string | undefined, first: () => void) {
    this.#folder = folder;
    this.#first = first;
  }

  /** What the agents have told that answer. */
  get pictures(): AgentPicture[] {
    return [...this.#followed.values()].filter(({ told }) => told).map(({ picture }) => picture);
  }

  /** Looks for agents that are not followed yet. */
  look(now: number): void {
    for (const path of this.#folder === undefined ? [] : ownAgentSockets(this.#folder)) {
      if (!this.#followed.has(path) && now >= (this.#later.get(path) ?? 0)) this.#follow(path, now);
    }
  }

  close(): void {
    for (const { following } of this.#followed.values()) following.close();
    this.#followed.clear();
  }

  #follow(path: string, now: number): void {
    this.#later.set(path, now + pause);
    const picture = new AgentPicture();
    const following = followAgent(path, (event) => {
      picture.hear(event);
      if (followed.told) return;
      followed.told = true;
      this.#first();
    });
    const followed: Followed = { following, picture, told: false };
    this.#followed.set(path, followed);
    // An agent that has ended leaves its jobs to their state files; one that was killed leaves its socket.
    const end = (): void => {
      if (this.#followed.get(path) === followed) this.#followed.delete(path);
    };
    following.ended.then(end, end);
  }
}
