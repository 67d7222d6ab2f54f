import { doubtfulWarning } from '../../compiler/messages/doubtful-warnings.ts';
import { fallThroughsIn, isMarked, keepsItsLines, usualLevel } from '../../compiler/messages/fall-through.ts';
import type { Reason } from '../../compiler/verdict.ts';
import { byteText } from '../../system/byte-text.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { HostResponse, World } from './world.ts';

/**
 * What a host's messages are worth: as good as those about the source, all of them false, about another file, or known
 * only to a compiler that sees the source.
 */
export type Worth =
  | { readonly kind: 'good' }
  | { readonly kind: 'false' }
  | { readonly kind: 'about another file' }
  | { readonly kind: 'unknown'; readonly option: string };

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

/**
 * Looks at the messages of a host, which has seen preprocessed text: comments and macros of the source may make its
 * warnings false.
 */
export async function worthOf(
  { stderr, status }: HostResponse,
  job: RemoteJob,
  world: Pick<World, 'readText'>,
): Promise<Worth> {
  const said = byteText(stderr);
  // It has no line markers, so that the assembler names the host's file.
  if (job.verdict.assemblerText && said !== '') return { kind: 'about another file' };
  // A text that needs no preprocessor has lost nothing on its way.
  const messages = job.verdict.preprocessed ? '' : said;
  const option = messages === '' ? undefined : doubtfulWarning(job.verdict.words, messages);
  if (option === undefined) return { kind: 'good' };
  const isFalse = status === 0 ? await marked(messages, job, world) : undefined;
  return isFalse === undefined ? { kind: 'unknown', option } : { kind: isFalse ? 'false' : 'good' };
}

/** Why the job has to be done here because of what its messages are worth, if it has to. */
export function doubtOf(worth: Worth, { verdict }: RemoteJob): Reason | undefined {
  switch (worth.kind) {
    case 'good':
    case 'false':
      return undefined;
    case 'about another file': {
      const because = `messages of the assembler name another file than "${verdict.source}"`;
      return { because, cure: 'mend what it warns of' };
    }
    case 'unknown': {
      const because = `${worth.option} may warn of what only preprocessing did to the source`;
      return { because, cure: 'mend what it warns of, or leave the option out' };
    }
  }
}
