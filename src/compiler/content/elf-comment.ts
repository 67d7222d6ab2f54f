const elfMagic = 0x7f45_4c46;
/** The longest comment that is read, in bytes. */
const longestComment = 4096;

/** The numbers of an ELF file in its own byte order and width; each throws a RangeError outside of it. */
function readersOf(bytes: Buffer) {
  const wide = bytes[4] === 2;
  const big = bytes[5] === 2;
  const long = (at: number): number => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const longest = (at: number): number => Number(big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  return {
    wide,
    short: (at: number): number => (big ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at)),
    long,
    address: (at: number): number => (wide ? longest(at) : long(at)),
  };
}

/** The content of the section ".comment" (the ELF specification, "Sections"). @throws RangeError */
function commentOf(bytes: Buffer): Buffer | undefined {
  const { wide, short, long, address } = readersOf(bytes);
  const table = address(wide ? 40 : 32);
  const [size, count, namesAt] = wide ? [short(58), short(60), short(62)] : [short(46), short(48), short(50)];
  const section = (index: number): { readonly name: number; readonly from: number; readonly length: number } => {
    const at = table + index * size;
    return {
      name: long(at),
      from: address(at + (wide ? 24 : 16)),
      length: address(at + (wide ? 32 : 20)),
    };
  };
  const names = section(namesAt);
  for (let index = 1; index < count; index += 1) {
    const { name, from, length } = section(index);
    const at = names.from + name;
    if (bytes.toString('latin1', at, at + '.comment'.length + 1) !== '.comment\0') continue;
    return bytes.subarray(from, from + Math.min(length, longestComment));
  }
  return undefined;
}

/**
 * How the compiler of an ELF object names itself, such as `GCC: (Debian 12.2.0-14) 12.2.0`; undefined when the object
 * does not tell, or is something else.
 */
export function compilerIn(object: Buffer): string | undefined {
  if (object.length < 52 || object.readUInt32BE(0) !== elfMagic) return undefined;
  try {
    const texts = commentOf(object)?.toString('latin1').split('\0');
    return texts?.map((text) => text.trim()).find((text) => text !== '');
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
