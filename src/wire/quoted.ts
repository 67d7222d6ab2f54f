/** The longest text that is shown: a stranger must not fill a log. */
const longest = 200;

/**
 * A stranger's text in double quotes, safe to print: everything but printable ASCII is escaped, and a long text is cut.
 */
export function quoted(text: string): string {
  const safe = text.slice(0, longest).replaceAll(/[^\x20-\x7e]|["\\]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x22 || code === 0x5c) return `\\${character}`;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return text.length > longest ? `"${safe}..."` : `"${safe}"`;
}
