import type { CheckedMessage } from '../../wire/agent/inputs.ts';

/** Why the compiler here has to write an output. */
export function obstacleAt(checked: CheckedMessage | undefined, output: string): string | undefined {
  if (checked?.outputIsSource === true) return 'its output is its source';
  return checked?.notWritable === true ? `"${output}" cannot be written` : undefined;
}
