/** The bytes after a match's end that copying it may touch: what follows overwrites them. */
export const slack = 4;

/** A pattern of one, two or three bytes also repeats after this many. */
const commonPeriod = 12;

/**
 * Repeats what lies `distance` bytes back from `at` until `end`; both may overlap, and up to three bytes more are
 * written.
 */
export function copyMatch(output: DataView, at: number, distance: number, end: number): void {
  let op = at;
  let from = at - distance;
  if (distance < 4) {
    // Words cannot be copied from less than a word away: the first repeats are made byte by byte.
    for (const enough = Math.min(end, at + commonPeriod); op < enough; op += 1, from += 1) {
      output.setUint8(op, output.getUint8(from));
    }
    from = op - commonPeriod;
  }
  for (; op < end; op += 4, from += 4) output.setInt32(op, output.getInt32(from, true), true);
}
