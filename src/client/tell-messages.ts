import { hasCatalogue } from './catalogues.ts';
import { callerIsUtf8, inCallersCharset, repeatForLanguage } from './callers-language.ts';
import type { RemoteJob } from './job.ts';
import { compilerOf } from './judge-answer.ts';
import { forTerminal } from './terminal-text.ts';
import type { CompileResponse } from '../wire/response.ts';
import type { World } from './world.ts';

/** What is known of the one who reads a job's messages; what is not told is not a terminal. */
export interface Reader {
  readonly stdoutIsTerminal?: boolean;
  readonly stderrIsTerminal?: boolean;
  /** Whether the caller's machine has a compiler's messages in a language: this one unless it is told otherwise. */
  hasCatalogue?(this: void, language: string, compiler: string): boolean;
}

/** A world that knows who reads. */
export type TellingWorld = World & Reader;

/**
 * Shows what a host's compiler wrote: in the caller's character set, and on a terminal nothing that it would obey but
 * colours.
 */
export function tellMessages(
  job: RemoteJob,
  { stdout, stderr }: Pick<CompileResponse, 'stdout' | 'stderr'>,
  world: TellingWorld,
): void {
  const utf8 = callerIsUtf8(job.environment);
  const tell = (to: 'stdout' | 'stderr', bytes: Buffer, terminal = false): void => {
    const text = inCallersCharset(bytes, utf8);
    world.tell(to, terminal ? forTerminal(text, utf8) : text);
  };
  tell('stdout', stdout, world.stdoutIsTerminal);
  tell('stderr', stderr, world.stderrIsTerminal);
}

/** The language for which a compile is repeated here, or undefined. */
export function languageToRepeatFor(job: RemoteJob, messages: Buffer, reader: Reader): string | undefined {
  const told = { compiler: compilerOf(job), messages, environment: job.environment };
  return repeatForLanguage(told, (language, compiler) => (reader.hasCatalogue ?? hasCatalogue)(language, compiler));
}
