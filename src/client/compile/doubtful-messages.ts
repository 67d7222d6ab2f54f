import { doubtfulWarning } from '../../compiler/messages/doubtful-warnings.ts';
import { fallThroughsIn, isMarked, keepsItsLines, usualLevel } from '../../compiler/messages/fall-through.ts';
import type { Reason } from '../../compiler/verdict.ts';
import { byteText } from '../../system/byte-text.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Effects } from './effects.ts';
import type { HostResponse } from './host-answer.ts';

/**
 * How far a host's messages can be trusted: as much as those of a local compile; all false; about another file; or only
 * a compile of the source can tell.
 */
export type Worth =
  | { readonly kind: 'good' }
  | { readonly kind: 'false' }
  | { readonly kind: 'about another file' }
  | { readonly kind: 'unknown'; readonly option: string };

/** Whether comments in the source make all of these warnings false (true) or none (false); undefined when unsure. */
async function marked(
  messages: string,
  job: RemoteJob,
  effects: Pick<Effects, 'readText'>,
): Promise<boolean | undefined> {
  const places = usualLevel(job.verdict.words) ? (fallThroughsIn(messages) ?? []) : [];
  if (places.length === 0) return undefined;
  const own = await effects.readText(job.verdict.source);
  const sources = new Map([[job.verdict.source, own]]);
  const answers = new Set<boolean | undefined>();
  for (const place of places) {
    if (!sources.has(place.file)) sources.set(place.file, await effects.readText(place.file));
    const source = sources.get(place.file);
    answers.add(source === undefined || !keepsItsLines(source) ? undefined : isMarked(source, place));
  }
  // A generated source may have #line directives: then the messages are about lines of another file.
  if (own === undefined || !keepsItsLines(own)) return undefined;
  const [answer] = answers;
  return answers.size === 1 ? answer : undefined;
}

/**
 * Judges the messages of a host. It compiled preprocessed text: without comments and macros some warnings are false.
 */
export async function worthOf(
  { stderr, status }: HostResponse,
  job: RemoteJob,
  effects: Pick<Effects, 'readText'>,
): Promise<Worth> {
  const said = byteText(stderr);
  // Assembler text has no line markers, so the host's assembler names its own temporary file.
  if (job.verdict.assemblerText && said !== '') return { kind: 'about another file' };
  // A source that was preprocessed already has lost nothing here.
  const messages = job.verdict.preprocessed ? '' : said;
  const option = messages === '' ? undefined : doubtfulWarning(job.verdict.words, messages);
  if (option === undefined) return { kind: 'good' };
  const isFalse = status === 0 ? await marked(messages, job, effects) : undefined;
  return isFalse === undefined ? { kind: 'unknown', option } : { kind: isFalse ? 'false' : 'good' };
}

/** Why the job must be done here because its messages cannot be trusted; undefined when they can. */
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
