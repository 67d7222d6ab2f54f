import { expandResponseFiles } from '../../compiler/command/response-files.ts';
import type { Call } from './call.ts';

/** Replaces each `@FILE` of a call by the words in that file; `read` returns a file's text. */
export async function withOptions(call: Call, read: (path: string) => Promise<string | undefined>): Promise<Call> {
  if (!call.words.some((word) => word.startsWith('@'))) return call;
  const expanding = expandResponseFiles([call.argv0, ...call.words]);
  let step = expanding.next();
  while (step.done !== true) step = expanding.next(await read(step.value));
  return { ...call, words: step.value.slice(1) };
}
