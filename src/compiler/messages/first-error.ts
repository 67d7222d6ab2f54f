/** How much of a line is kept, in characters. */
const longest = 200;

/**
 * The line of a compiler's messages that names the fault, without the place in the source: the first one with "error",
 * else the first one; undefined when there is none.
 */
export function firstError(messages: string): string | undefined {
  const lines = messages.split('\n', 1000).filter((line) => line.trim() !== '');
  const line = lines.find((one) => /\berror\b/i.test(one)) ?? lines[0];
  if (line === undefined) return undefined;
  // Colours, and other control characters.
  const plain = line.replaceAll(/\p{Cc}\[[0-9;]*[A-Za-z]/gu, '').replaceAll(/\p{Cc}/gu, ' ');
  const said = plain.replace(/^.*?:(?:\d+:){1,2} */, '').trim();
  return said.length > longest ? `${said.slice(0, longest)}...` : said;
}
