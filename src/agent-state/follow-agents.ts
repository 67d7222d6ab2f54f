import type { AgentEvent } from './events.ts';
import { ownAgentSockets } from './find-agents.ts';
import { followAgent } from './follow-agent.ts';
import type { Following } from './follow-agent.ts';

/** How long a socket is left alone at which no agent could be followed, in ms: one that was killed leaves its socket. */
const leaveAlone = 2000;

/** Who hears one agent. */
export interface AgentListener {
  hear(this: void, event: AgentEvent): void;
  /** The agent has ended; with an error when it could not be followed at all. Nothing is heard after that. */
  gone?(this: void, error?: unknown): void;
}

/** Follows every agent of an account, also those that start later. */
export class AgentFollower {
  readonly #folder: string | undefined;
  readonly #listen: (path: string) => AgentListener;
  readonly #followed = new Map<string, Following>();
  /** When a socket may be tried again, in ms of the process's clock. */
  readonly #later = new Map<string, number>();

  /** `folder` is where the sockets of agents are, if anywhere; `listen` is called for each agent that is followed. */
  constructor(folder: string | undefined, listen: (this: void, path: string) => AgentListener) {
    this.#folder = folder;
    this.#listen = listen;
  }

  /** How many agents are followed. */
  get count(): number {
    return this.#followed.size;
  }

  /** Follows the agents that have started since the last call. */
  look(): void {
    const now = performance.now();
    for (const path of this.#folder === undefined ? [] : ownAgentSockets(this.#folder)) {
      if (!this.#followed.has(path) && now >= (this.#later.get(path) ?? 0)) this.#follow(path);
    }
  }

  #follow(path: string): void {
    const { hear, gone } = this.#listen(path);
    let heard = false;
    const following = followAgent(path, (event) => {
      heard = true;
      hear(event);
    });
    this.#followed.set(path, following);
    const end = (error?: unknown): void => {
      if (this.#followed.get(path) !== following) return;
      this.#followed.delete(path);
      if (!heard) this.#later.set(path, performance.now() + leaveAlone);
      gone?.(heard ? undefined : error);
    };
    following.ended.then(() => end(), end);
  }

  /** Follows nobody any more; `gone` is not called. */
  close(): void {
    const open = [...this.#followed.values()];
    this.#followed.clear();
    for (const following of open) following.close();
  }
}
