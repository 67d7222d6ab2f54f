import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dependsOnFolder, expectOutput, judgeOutput } from '../../../../src/compiler/content/object-format.ts';
import type { Expectation } from '../../../../src/compiler/content/object-format.ts';

const linux = { architecture: 'x64', platform: 'linux' };
const mac = { architecture: 'arm64', platform: 'darwin' };

interface Elf {
  readonly machine: number;
  readonly bits?: 32 | 64;
  readonly big?: boolean;
  readonly sections?: number;
}

/** An object with nothing in it but a header and a section table. */
function elf({ machine, bits = 64, big = false, sections = 3 }: Elf): Buffer {
  const [head, section] = bits === 64 ? [64, 64] : [52, 40];
  const bytes = Buffer.alloc(head + section * sections);
  bytes.write('\x7fELF', 'latin1');
  bytes[4] = bits === 64 ? 2 : 1;
  bytes[5] = big ? 2 : 1;
  const short = (value: number, at: number): void =>
    void (big ? bytes.writeUInt16BE(value, at) : bytes.writeUInt16LE(value, at));
  const long = (value: number, at: number): void =>
    void (big ? bytes.writeUInt32BE(value, at) : bytes.writeUInt32LE(value, at));
  short(machine, 18);
  if (bits === 32) long(head, 32);
  else long(head, big ? 44 : 40);
  short(section, bits === 64 ? 58 : 46);
  short(sections, bits === 64 ? 60 : 48);
  return bytes;
}

function coff(machine: number, symbols = 0): Buffer {
  const bytes = Buffer.alloc(20 + 18 * symbols);
  bytes.writeUInt16LE(machine, 0);
  bytes.writeUInt32LE(20, 8);
  bytes.writeUInt32LE(symbols, 12);
  return bytes;
}

function machO(machine: number, size = 4): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(0xfeed_facf, 0);
  bytes.writeUInt32LE(machine, 4);
  bytes.writeUInt32LE(size, 20);
  return bytes;
}

const x64 = elf({ machine: 62 });
const i386 = elf({ machine: 3, bits: 32 });
const x32 = elf({ machine: 62, bits: 32 });
const arm64 = elf({ machine: 183 });
const bitcode = Buffer.from('4243c0de35140000', 'hex');

const expected = (command: string, machine = linux): Expectation => {
  const words = command.split(' ');
  return expectOutput(words, words.includes('-S'), machine);
};
const kind = (bytes: Buffer, command: string, machine = linux): string =>
  judgeOutput(bytes, expected(command, machine))?.kind ?? 'fits';

