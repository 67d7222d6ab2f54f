import { isClang } from './compiler-family.ts';
import { baseName } from './source-name.ts';

/** The machine that plain compiler names compile for, by Node's names, such as `x64` and `linux`. */
export interface Machine {
  readonly architecture: string;
  readonly platform: string;
}

/** What an object's header must have; a missing property is not checked. */
export type Target =
  | {
      readonly format: 'ELF';
      readonly machines?: readonly number[];
      readonly bits?: 32 | 64;
      readonly bigEndian?: boolean;
      /** Values of EI_OSABI. */
      readonly osAbis?: readonly number[];
    }
  | { readonly format: 'COFF' | 'Mach-O'; readonly machines?: readonly number[] };

/** A processor's family: its numbers in ELF (the ELF specification's e_machine), COFF and Mach-O headers. */
interface Family {
  readonly elf: readonly number[];
  readonly bits?: 32 | 64;
  readonly bigEndian?: boolean;
  readonly coff?: number;
  readonly machO?: number;
}

const x86: Family = { elf: [3, 6], bits: 32, bigEndian: false, coff: 0x14c, machO: 7 };
const x64: Family = { elf: [62], bits: 64, bigEndian: false, coff: 0x8664, machO: 0x0100_0007 };
/** x86-64 code with 32-bit pointers. */
const x32: Family = { elf: [62], bits: 32, bigEndian: false };
const arm64: Family = { elf: [183], bits: 64, bigEndian: false, coff: 0xaa64, machO: 0x0100_000c };
const arm: Family = { elf: [40], bits: 32, bigEndian: false, coff: 0x1c4, machO: 12 };
const mips = [8, 10];
const power = [20, 21];
const sparc = [2, 18, 43];

/** Families by the first part of a triple; the first matching entry counts. */
const families: readonly (readonly [RegExp, Family])[] = [
  [/^(?:x86_64|amd64)$/, x64],
  [/^i[3-7]86$/, x86],
  [/^aarch64$|^arm64$/, arm64],
  [/^aarch64_be$/, { ...arm64, bigEndian: true }],
  [/^(?:arm|thumb)(?!64)(?:eb.*|.*[^a-z]eb)$/, { ...arm, bigEndian: true }],
  [/^(?:arm|thumb)(?!64)/, arm],
  [/^riscv32$/, { elf: [243], bits: 32, bigEndian: false }],
  [/^riscv64$/, { elf: [243], bits: 64, bigEndian: false }],
  [/^(?:powerpc|ppc)$/, { elf: power, bits: 32, bigEndian: true }],
  [/^(?:powerpc|ppc)64$/, { elf: power, bits: 64, bigEndian: true }],
  [/^(?:powerpc64|ppc64)(?:le|el)$/, { elf: power, bits: 64, bigEndian: false }],
  [/^s390x$/, { elf: [22], bits: 64, bigEndian: true }],
  // 64-bit MIPS also has a 32-bit ABI.
  [/^mips64.*el$/, { elf: mips, bigEndian: false }],
  [/^mips64/, { elf: mips, bigEndian: true }],
  [/^mips.*el$/, { elf: mips, bits: 32, bigEndian: false }],
  [/^mips/, { elf: mips, bits: 32, bigEndian: true }],
  [/^sparc(?:64|v9)$/, { elf: sparc, bits: 64, bigEndian: true }],
  [/^sparc$/, { elf: sparc, bits: 32, bigEndian: true }],
  [/^loongarch64$/, { elf: [258], bits: 64, bigEndian: false }],
  [/^m68k$/, { elf: [4], bits: 32, bigEndian: true }],
  [/^hppa$/, { elf: [15], bits: 32, bigEndian: true }],
  [/^alpha$/, { elf: [0x9026], bits: 64, bigEndian: false }],
  [/^sh4$/, { elf: [42], bits: 32 }],
  [/^avr$/, { elf: [83], bits: 32, bigEndian: false }],
];

/** Node's names of processors and their names in triples. Where more than the name decides, nothing is checked. */
const ownArchitectures: ReadonlyMap<string, string> = new Map([
  ['x64', 'x86_64'],
  ['ia32', 'i686'],
  ['arm64', 'aarch64'],
  ['arm', 'arm'],
  ['riscv64', 'riscv64'],
  ['s390x', 's390x'],
  ['loong64', 'loongarch64'],
]);

/**
 * Words that may change the target or the kind of output in ways that are not judged here: words for a part of the
 * compiler, other targets, specs.
 */
const otherProduct =
  /^(?:-Wa,|-Xassembler$|-Xclang|-Xarch|-cc1|-emit-(?!llvm$)|-fopenmp-targets|--?offload|-fsycl|-arch$|-?-specs)/;

/** Options for the width on x86; the last one counts. */
const widths: ReadonlyMap<string, Family> = new Map([
  ['-m64', x64],
  ['-m32', x86],
  ['-m16', x86],
  ['-mx32', x32],
]);

/** Options for the byte order; the last one counts. True is big-endian. */
const byteOrders: ReadonlyMap<string, boolean> = new Map([
  ...['-EB', '-meb', '-mb', '-mbig', '-mbig-endian'].map((word) => [word, true] as const),
  ...['-EL', '-mel', '-ml', '-mlittle', '-mlittle-endian'].map((word) => [word, false] as const),
]);

