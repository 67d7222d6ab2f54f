import type { Block } from './block.ts';
import type { Row } from './row.ts';

/** A job that has ended, at the place where it ended. */
export interface EndedBlock {
  readonly block: Block;
  /** The host's name, or that of this machine's row. */
  readonly place: string;
  /** Hosts at which attempts of it had failed before, oldest first. */
  readonly failedAt: readonly string[];
}

/** The jobs that ended last, newest first: one for each, however many places it was at. */
export function lastEnded(rows: Iterable<Row>, most: number): EndedBlock[] {
  const all = [...rows];
  const attempts = new Map<string, string[]>();
  for (const { name, ended } of all)
    for (const { key, failed, left } of ended)
      if (failed && left === 'went on') attempts.set(key, [...(attempts.get(key) ?? []), name]);
  const placed = all.flatMap(({ name, ended }) => {
    const last = ended.filter(({ left }) => left !== 'went on').slice(-most);
    return last.map((block) => ({ block, place: name, failedAt: attempts.get(block.key) ?? [] }));
  });
  return placed.sort((one, other) => (other.block.ended ?? 0) - (one.block.ended ?? 0)).slice(0, most);
}
