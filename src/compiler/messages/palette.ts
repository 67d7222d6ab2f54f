/**
 * What gcc colours and how, unless GCC_COLORS says otherwise (gcc's manual, "Options to Control Diagnostic Messages
 * Formatting", which names them capabilities; gcc 12 and 14). Values are the numbers of a "select graphic rendition".
 */
const standard: ReadonlyMap<string, string> = new Map([
  ['error', '01;31'],
  ['warning', '01;35'],
  ['note', '01;36'],
  ['path', '01;36'],
  ['range1', '32'],
  ['range2', '34'],
  ['locus', '01'],
  ['quote', '01'],
  ['fnname', '01;32'],
  ['targs', '01;35'],
  ['fixit-insert', '32'],
  ['fixit-delete', '31'],
  ['diff-filename', '01'],
  ['diff-hunk', '32'],
  ['diff-delete', '31'],
  ['diff-insert', '32'],
  ['type-diff', '01;32'],
  ['valid', '01;31'],
  ['invalid', '01;32'],
  ['highlight-a', '01;32'],
  ['highlight-b', '01;34'],
]);

/** Capabilities of old palettes that gcc 6 and later do not use. */
const unused: ReadonlySet<string> = new Set(['caret']);

/** The capabilities of a palette with their values, up to the first faulty one, where gcc stops reading. */
function entriesOf(palette: string): Array<readonly [string, string]> {
  const entries: Array<readonly [string, string]> = [];
  for (const entry of palette.split(':')) {
    const equals = entry.indexOf('=');
    if (equals === -1) continue;
    const value = entry.slice(equals + 1);
    if (!/^[\d;]*$/.test(value)) break;
    entries.push([entry.slice(0, equals), value]);
  }
  return entries;
}

/**
 * Whether a palette in GCC_COLORS would change the colours of gcc's messages from the standard ones. Also true when it
 * names a capability that is not known here. `messages` is a byte text.
 */
export function paletteChanges(palette: string, messages: string): boolean {
  if (!messages.includes('\x1b[')) return false;
  return entriesOf(palette).some(([name, value]) => {
    const usual = standard.get(name);
    if (usual === undefined) return !unused.has(name);
    return value !== usual && messages.includes(`\x1b[${usual}m`);
  });
}
