/** What compilers and assemblers write when the machine, not the source, is to blame: errno's texts, and their own. */
const exhaustion =
  /\b(?:No space left on device|Disk quota exceeded|Cannot allocate memory|virtual memory exhausted|out of memory)\b/i;

/** Whether a failed compiler's messages say that its machine lacks disk space or memory. */
export function tellsResourceExhaustion(messages: string): boolean {
  return exhaustion.test(messages);
}
