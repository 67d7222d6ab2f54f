import { callerIsUtf8, inCallersCharset, repeatForLanguage } from './callers-language.ts';
import type { RemoteJob } from './job.ts';
import { compilerOf } from './judge-answer.ts';
import { forTerminal } from './terminal-text.ts';
import type { CompileResponse } from '../wire/response.ts';
import type { World } from './world.ts';

/**
 * Shows what a host's compiler wrote: in the caller's character set, and on a terminal nothing that it would obey but
 * colours.
 */
export function tellMessages(
  job: RemoteJob,
  { stdout, stderr }: Pick<CompileResponse, 'stdout' | 'stderr'>,
  world: Pick<World, 'tell' | 'stdoutIsTerminal' | 'stderrIsTerminal'>,
): void {
  const utf8 = callerIsUtf8(job.environment);
  const tell = (to: 'stdout' | 'stderr', bytes: Buffer, terminal: boolean): void => {
    const text = inCallersCharset(bytes, utf8);
    world.tell(to, terminal ? forTerminal(text, utf8) : text);
  };
  tell('stdout', stdout, world.stdoutIsTerminal);
  tell('stderr', stderr, world.stderrIsTerminal);
}

/** The language for which a compile is repeated here, or undefined. */
export function languageToRepeatFor(
  job: RemoteJob,
  messages: Buffer,
  { hasCatalogue }: Pick<World, 'hasCatalogue'>,
): string | undefined {
  return repeatForLanguage({ compiler: compilerOf(job), messages, environment: job.environment }, hasCatalogue);
}
