import type { Entry, FileFacts } from './entry.ts';
import { graphLimits } from './graph-limits.ts';
import type { Found, Premise } from './inputs.ts';

/** What was found for a command, and all that makes it true. */
export interface FoundRecord {
  /** Without the change, which is the graph's. */
  readonly found: Found;
  readonly context: string;
  readonly entries: readonly Entry[];
  /** Of the entries, as they were used. */
  readonly versions: Uint32Array;
  /** Directories whose every change counts, with their stamps. */
  readonly listings: ReadonlyMap<Entry, Buffer>;
  kept: Premise | undefined;
  /** The change that was current when a job was last told of it, or -1. */
  given: number;
}

/** How much of the graph's bytes the facts of a file take. */
export const costOfFacts = ({ references, definitions, calls }: FileFacts): number =>
  graphLimits.factsCost + graphLimits.referenceCost * (references.length + definitions.size + 8 * calls.size);

/** How much a record takes. */
export function costOf(key: string, { entries, found }: FoundRecord): number {
  const inputs = found.kind === 'inputs' ? found.inputs.length : 0;
  return key.length + graphLimits.recordCost + 12 * entries.length + 8 * inputs;
}
