import { isClang } from '../../compiler/names/compiler-family.ts';
import { callerIsUtf8, inCallersCharset, repeatForLanguage } from '../messages/callers-language.ts';
import type { RemoteJob } from '../job/understand.ts';
import { paletteChanges } from '../../compiler/messages/palette.ts';
import { byteText } from '../../system/byte-text.ts';
import { compilerOf } from './judge-answer.ts';
import { forTerminal } from '../messages/terminal-text.ts';
import type { CompileResponse } from '../../wire/response.ts';
import type { Effects } from './effects.ts';

/**
 * Shows what a host's compiler wrote, in the caller's character set; on a terminal without any control sequence but
 * colours.
 */
export function tellMessages(
  job: RemoteJob,
  { stdout, stderr }: Pick<CompileResponse, 'stdout' | 'stderr'>,
  effects: Pick<Effects, 'tell' | 'stdoutIsTerminal' | 'stderrIsTerminal'>,
): void {
  const utf8 = callerIsUtf8(job.environment);
  const tell = (to: 'stdout' | 'stderr', bytes: Buffer, terminal: boolean): void => {
    const text = inCallersCharset(bytes, utf8);
    effects.tell(to, terminal ? forTerminal(text, utf8) : text);
  };
  tell('stdout', stdout, effects.stdoutIsTerminal);
  tell('stderr', stderr, effects.stderrIsTerminal);
}

/**
 * What a compile here would give the messages and a host did not, as words after "in": the caller's language, or the
 * palette in GCC_COLORS. Undefined when the messages are as the compiler here would write them.
 */
export function repeatFor(
  job: RemoteJob,
  messages: Buffer,
  { hasCatalogue }: Pick<Effects, 'hasCatalogue'>,
): string | undefined {
  const compiler = compilerOf(job);
  const language = repeatForLanguage({ compiler, messages, environment: job.environment }, hasCatalogue);
  if (language !== undefined) return `the language "${language}"`;
  const palette = job.environment['GCC_COLORS'] ?? '';
  if (palette === '' || isClang(compiler)) return undefined;
  return paletteChanges(palette, byteText(messages)) ? 'the colours of GCC_COLORS' : undefined;
}