describe('judgeOutput()', () => {
  it.each(['gcc -c a.c', 'gcc -S a.c', 'tcc -c a.c', 'clang --target=wasm32 -c a.c', 'avr-gcc -S a.c'])(
    'rejects an empty output of "%s"',
    (command) => expect(kind(Buffer.alloc(0), command)).toBe('broken'),
  );

  it('does not examine assembler text', () => {
    expect(kind(Buffer.from('\t.file "a.c"\n'), 'gcc -S a.c')).toBe('fits');
    expect(kind(arm64, 'gcc -S a.c')).toBe('fits');
  });

  it.each([x64, i386, elf({ machine: 22, big: true }), elf({ machine: 8, bits: 32, big: true })])(
    'sees that an object is cut short, wherever, whatever it is for',
    (object) => {
      expect(judgeOutput(object, { text: false, target: undefined, bitcode: false })).toBeUndefined();
      for (let length = 4; length < object.length; length += 1) {
        expect(kind(object.subarray(0, length), 'tcc -c a.c')).toBe('broken');
      }
    },
  );

  it('takes an object with more sections than its header can count', () => {
    expect(kind(Buffer.concat([elf({ machine: 62, sections: 0 }), Buffer.alloc(64 * 70_000)]), 'gcc -c a.c')).toBe(
      'fits',
    );
    expect(kind(elf({ machine: 62, sections: 0 }), 'gcc -c a.c')).toBe('broken');
  });

  it('judges COFF and Mach-O by their heads as well', () => {
    const windows = 'x86_64-w64-mingw32-gcc -c a.c';
    expect(kind(coff(0x8664, 2), windows)).toBe('fits');
    expect(kind(coff(0x8664, 2).subarray(0, 40), windows)).toBe('broken');
    expect(kind(coff(0x14c), windows)).toBe('foreign');
    expect(kind(coff(0x14c), `${windows} -m32`)).toBe('fits');
    expect(kind(x64, windows)).toBe('foreign');
    expect(kind(machO(0x0100_000c), 'clang -c a.c', mac)).toBe('fits');
    expect(kind(machO(0x0100_0007), 'clang -c a.c', mac)).toBe('foreign');
    expect(kind(machO(0x0100_000c, 500), 'clang -c a.c', mac)).toBe('broken');
    expect(kind(x64, 'clang -c a.c', mac)).toBe('foreign');
  });

  it.each<readonly [string, Buffer]>([
    ['gcc -c a.c', x64],
    ['g++-12 -c a.cc', x64],
    ['/usr/bin/cc -c a.c', x64],
    ['x86_64-linux-gnu-gcc -c a.c', x64],
    ['x86_64-pc-linux-gnu-g++-14.2 -c a.c', x64],
    ['gcc -m32 -c a.c', i386],
    ['gcc -m32 -m64 -c a.c', x64],
    ['gcc -mx32 -c a.c', x32],
    ['x86_64-linux-gnux32-gcc -c a.c', x32],
    ['i686-linux-gnu-gcc -c a.c', i386],
    ['i686-linux-gnu-gcc -m64 -c a.c', x64],
    ['clang --target=i686-linux-gnu -c a.c', i386],
    ['clang -c a.c -target x86_64-linux-gnu', x64],
  ])('lets "%s" have one kind of object of a PC', (command, right) => {
    for (const object of [x64, i386, x32, arm64]) {
      expect(kind(object, command)).toBe(object === right ? 'fits' : 'foreign');
    }
  });

  it.each<readonly [string, Elf]>([
    ['aarch64-linux-gnu-gcc -c a.c', { machine: 183 }],
    ['aarch64-linux-gnu-gcc -mbig-endian -c a.c', { machine: 183, big: true }],
    ['aarch64-linux-gnu-gcc -mabi=ilp32 -c a.c', { machine: 183, bits: 32 }],
    ['arm-linux-gnueabihf-g++ -c a.c', { machine: 40, bits: 32 }],
    ['arm-none-eabi-gcc -mbig-endian -mlittle-endian -c a.c', { machine: 40, bits: 32 }],
    ['clang --target=armebv7-linux-gnueabi -c a.c', { machine: 40, bits: 32, big: true }],
    ['riscv64-linux-gnu-gcc -c a.c', { machine: 243 }],
    ['riscv64-unknown-elf-gcc -march=rv32i -mabi=ilp32 -c a.c', { machine: 243, bits: 32 }],
    ['powerpc64le-linux-gnu-gcc -c a.c', { machine: 21 }],
    ['powerpc64-linux-gnu-gcc -c a.c', { machine: 21, big: true }],
    ['s390x-linux-gnu-gcc -c a.c', { machine: 22, big: true }],
    ['mipsel-linux-gnu-gcc -c a.c', { machine: 8, bits: 32 }],
    ['mipsel-linux-gnu-gcc -EB -c a.c', { machine: 8, bits: 32, big: true }],
  ])('lets "%s" have objects for its machine alone', (command, right) => {
    expect(kind(elf(right), command)).toBe('fits');
    expect(kind(elf({ ...right, big: right.big !== true }), command)).toBe('foreign');
    expect(kind(x64, command)).toBe('foreign');
    expect(kind(Buffer.from('<html><body>busy</body></html>'), command)).toBe('foreign');
  });

  it('takes bitcode from clang alone', () => {
    for (const command of ['clang -flto -c a.c', 'cc -flto -c a.c', 'x86_64-linux-gnu-clang++-19 -c a.c']) {
      expect(kind(bitcode, command)).toBe('fits');
    }
    expect(kind(bitcode, 'gcc -flto -c a.c')).toBe('foreign');
  });

  it.each([
    'tcc -c a.c',
    '/opt/kit/bin/gcc -c a.c',
    'kit/gcc -c a.c',
    'xyzzy-linux-gnu-gcc -c a.c',
    'clang --target=wasm32-unknown-wasi -c a.c',
    'clang --target=powerpc-ibm-aix -c a.c',
    'gcc -Wa,--32 -c a.c',
    'clang -Xclang -emit-llvm-bc -c a.c',
    'musl-gcc -c a.c',
  ])('does not know what "%s" is for', (command) => {
    for (const object of [x64, i386, arm64, coff(0x14c), bitcode, Buffer.from('x')]) {
      expect(kind(object, command)).toBe('fits');
    }
  });

  it('judges a plain name by no machine that Node does not name exactly', () => {
    expect(kind(arm64, 'gcc -c a.c', { architecture: 'ppc64', platform: 'linux' })).toBe('fits');
  });

  it('never throws, whatever a stranger sends', () => {
    const heads = fc.constantFrom(x64, i386, coff(0x8664, 2), machO(12), bitcode, Buffer.alloc(0));
    const commands = fc.constantFrom(
      'gcc -c a.c',
      'x86_64-w64-mingw32-gcc -c a.c',
      'clang --target=arm64-apple-darwin -c a.c',
    );
    fc.assert(
      fc.property(heads, fc.uint8Array({ maxLength: 100 }), fc.nat(80), commands, (head, noise, at, command) => {
        const bytes = Buffer.concat([head.subarray(0, at), noise]);
        judgeOutput(bytes, expected(command));
      }),
    );
  });
});

describe('dependsOnFolder()', () => {
  it('is true for a plain name, which may be any compiler', () => {
    expect(['gcc', 'c++', 'clang-19', '/usr/bin/gcc', 'aarch64-linux-gnu-gcc', 'tcc'].map(dependsOnFolder)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
