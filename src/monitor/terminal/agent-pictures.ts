import { AgentFollower } from '../../agent-state/follow-agents.ts';
import { AgentPicture } from './agent-picture.ts';

/** What the agents of an account have told that answer. */
export class AgentPictures {
  readonly #pictures = new Set<AgentPicture>();
  readonly #follower: AgentFollower;

  /**
   * @param folder where the sockets of agents are, if anywhere
   * @param first is called when an agent has told something for the first time
   */
  constructor(folder: string | undefined, first: () => void) {
    this.#follower = new AgentFollower(folder, () => {
      const picture = new AgentPicture();
      return {
        hear: (event) => {
          picture.hear(event);
          if (this.#pictures.has(picture)) return;
          this.#pictures.add(picture);
          first();
        },
        // An agent that has ended leaves its jobs to their state files.
        gone: () => void this.#pictures.delete(picture),
      };
    });
  }

  get all(): readonly AgentPicture[] {
    return [...this.#pictures];
  }

  /** Looks for agents that are not followed yet. */
  look(): void {
    this.#follower.look();
  }

  close(): void {
    this.#follower.close();
  }
}
