// Writes POSIX tar archives (ustar), which pkg(8) and every tar can read.

const block = 512;

/**
 * A file or a symbolic link; the permissions are those of chmod.
 * @typedef {{ name: string, mode: number, bytes: Buffer, link?: undefined }
 *   | { name: string, mode: number, bytes?: undefined, link: string }} Entry
 */

const octal = (/** @type {number} */ value, /** @type {number} */ length) =>
  value.toString(8).padStart(length - 1, '0');

/**
 * A name of more than 100 bytes is split at a slash; its first part has a separate field.
 * @param {string} name
 * @returns {[string, string]}
 */
function splitName(name) {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  const at = name.indexOf('/', name.length - 101);
  if (at <= 0 || at > 155) throw new Error(`the name "${name}" is too long for an archive`);
  return [name.slice(0, at), name.slice(at + 1)];
}

/**
 * @param {Entry} entry
 * @param {number} time in Unix time
 */
function headerOf({ name, bytes, link, mode }, time) {
  const header = Buffer.alloc(block);
  const [front, rest] = splitName(name);
  /** @type {[number, string][]} */
  const fields = [
    [0, rest],
    [100, octal(mode, 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(bytes?.length ?? 0, 12)],
    [136, octal(time, 12)],
    [148, ' '.repeat(8)],
    [156, link === undefined ? '0' : '2'],
    [157, link ?? ''],
    [257, 'ustar\u000000root'],
    [297, 'wheel'],
    [329, octal(0, 8)],
    [337, octal(0, 8)],
    [345, front],
  ];
  for (const [at, text] of fields) header.write(text, at);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 7)}\0 `, 148);
  return header;
}

/**
 * An archive of `{ name, mode, bytes }` and `{ name, mode, link }`, all owned by root and wheel and with one time.
 * @param {Entry[]} entries
 * @param {number} time in Unix time
 * @returns {Buffer}
 */
export function tarOf(entries, time) {
  const padded = (/** @type {Buffer} */ bytes) =>
    Buffer.concat([bytes, Buffer.alloc((block - (bytes.length % block)) % block)]);
  const parts = entries.flatMap((entry) => [headerOf(entry, time), padded(entry.bytes ?? Buffer.alloc(0))]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}
