import { ReasonCounts } from '../../basics/reason-counts.ts';
import type { AgentStatus } from '../../agent-state/status.ts';

/** Counts how the jobs of an agent were sent to hosts. */
export class Tally {
  readonly #sent = { unpreprocessed: 0, preprocessed: 0 };
  readonly #reasons = new ReasonCounts();

  /** A host has compiled a source, or a text that was preprocessed here. */
  countSent(how: 'unpreprocessed' | 'preprocessed'): void {
    this.#sent[how] += 1;
  }

  /** A source was preprocessed here for a host that takes unpreprocessed ones; the file's name is left out. */
  countReason(sentence: string): void {
    this.#reasons.count(sentence);
  }

  /** As the status of an agent has it, the most frequent reasons first. */
  report(): AgentStatus['sent'] {
    const reasons = this.#reasons.report().map(({ why, count }) => ({ why, jobs: count }));
    return { ...this.#sent, reasons };
  }
}
