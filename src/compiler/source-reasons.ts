/** A pattern for a word in the text of a source: also in pieces of a string, as macros put them together. */
const inPieces = (word: string): string => word.split('').join(String.raw`(?:"\s*")?`);

const pieceEnd = String.raw`(?:"\s*")?`;
const directives = `(?:${inPieces('incbin')}|${inPieces('include')})`;

/**
 * Assembler that reads a file, which only the machine of the source has (the GNU assembler's manual, ".incbin" and
 * ".include", in any case): the directive, a blank, and not far from it the quote of a name.
 */
const readsFile = new RegExp(String.raw`\.${pieceEnd}${directives}${pieceEnd}(?:\s|\\t)[^;(){}\n]{0,20}"`, 'i');

/** What is looked at: no text of a source is as long, and a string has its limit. */
const mostLookedAt = 256 * 1024 * 1024;

/** Whether a preprocessed text holds assembler that reads files. */
export function readsFiles(text: Buffer): boolean {
  return readsFile.test(text.toString('latin1', 0, mostLookedAt));
}

/**
 * Why a compile of preprocessed text may fail where that of its source does not, or undefined. Of gcc's and clang's
 * warnings some look at comments and at which words come from a macro, which preprocessing takes away: where warnings
 * are errors, that says nothing about a host. `messages` are those of the compile that failed.
 */
export function sourceReason(text: Buffer, messages: Buffer): string | undefined {
  if (readsFiles(text)) return 'its assembler reads files';
  return messages.includes('-Werror')
    ? 'a warning counts as an error, and some come of preprocessed text alone'
    : undefined;
}
