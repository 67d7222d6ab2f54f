import type { AgentEvent } from '../../../agent-state/events.ts';

/** A job of a client that has no agent, such as distcc 3.4's, by its state file. */
export interface StockJob {
  readonly pid: number;
  /** The source's name without its directory; empty when it is not known yet. */
  readonly file: string;
  /** The host's name without port and options; "localhost" is this machine. */
  readonly host: string;
  readonly slot: number;
  /** As src/job-state/job-record.ts names it. */
  readonly phase: string;
}

/** What the page is told. Times are ms since 1970. */
export type FeedEvent =
  /** Forget the connections so far: what follows describes everything anew. */
  | { readonly kind: 'start' }
  /** An event of the agent at a connection. Several agents of an account run for a while after an upgrade. */
  | { readonly kind: 'agent'; readonly agent: string; readonly event: AgentEvent }
  | { readonly kind: 'agent-gone'; readonly agent: string }
  /** An agent that cannot be followed. */
  | { readonly kind: 'trouble'; readonly text: string }
  /** All agents that were there at the start have told their picture: now "no agent" can be said. */
  | { readonly kind: 'looked' }
  /** All jobs in state files, those of agents too, whenever one of them changes. */
  | { readonly kind: 'stock'; readonly jobs: readonly StockJob[] };

/** One message to the page. */
export interface FeedBatch {
  /** This machine's clock: a browser at the other end of a tunnel may have another one. */
  readonly at: number;
  readonly events: readonly FeedEvent[];
}
