import { elfHeaderLength, readElfHeader } from './elf-header.ts';
import type { ElfHeader } from './elf-header.ts';
import { cleanVersion, isVersion } from './fingerprint.ts';

/** Reads `length` bytes of an object from `from` on; both lie within it. */
export type ReadPart = (from: number, length: number) => Promise<Buffer>;

/** Tables of sections and of their names that are longer than this, in bytes, are not read. */
const longestTable = 4 * 1024 * 1024;
const longestComment = 16 * 1024;

/** Where something is in an object. */
interface Place {
  readonly at: number;
  readonly length: number;
}

/** Sections of an ELF object: their table, and how it is read. */
class SectionTable {
  readonly #bytes: Buffer;
  readonly #wide: boolean;
  readonly #bigEndian: boolean;
  readonly #size: number;

  constructor(bytes: Buffer, { bits, bigEndian, sections }: ElfHeader) {
    this.#bytes = bytes;
    this.#wide = bits === 64;
    this.#bigEndian = bigEndian;
    this.#size = sections.size;
  }

  #long(at: number): number {
    return this.#bigEndian ? this.#bytes.readUInt32BE(at) : this.#bytes.readUInt32LE(at);
  }

  #word(at: number): number {
    if (!this.#wide) return this.#long(at);
    return Number(this.#bigEndian ? this.#bytes.readBigUInt64BE(at) : this.#bytes.readBigUInt64LE(at));
  }

  /** The first section with a name; `isIt` gets where the name begins among the names. */
  find(isIt: (name: number) => boolean): number | undefined {
    const count = Math.floor(this.#bytes.length / this.#size);
    for (let section = 0; section < count; section += 1) if (isIt(this.#long(section * this.#size))) return section;
    return undefined;
  }

  place(section: number): Place {
    const begin = section * this.#size + (this.#wide ? 24 : 16);
    return { at: this.#word(begin), length: this.#word(begin + (this.#wide ? 8 : 4)) };
  }
}

const wanted = Buffer.from('.comment\0');

/** The table of an object's sections; undefined for one that is not ELF, or is written in a rare way. */
async function sectionsOf(
  read: ReadPart,
  length: number,
): Promise<{ readonly table: SectionTable; readonly names: number } | undefined> {
  if (length < elfHeaderLength) return undefined;
  const header = readElfHeader(await read(0, elfHeaderLength));
  if (header === undefined) return undefined;
  const { start, size, count, names } = header.sections;
  const bytes = size * count;
  const isUsual = start > 0 && size === (header.bits === 64 ? 64 : 40) && names < count;
  if (!isUsual || bytes > longestTable || start + bytes > length) return undefined;
  return { table: new SectionTable(await read(start, bytes), header), names };
}

/** The versions of compilers that the section .comment of an ELF object names; none when it has no such section. */
export async function versionsInObject(read: ReadPart, length: number): Promise<string[]> {
  const found = await sectionsOf(read, length);
  if (found === undefined) return [];
  const { table, names } = found;
  const within = async ({ at, length: size }: Place, most: number): Promise<Buffer | undefined> =>
    size === 0 || size > most || at + size > length ? undefined : read(at, size);
  const texts = await within(table.place(names), longestTable);
  if (texts === undefined) return [];
  const comment = table.find((name) => texts.subarray(name, name + wanted.length).equals(wanted));
  const said = comment === undefined ? undefined : await within(table.place(comment), longestComment);
  const versions = (said?.toString('latin1') ?? '').split('\0').map(cleanVersion);
  return versions.filter(isVersion);
}
