/** How many bytes after a match's end copying it may write; later output overwrites them. */
export const slack = 4;

/** A common multiple of the periods one, two and three. */
const commonPeriod = 12;

/**
 * Copies the bytes `distance` back from `at` to `at` until `end`. Both may overlap; up to three bytes more are written.
 */
export function copyMatch(output: DataView, at: number, distance: number, end: number): void {
  let op = at;
  let from = at - distance;
  if (distance < 4) {
    // Words cannot be copied over a distance of less than a word, so the first repeats are copied byte by byte.
    for (const enough = Math.min(end, at + commonPeriod); op < enough; op += 1, from += 1) {
      output.setUint8(op, output.getUint8(from));
    }
    from = op - commonPeriod;
  }
  for (; op < end; op += 4, from += 4) output.setInt32(op, output.getInt32(from, true), true);
}
