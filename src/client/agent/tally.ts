import type { AgentStatus } from '../../agent-state/status.ts';

/** Reasons that are counted by themselves; what comes after them is counted together. */
const mostReasons = 50;
const otherReasons = 'other reasons';

/** Counts how the jobs of an agent were sent to hosts. */
export class Tally {
  readonly #sent = { unpreprocessed: 0, preprocessed: 0 };
  readonly #reasons = new Map<string, number>();

  /** A host has compiled a source, or a text that was preprocessed here. */
  countSent(how: 'unpreprocessed' | 'preprocessed'): void {
    this.#sent[how] += 1;
  }

  /** A source was preprocessed here for a host that takes unpreprocessed ones; the file's name is left out. */
  countReason(sentence: string): void {
    const reason = sentence.replaceAll(/"[^"]*"/g, '"..."');
    const isNew = !this.#reasons.has(reason);
    const name = isNew && this.#reasons.size >= mostReasons ? otherReasons : reason;
    this.#reasons.set(name, (this.#reasons.get(name) ?? 0) + 1);
  }

  /** As the status of an agent has it, the most frequent reasons first. */
  report(): AgentStatus['sent'] {
    const reasons = [...this.#reasons]
      .map(([why, jobs]) => ({ why, jobs }))
      .sort((one, other) => other.jobs - one.jobs);
    return { ...this.#sent, reasons };
  }
}
