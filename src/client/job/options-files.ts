import { expandResponseFiles } from '../../compiler/command/response-files.ts';
import type { Call } from './call.ts';

/**
 * A call with the words that its files of options hold (`@FILE`) in place of their names; `read` gives a file's text.
 */
export async function withOptions(call: Call, read: (path: string) => Promise<string | undefined>): Promise<Call> {
  if (!call.words.some((word) => word.startsWith('@'))) return call;
  const expanding = expandResponseFiles([call.argv0, ...call.words]);
  let step = expanding.next();
  while (step.done !== true) step = expanding.next(await read(step.value));
  return { ...call, words: step.value.slice(1) };
}
