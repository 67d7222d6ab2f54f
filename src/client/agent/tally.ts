import { ReasonCounts } from '../../basics/reason-counts.ts';
import type { AgentStatus } from '../../agent-state/status.ts';
import type { HowSent } from '../compile/inputs-effects.ts';

/** Counts how the jobs of an agent were sent to hosts. */
export class Tally {
  readonly #sent = { unpreprocessed: 0, results: 0, preprocessed: 0 };
  readonly #reasons = new ReasonCounts();

  /** A host has done a job that it got in this way. */
  countSent(how: HowSent): void {
    if (how === 'result') this.#sent.results += 1;
    this.#sent[how === 'preprocessed' ? how : 'unpreprocessed'] += 1;
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
