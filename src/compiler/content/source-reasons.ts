import { mayReadFiles } from './reading-assembler.ts';

/**
 * Why a compile of preprocessed text may fail where that of its source does not; undefined for no reason. Some warnings
 * of gcc and clang depend on comments, or on which words come from a macro, and preprocessing removes both: when
 * warnings are errors, such a failure is not the host's fault. `messages` are those of the failed compile.
 */
export function sourceReason(text: Buffer, messages: Buffer): string | undefined {
  if (mayReadFiles(text)) return 'its assembler reads files';
  return messages.includes('-Werror')
    ? 'a warning counts as an error, and some come of preprocessed text alone'
    : undefined;
}
