import type { PlacedMessage } from '../../wire/agent/inputs.ts';

/** Why the compiler here has to write an output. */
export function obstacleAt(placed: PlacedMessage | undefined, output: string): string | undefined {
  if (placed?.outputIsSource === true) return 'its output is its source';
  return placed?.notWritable === true ? `"${output}" cannot be written` : undefined;
}
