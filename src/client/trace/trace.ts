import type { AgentEvent } from '../../agent-state/events.ts';
import { agentFolder } from '../../agent-state/find-agents.ts';
import { AgentFollower } from '../../agent-state/follow-agents.ts';
import { bytesOf, pathOf, readable } from '../../system/byte-text.ts';
import type { Call } from '../job/call.ts';
import { TraceEvents } from './trace-events.ts';
import { TraceFile } from './trace-file.ts';

/** How often to look for an agent that has started, in ms. */
const lookPeriod = 250;

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

/**
 * Writes what the agents of this user do to a new file, also what they have done in the last minutes, until the user
 * ends it or the file is full.
 * @throws Failure (status 107) when the file exists already, or cannot be written
 */
export async function trace({ environment, directory }: Call, file: string, effects: TraceEffects): Promise<void> {
  const name = readable(file);
  const path = pathOf(file);
  const trail = new TraceFile(path ?? bytesOf(file), name, longestTrace);
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
  const agents = new AgentFollower(agentFolder(environment, directory), () => {
    let events: TraceEvents | undefined;
    return {
      hear: (event) => {
        // Numbers of jobs are an agent's own.
        if (events === undefined) made.push((events = new TraceEvents(made.length)));
        take(events, event);
      },
    };
  });
  try {
    agents.look();
    effects.say(
      agents.count > 0
        ? `tracing to "${name}" until interrupted (Ctrl-C)`
        : `tracing to "${name}" as soon as an agent starts with the first job, until interrupted (Ctrl-C)`,
    );
    while (!over.signal.aborted) {
      await pause(over.signal);
      agents.look();
    }
    agents.close();
    if (fault !== undefined) throw fault;
    trail.add(made.flatMap((events) => events.unfinished(Date.now())));
  } finally {
    agents.close();
    trail.close();
  }
  const jobs = made.reduce((sum, one) => sum + one.jobs, 0);
  effects.say(`"${name}" has ${jobs} jobs: open it at https://ui.perfetto.dev or chrome://tracing`);
}
