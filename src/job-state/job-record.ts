import { endianness } from 'node:os';

/** The names of a job's phases; a phase's number is its index (doc/distcc-behaviour.md, "Phases"). */
export const phaseNames = [
  'Startup',
  'Blocked',
  'Connect',
  'Preprocess',
  'Send',
  'Compile',
  'Receive',
  'Done',
] as const;

/** What a job is doing. */
export type PhaseName = (typeof phaseNames)[number];

/** One job, as monitors show it. */
export interface JobRecord {
  /** The client's process id. */
  readonly pid: number;
  /** The source's name without its directory; empty when it is not known yet. */
  readonly file: string;
  /** The host's name without port and options. */
  readonly host: string;
  readonly slot: number;
  readonly phase: PhaseName;
}

/** The layout of a record: distcc writes a C struct as it is in memory. */
export interface RecordLayout {
  /** The size of a long integer and of a pointer, in bytes. */
  readonly word: 4 | 8;
  readonly order: 'LE' | 'BE';
}

/** The layout of programs on this machine. */
export const nativeLayout: RecordLayout = {
  word: ['arm', 'ia32', 'mips', 'mipsel', 'ppc'].includes(process.arch) ? 4 : 8,
  order: endianness(),
};

const magic = 0x44494800;
const textSize = 128;

/** The size of a record in bytes: 296 where a word has 8 bytes. */
export function recordSize({ word }: RecordLayout): number {
  return 3 * word + 2 * textSize + 8 + word;
}

/**
 * Encodes a record: struct size, magic, pid (a word each), file and host (128 bytes each, ended by NUL), slot and
 * phase (4 bytes each) and a pointer, which is zero (doc/distcc-behaviour.md, "State files").
 */
export function encodeJobRecord(record: JobRecord, layout: RecordLayout = nativeLayout): Buffer {
  const { word, order } = layout;
  const bytes = Buffer.alloc(recordSize(layout));
  const writeNumber = (value: number, offset: number): void => {
    // The upper half of an 8-byte word stays zero: every value here fits into 32 bits.
    const at = word === 8 && order === 'BE' ? offset + 4 : offset;
    if (order === 'LE') bytes.writeUInt32LE(value, at);
    else bytes.writeUInt32BE(value, at);
  };
  writeNumber(bytes.length, 0);
  writeNumber(magic, word);
  writeNumber(record.pid, 2 * word);
  bytes.write(record.file, 3 * word, textSize - 1);
  bytes.write(record.host, 3 * word + textSize, textSize - 1);
  const numbers = 3 * word + 2 * textSize;
  const phase = phaseNames.indexOf(record.phase);
  if (order === 'LE') {
    bytes.writeInt32LE(record.slot, numbers);
    bytes.writeInt32LE(phase, numbers + 4);
  } else {
    bytes.writeInt32BE(record.slot, numbers);
    bytes.writeInt32BE(phase, numbers + 4);
  }
  return bytes;
}

/** The content of a state file: a job, nothing yet (it is being written), or something else. */
export type RecordReading =
  | { readonly record: JobRecord }
  | { readonly incomplete: true }
  | { readonly fault: 'wrong magic number' | 'wrong structure size' };

function readText(bytes: Buffer, offset: number): string {
  const text = bytes.subarray(offset, offset + textSize - 1);
  const end = text.indexOf(0);
  return text.toString('utf8', 0, end === -1 ? text.length : end);
}

/** Reads a record; unknown phases count as compiling (doc/distcc-behaviour.md, "Reading state files"). */
export function readJobRecord(bytes: Buffer, layout: RecordLayout = nativeLayout): RecordReading {
  const { word, order } = layout;
  if (bytes.length < recordSize(layout)) return { incomplete: true };
  const readNumber = (offset: number): number => {
    const at = word === 8 && order === 'BE' ? offset + 4 : offset;
    return order === 'LE' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  };
  const readSmall = (offset: number): number =>
    order === 'LE' ? bytes.readInt32LE(offset) : bytes.readInt32BE(offset);
  if (readNumber(word) !== magic) return { fault: 'wrong magic number' };
  if (readNumber(0) !== recordSize(layout)) return { fault: 'wrong structure size' };
  const numbers = 3 * word + 2 * textSize;
  return {
    record: {
      pid: readNumber(2 * word),
      file: readText(bytes, 3 * word),
      host: readText(bytes, 3 * word + textSize),
      slot: readSmall(numbers),
      phase: phaseNames[readSmall(numbers + 4)] ?? 'Compile',
    },
  };
}
