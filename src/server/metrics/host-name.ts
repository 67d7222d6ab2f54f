import { isIP } from 'node:net';

/** The name in a Host field: without the port, and the brackets of an IPv6 address. */
const nameIn = (field: string): string =>
  field
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();

/**
 * Whether a Host field names this machine in a way that a stranger's web page cannot: by address, by a name without a
 * dot, as localhost, or by this machine's own name. A page at a name of the stranger's that leads to this address (DNS
 * rebinding) could otherwise read ours in the browser of somebody who may.
 * @param own names of this machine, in small letters
 */
export function namesThisMachine(field: string | undefined, own: readonly string[]): boolean {
  // Browsers always send the field.
  if (field === undefined) return true;
  const name = nameIn(field);
  return isIP(name) !== 0 || /^[a-z0-9_-]+$/.test(name) || name.endsWith('.localhost') || own.includes(name);
}