const plainNames = /^(?:cc|c\+\+|gcc|g\+\+|clang|clang\+\+)(?:-[0-9][0-9.]*)?$/;
const prefixedNames = /^(.+)-(?:cc|c\+\+|gcc|g\+\+|clang|clang\+\+)(?:-[0-9][0-9.]*)?$/;
/** Where this machine's own compilers are. A cross-compilation kit elsewhere may have a "gcc" too. */
const ownFolders = /^\/(?:usr\/(?:local\/)?)?bin\/[^/]+$/;

/**
 * Whether a compiler has the plain name of this machine's own. It is that compiler only when it is also in that
 * compiler's folder.
 */
export function namesOwnCompiler(compiler: string): boolean {
  return plainNames.test(baseName(compiler));
}

/** Whether a path is that of a machine's own compiler. */
export function isOwnCompiler(path: string): boolean {
  return ownFolders.test(path);
}

function last<T>(words: readonly string[], table: ReadonlyMap<string, T>): T | undefined {
  const word = words.findLast((candidate) => table.has(candidate));
  return word === undefined ? undefined : table.get(word);
}

/** The target that a clang command names. */
function namedTarget(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => word === '-target' || word === '--target' || word.startsWith('--target='));
  if (at === -1) return undefined;
  const word = words[at] ?? '';
  return word.startsWith('--target=') ? word.slice('--target='.length) : words[at + 1];
}

function ownTriple({ architecture, platform }: Machine): string | undefined {
  const processor = ownArchitectures.get(architecture);
  return processor === undefined ? undefined : `${processor}-${platform}`;
}

function tripleOf(words: readonly string[], machine: Machine, usual: string | undefined): string | undefined {
  const [compiler = ''] = words;
  const name = baseName(compiler);
  const named = isClang(name) ? namedTarget(words) : undefined;
  if (named !== undefined) return named;
  if (usual !== undefined) return usual;
  const plain = plainNames.test(name) && (!compiler.includes('/') || isOwnCompiler(compiler));
  return plain ? ownTriple(machine) : prefixedNames.exec(name)?.[1];
}

/** Object formats by the rest of a triple; the first matching entry counts. */
const systems: readonly (readonly [RegExp, Target['format'] | undefined])[] = [
  [/aix|zos|wasi|uefi|cuda|amdhsa/, undefined],
  [/(?:win32|windows|mingw|cygwin|msys).*-(?:elf|macho)$/, undefined],
  [/win32|windows|mingw|cygwin|msys/, 'COFF'],
  [/darwin|macos|apple/, 'Mach-O'],
  [/^$|linux|elf|eabi|none|bsd|android|gnu|musl|unknown$/, 'ELF'],
];

/** What an object says of its system: none, GNU's, which has some symbols more, or FreeBSD's. */
const osAbis = { none: 0, gnu: 3, freebsd: 9 };

function osAbisOf(system: string): { readonly osAbis?: readonly number[] } {
  if (system.includes('linux')) return { osAbis: [osAbis.none, osAbis.gnu] };
  return system.includes('freebsd') ? { osAbis: [osAbis.none, osAbis.freebsd] } : {};
}

function elfTarget(family: Family, words: readonly string[], system: string): Target {
  const { elf, bits, bigEndian } = family;
  const isX86 = family === x86 || family === x64;
  const abis = isX86 || family === arm64 ? osAbisOf(system) : {};
  const chosen = isX86 ? (last(words, widths) ?? (system.endsWith('x32') ? x32 : family)) : family;
  if (isX86) return { format: 'ELF', machines: chosen.elf, bits: chosen.bits ?? 64, bigEndian: false, ...abis };
  // With another width the processor may belong to another family.
  if (words.some((word) => /^-m(?:16|31|32|64|x32)$/.test(word))) return { format: 'ELF' };
  const order = last(words, byteOrders) ?? bigEndian;
  const widthIsOpen = /ilp32|n32/.test(system) || words.some((word) => /^-m(?:abi|arch)=/.test(word));
  return {
    format: 'ELF',
    machines: elf,
    ...(bits === undefined || widthIsOpen ? {} : { bits }),
    ...(order === undefined ? {} : { bigEndian: order }),
    ...abis,
  };
}

/**
 * The target of a command's objects, by its compiler's name and its words; undefined when not known. `usual` is what
 * the compiler itself says that it compiles for, when it was asked.
 */
export function targetOf(words: readonly string[], machine: Machine, usual?: string): Target | undefined {
  if (words.some((word) => otherProduct.test(word))) return undefined;
  const triple = tripleOf(words, machine, usual);
  if (triple === undefined) return undefined;
  const [processor = '', ...rest] = triple.split('-');
  const system = rest.join('-');
  const family = families.find(([pattern]) => pattern.test(processor))?.[1];
  const format = systems.find(([pattern]) => pattern.test(system))?.[1];
  if (family === undefined || format === undefined) return undefined;
  if (format === 'ELF') return elfTarget(family, words, system);
  // No system with this format has another byte order: with such an option clang writes some other format.
  if (last(words, byteOrders) !== undefined) return undefined;
  const width = last(words, widths);
  const resized = family === x86 || family === x64 ? (width ?? family) : width === undefined ? family : undefined;
  const number = format === 'COFF' ? resized?.coff : resized?.machO;
  return { format, ...(number === undefined ? {} : { machines: [number] }) };
}
