import { writeSync } from 'node:fs';
import { connectDatagram } from '../descriptors/datagram.ts';
import { posix } from '../posix.ts';

/** One entry of the journal: names in capitals (systemd.journal-fields(7)), and what they hold. */
export type JournalEntry = Readonly<Record<string, string | number>>;

/** Sends an entry to the journal; false when that failed. */
export type Journal = (entry: JournalEntry) => boolean;

/**
 * Encodes an entry in the journal's native protocol: NAME=value; a value of several lines follows its length (64 bits,
 * little-endian).
 */
export function encodeEntry(entry: JournalEntry): Buffer {
  return Buffer.concat(
    Object.entries(entry).map(([name, value]) => {
      const text = Buffer.from(String(value));
      if (!text.includes('\n')) return Buffer.concat([Buffer.from(`${name}=`), text, Buffer.from('\n')]);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([Buffer.from(`${name}\n`), length, text, Buffer.from('\n')]);
    }),
  );
}

/** The journal's socket, and its path in our units under systemd 252. */
const sockets = ['/run/systemd/journal/socket', '/run/journal'];

function connectToFirst(paths: readonly string[]): number | undefined {
  for (const path of paths) {
    const connected = connectDatagram(path);
    if (connected !== undefined) return connected;
  }
  return undefined;
}

/**
 * Opens the journal by the descriptor from the service manager, else by the journal's socket. Undefined when neither
 * exists, as in a unit with a root of its own.
 */
export function openJournal(given: number | undefined): Journal | undefined {
  const connected = given === undefined ? connectToFirst(sockets) : undefined;
  if (given === undefined && connected === undefined) return undefined;
  return (entry) => {
    try {
      const bytes = encodeEntry(entry);
      if (given !== undefined) writeSync(given, bytes);
      else if (connected !== undefined) posix.send?.(connected, bytes, 0);
      return true;
    } catch {
      return false;
    }
  };
}
