/** The fields of an ELF header that matter here (the ELF specification, "ELF Header"). */
export interface ElfHeader {
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly bigEndian: boolean;
  /** e_ident[EI_OSABI]. */
  readonly osAbi: number;
  /** The table of sections: where it begins, 0 for none, bytes of an entry, entries, and which one has their names. */
  readonly sections: { readonly start: number; readonly size: number; readonly count: number; readonly names: number };
}

const elfMagic = 0x7f45_4c46;

/** As many bytes hold every header. */
export const elfHeaderLength = 64;

/** Whether something begins as an ELF file does. */
export const isElf = (bytes: Buffer): boolean => bytes.length >= 4 && bytes.readUInt32BE(0) === elfMagic;

/** Reads the header of an ELF file; undefined when it is incomplete, or of another file. */
export function readElfHeader(bytes: Buffer): ElfHeader | undefined {
  const bits = bytes[4] === 2 ? 64 : 32;
  const bigEndian = bytes[5] === 2;
  if (!isElf(bytes) || bytes.length < (bits === 64 ? elfHeaderLength : 52)) return undefined;
  const short = (at: number): number => (bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
  const long = (at: number): number => (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const wide = (at: number): number => Number(bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  const sections =
    bits === 64
      ? { start: wide(40), size: short(58), count: short(60), names: short(62) }
      : { start: long(32), size: short(46), count: short(48), names: short(50) };
  return { machine: short(18), bits, bigEndian, osAbi: bytes[7] ?? 0, sections };
}
