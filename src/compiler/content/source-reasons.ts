import { mayReadFiles } from './reading-assembler.ts';

/**
 * Why a compile of preprocessed text may fail where that of its source does not, or undefined. Of gcc's and clang's
 * warnings some look at comments and at which words come from a macro, which preprocessing takes away: where warnings
 * are errors, that says nothing about a host. `messages` are those of the compile that failed.
 */
export function sourceReason(text: Buffer, messages: Buffer): string | undefined {
  if (mayReadFiles(text)) return 'its assembler reads files';
  return messages.includes('-Werror')
    ? 'a warning counts as an error, and some come of preprocessed text alone'
    : undefined;
}
