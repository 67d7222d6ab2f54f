import { isElf, readElfHeader } from './elf-header.ts';
import { isClang } from '../names/compiler-family.ts';
import { namesOwnCompiler, targetOf } from '../names/target.ts';
import type { Machine, Target } from '../names/target.ts';

/** What a command's output must be. */
export interface Expectation {
  /** Whether it is assembler text, which must only not be empty. */
  readonly text: boolean;
  /** Undefined when the compiler's target is not known. */
  readonly target: Target | undefined;
  /** Whether the compiler may leave LLVM's bitcode in an object's place. */
  readonly bitcode: boolean;
}

/** Why an output cannot come from the compiler. */
export interface Misfit {
  /** `broken`: the host as a whole is at fault; `foreign`: only its compiler of that name. */
  readonly kind: 'broken' | 'foreign';
  readonly sentence: string;
}

/**
 * What the output of a command must be; its compiler is the first word. `usual` is what that says that it compiles for.
 */
export function expectOutput(
  words: readonly string[],
  assemble: boolean,
  machine: Machine,
  usual?: string,
): Expectation {
  const [compiler = ''] = words;
  // "cc" may be clang.
  const bitcode = isClang(compiler) || /(?:^|[/-])(?:cc|c\+\+)$/.test(compiler);
  return { text: assemble, target: targetOf(words, machine, usual), bitcode };
}

const bitcodeMagics: ReadonlySet<number> = new Set([0x4243_c0de, 0xdec0_170b]);
/** Magic numbers of Mach-O: 32 and 64 bits, both byte orders, and files for several machines. */
const machOMagics: ReadonlySet<number> = new Set([0xfeed_face, 0xfeed_facf, 0xcefa_edfe, 0xcffa_edfe, 0xcafe_babe]);

const elfNames: ReadonlyMap<number, string> = new Map([
  [3, 'i386'],
  [8, 'MIPS'],
  [20, 'PowerPC'],
  [21, 'PowerPC64'],
  [22, 'S/390'],
  [40, 'ARM'],
  [43, 'SPARC64'],
  [62, 'x86-64'],
  [183, 'AArch64'],
  [243, 'RISC-V'],
  [258, 'LoongArch'],
]);

const nameOf = (machine: number | undefined): string =>
  machine === undefined ? 'another machine' : (elfNames.get(machine) ?? `machine ${machine}`);

const broken = (sentence: string): Misfit => ({ kind: 'broken', sentence });
const foreign = (sentence: string): Misfit => ({ kind: 'foreign', sentence });

function judgeElf(bytes: Buffer, target: Target | undefined, length: number): Misfit | undefined {
  const head = readElfHeader(bytes);
  if (head === undefined) return broken(`its object is cut short: it has ${length} bytes and no whole header`);
  const { start, size, count } = head.sections;
  if (start === 0) return broken('its object has no sections');
  // When there are very many sections, the first one holds their number.
  const end = start + size * Math.max(count, 1);
  if (end > length) {
    return broken(`its object is cut short: its sections go on to byte ${end}, and it has ${length}`);
  }
  if (target === undefined) return undefined;
  if (target.format !== 'ELF') return foreign(`its object is an ELF file, not a ${target.format} file`);
  const { machines, bits, bigEndian, osAbis } = target;
  if (machines?.includes(head.machine) === false) {
    return foreign(`its object is for ${nameOf(head.machine)}, not for ${nameOf(machines[0])}`);
  }
  if (bits !== undefined && bits !== head.bits) return foreign(`its object has ${head.bits} bits, not ${bits}`);
  if (bigEndian !== undefined && bigEndian !== head.bigEndian) {
    return foreign(`its object is ${head.bigEndian ? 'big' : 'little'}-endian, not the other way round`);
  }
  if (osAbis?.includes(head.osAbi) === false)
    return foreign(`its object is for another system: its OS ABI is ${head.osAbi}`);
  return undefined;
}

const coffHeader = 20;
const coffSymbol = 18;

/** Judges the header of a COFF object, as on Windows (the PE format's "COFF File Header"). */
function judgeCoff(bytes: Buffer, machines: readonly number[] | undefined, length: number): Misfit | undefined {
  if (bytes.length < coffHeader) return broken(`its object is cut short: it has ${length} bytes`);
  const machine = bytes.readUInt16LE(0);
  // An object with very many sections has a different header.
  if (machine === 0 && bytes.readUInt16LE(2) === 0xffff) return undefined;
  if (machines?.includes(machine) === false) {
    return foreign(
      `its object is for machine 0x${machine.toString(16)}, not a COFF file for 0x${machines[0]?.toString(16)}`,
    );
  }
  const end = bytes.readUInt32LE(8) + bytes.readUInt32LE(12) * coffSymbol;
  return end > length
    ? broken(`its object is cut short: its symbols go on to byte ${end}, and it has ${length}`)
    : undefined;
}

function judgeMachO(bytes: Buffer, machines: readonly number[] | undefined, length: number): Misfit | undefined {
  if (bytes.length < 32) return broken(`its object is cut short: it has ${length} bytes`);
  const magic = bytes.readUInt32LE(0);
  const plain = magic === 0xfeed_face || magic === 0xfeed_facf;
  if (!plain) return machOMagics.has(magic) ? undefined : foreign('its object is not a Mach-O file');
  const machine = bytes.readUInt32LE(4);
  if (machines?.includes(machine) === false) return foreign(`its object is for processor 0x${machine.toString(16)}`);
  const end = 28 + bytes.readUInt32LE(20);
  return end > length ? broken(`its object is cut short: it has ${length} bytes`) : undefined;
}

/**
 * Why an output that a host sent with status 0 cannot come from the compiler; undefined when it can. No compiler writes
 * an empty output, not even for an empty source. `bytes` is the beginning of the output, enough for its header;
 * `length` is the length of the whole.
 */
export function judgeOutput(
  bytes: Buffer,
  { text, target, bitcode }: Expectation,
  length = bytes.length,
): Misfit | undefined {
  if (length === 0) return broken(`its ${text ? 'assembler text' : 'object'} is empty`);
  if (text) return undefined;
  const magic = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  if (isElf(bytes)) return judgeElf(bytes, target, length);
  if (target === undefined || (bitcode && bitcodeMagics.has(magic))) return undefined;
  switch (target.format) {
    case 'ELF':
      return foreign('its object is not an ELF file');
    case 'COFF':
      return judgeCoff(bytes, target.machines, length);
    case 'Mach-O':
      return judgeMachO(bytes, target.machines, length);
  }
}

/**
 * Whether a foreign output may be right after all: a plain name such as "gcc" may belong to a cross-compilation kit,
 * depending on the folder it is found in, which the caller knows.
 */
export function dependsOnFolder(compiler: string): boolean {
  return namesOwnCompiler(compiler) && !compiler.includes('/');
}
