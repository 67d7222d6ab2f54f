const special = /[.*+?^${}()|[\]\\]/g;

/**
 * Messages of a gcc that was called by one name as if it had been called by another one: its driver begins its own
 * lines with it, in colours or not. One character for each byte.
 */
export function asCalledBy(messages: string, { from, to }: { readonly from: string; readonly to: string }): string {
  if (from === to || !messages.includes(`${from}:`)) return messages;
  const name = from.replaceAll(special, String.raw`\$&`);
  // oxlint-disable-next-line no-control-regex -- colours begin with an escape
  const start = new RegExp(String.raw`^((?:\x1b\[[\d;]*[mK])*)${name}:(?=[ \x1b])`, 'gm');
  return messages.replaceAll(start, (_whole, colours: string) => `${colours}${to}:`);
}
