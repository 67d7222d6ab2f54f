import { doubtfulWarning } from '../compiler/doubtful-warnings.ts';
import { fallThroughsIn, isMarked, keepsItsLines, usualLevel } from '../compiler/fall-through.ts';
import { byteText } from '../system/byte-text.ts';
import type { RemoteJob } from './job.ts';
import type { HostResponse, World } from './world.ts';

/** What a host's messages are worth: as good as those about the source, all of them false, or known only to a compiler that sees the source. */
export type Worth =
  { readonly kind: 'good' } | { readonly kind: 'false' } | { readonly kind: 'unknown'; readonly option: string };

/** Whether comments in the source make all of these warnings false, or none; undefined when that is not sure. */
async function marked(messages: string, job: RemoteJob, world: Pick<World, 'readText'>): Promise<boolean | undefined> {
  const places = usualLevel(job.verdict.words) ? (fallThroughsIn(messages) ?? []) : [];
  if (places.length === 0) return undefined;
  const own = await world.readText(job.verdict.source);
  const sources = new Map([[job.verdict.source, own]]);
  const answers = new Set<boolean | undefined>();
  for (const place of places) {
    if (!sources.has(place.file)) sources.set(place.file, await world.readText(place.file));
    const source = sources.get(place.file);
    answers.add(source === undefined || !keepsItsLines(source) ? undefined : isMarked(source, place));
  }
  // A source that was generated may speak of lines of another one.
  if (own === undefined || !keepsItsLines(own)) return undefined;
  const [answer] = answers;
  return answers.size === 1 ? answer : undefined;
}

/** Looks at the messages of a host, which has seen preprocessed text: comments and macros of the source may make its warnings false. */
export async function worthOf(
  { stderr, status }: HostResponse,
  job: RemoteJob,
  world: Pick<World, 'readText'>,
): Promise<Worth> {
  // A text that needs no preprocessor has lost nothing on its way.
  const messages = job.verdict.preprocessed ? '' : byteText(stderr);
  const option = messages === '' ? undefined : doubtfulWarning(job.verdict.words, messages);
  if (option === undefined) return { kind: 'good' };
  const isFalse = status === 0 ? await marked(messages, job, world) : undefined;
  return isFalse === undefined ? { kind: 'unknown', option } : { kind: isFalse ? 'false' : 'good' };
}
