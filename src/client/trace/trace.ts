import type { AgentEvent } from '../../agent-state/events.ts';
import { agentFolder, ownAgentSockets } from '../../agent-state/find-agents.ts';
import { followAgent } from '../../agent-state/follow-agent.ts';
import type { Following } from '../../agent-state/follow-agent.ts';
import { bytesOf, pathOf, readable } from '../../system/byte-text.ts';
import type { Call } from '../job/call.ts';
import { TraceEvents } from './trace-events.ts';
import { TraceFile } from './trace-file.ts';

/** How often to look for an agent that has started, in ms. */
const lookPeriod = 250;
/** One that cannot be followed, as of another version, is left alone for this long, in ms. */
const leaveAlone = 5000;

/** The longest trace, in bytes: about half a million jobs. */
const longestTrace = 512 * 1024 * 1024;

/** What ends a trace, and who hears of it. */
export interface TraceEffects {
  /** Fires when the user ends the trace. */
  readonly stopped: AbortSignal;
  /** Takes a sentence for the user. */
  say(this: void, sentence: string): void;
}

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, lookPeriod);
    signal.addEventListener('abort', end);
  });

/** The agents of one user, followed as they come and go. */
class Agents {
  readonly #followed = new Map<string, Following>();
  readonly #folder: string | undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  get some(): boolean {
    return this.#followed.size > 0;
  }

  /** Follows those that have started since the last call. */
  look(take: (makes: TraceEvents, event: AgentEvent) => void, made: TraceEvents[]): void {
    for (const path of this.#folder === undefined ? [] : ownAgentSockets(this.#folder)) {
      if (this.#followed.has(path)) continue;
      let events: TraceEvents | undefined;
      const following = followAgent(path, (event) => {
        // Numbers of jobs are an agent's own.
        if (events === undefined) made.push((events = new TraceEvents(made.length)));
        take(events, event);
      });
      this.#followed.set(path, following);
      const forget = (): void => void this.#followed.delete(path);
      following.ended.then(forget, () => void setTimeout(forget, leaveAlone).unref());
    }
  }

  leave(): void {
    for (const following of this.#followed.values()) following.close();
  }
}

/**
 * Writes what the agents of this user do to a new file, also what they have done in the last minutes, until the user
 * ends it or the file is full.
 * @throws Failure (status 107) when the file exists already, or cannot be written
 */
export async function trace({ environment, directory }: Call, file: string, effects: TraceEffects): Promise<void> {
  const name = readable(file);
  const path = pathOf(file);
  const trail = new TraceFile(path ?? bytesOf(file), name, longestTrace);
  const agents = new Agents(agentFolder(environment, directory));
  const over = new AbortController();
  effects.stopped.addEventListener('abort', () => over.abort());
  if (effects.stopped.aborted) over.abort();
  const made: TraceEvents[] = [];
  let fault: unknown;
  const take = (makes: TraceEvents, event: AgentEvent): void => {
    if (over.signal.aborted) return;
    try {
      if (trail.add(makes.add(event))) return;
      effects.say(`"${name}" is full: the trace ends here`);
    } catch (error) {
      fault = error;
    }
    over.abort();
  };
  try {
    agents.look(take, made);
    effects.say(
      agents.some
        ? `tracing to "${name}" until interrupted (Ctrl-C)`
        : `tracing to "${name}" as soon as an agent starts with the first job, until interrupted (Ctrl-C)`,
    );
    while (!over.signal.aborted) {
      await pause(over.signal);
      agents.look(take, made);
    }
    agents.leave();
    if (fault !== undefined) throw fault;
    trail.add(made.flatMap((events) => events.unfinished(Date.now())));
  } finally {
    agents.leave();
    trail.close();
  }
  const jobs = made.reduce((sum, one) => sum + one.jobs, 0);
  effects.say(`"${name}" has ${jobs} jobs: open it at https://ui.perfetto.dev or chrome://tracing`);
}
