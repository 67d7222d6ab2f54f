import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFingerprint, fingerprintSource, fingerprintWords } from '../../../../src/compiler/content/fingerprint.ts';
import { versionsInObject } from '../../../../src/compiler/content/object-comment.ts';
import { isInstalled } from '../../../support/needs.ts';

interface Kind {
  readonly wide: boolean;
  readonly big: boolean;
}

/** An object with sections "", ".comment" and ".shstrtab", in either width and byte order. */
function objectWithComment(comment: string, { wide, big }: Kind): Buffer {
  const names = Buffer.from('\0.comment\0.shstrtab\0', 'latin1');
  const text = Buffer.from(comment, 'latin1');
  const [headLength, size] = wide ? [64, 64] : [52, 40];
  const head = Buffer.alloc(headLength);
  const table = Buffer.alloc(3 * size);
  const short = (value: number, at: number): number =>
    big ? head.writeUInt16BE(value, at) : head.writeUInt16LE(value, at);
  const long = (into: Buffer, value: number, at: number): number =>
    big ? into.writeUInt32BE(value, at) : into.writeUInt32LE(value, at);
  const address = (into: Buffer, value: number, at: number): void => {
    // The other half of a wide address is 0.
    long(into, value, wide && big ? at + 4 : at);
  };
  head.write('\x7fELF', 'latin1');
  head[4] = wide ? 2 : 1;
  head[5] = big ? 2 : 1;
  const textAt = headLength + table.length;
  address(head, headLength, wide ? 40 : 32);
  for (const [at, value] of [size, 3, 2].entries()) short(value, (wide ? 58 : 46) + 2 * at);
  for (const [index, name, from, length] of [
    [1, 1, textAt, text.length],
    [2, 10, textAt + text.length, names.length],
  ] as const) {
    long(table, name, index * size);
    address(table, from, index * size + (wide ? 24 : 16));
    address(table, length, index * size + (wide ? 32 : 20));
  }
  return Buffer.concat([head, table, text, names]);
}

const kinds: readonly Kind[] = [
  { wide: true, big: false },
  { wide: true, big: true },
  { wide: false, big: false },
  { wide: false, big: true },
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-comment-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const versionsOf = (object: Buffer): Promise<string[]> =>
  versionsInObject((from, length) => Promise.resolve(object.subarray(from, from + length)), object.length);

function compile(command: readonly string[], source = fingerprintSource): Buffer {
  const [file, output] = [join(folder, 'a.c'), join(folder, 'a.o')];
  writeFileSync(file, source);
  const [program = '', ...words] = command;
  execFileSync(program, [...words, '-c', file, '-o', output]);
  return readFileSync(output);
}

/** Compilers of this machine and of others, with words that make objects of other forms. */
const commands = [
  ['gcc'],
  ['gcc', '-g', '-ffunction-sections'],
  ['gcc', '-flto'],
  ['gcc-11'],
  ['clang'],
  ['clang', '-g'],
  ['clang', '--target=i386-linux-gnu'],
  ['clang', '--target=mips-linux-gnu'],
  ['aarch64-linux-gnu-gcc'],
  ['s390x-linux-gnu-gcc'],
];

describe('versionsInObject()', () => {
  it.each(kinds)('finds the name of the compiler, %j', async (kind) => {
    const version = 'GCC: (Debian 12.2.0-14) 12.2.0';
    expect(await versionsOf(objectWithComment(`\0${version}\0`, kind))).toEqual([version]);
    expect(await versionsOf(objectWithComment('\0\0', kind))).toEqual([]);
  });

  for (const command of commands) {
    const [compiler = ''] = command;
    it.skipIf(!isInstalled(compiler))(`names what the compiler calls itself: ${command.join(' ')}`, async () => {
      const object = compile(command);
      const text = execFileSync(compiler, fingerprintWords(compiler, join(folder, 'a.c')));
      expect(await versionsOf(object)).toEqual([readFingerprint(text.toString())?.version]);
    });
  }

  it('names nothing for an object without a version, nor for what is not an object', async () => {
    expect(await versionsOf(compile(['gcc', '-fno-ident']))).toEqual([]);
    expect(await versionsOf(compile(['gcc', '-fno-ident'], '#ident "mine"\n'))).toEqual([]);
    expect(await versionsOf(Buffer.from('hello'))).toEqual([]);
    expect(await versionsOf(Buffer.alloc(200))).toEqual([]);
  });

  it("passes over texts of the source's own", async () => {
    const [version] = await versionsOf(compile(['gcc']));
    expect(await versionsOf(compile(['gcc'], '#ident "$Id: a.c 1.2 $"\nint x;\n'))).toEqual([version]);
  });

  it('asks only for bytes that are there, whatever the bytes are', async () => {
    const object = compile(['gcc']);
    const seed = Math.trunc(Math.random() * 2 ** 31);
    const change = fc.tuple(fc.nat(object.length - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 8 }), fc.nat(object.length), async (changes, length) => {
        const bytes = Buffer.from(object);
        for (const [at, value] of changes) bytes[at % 64 < 32 ? at : at % 64] = value;
        await versionsInObject((from, wanted) => {
          expect(from >= 0 && wanted > 0 && from + wanted <= length).toBe(true);
          return Promise.resolve(bytes.subarray(from, from + wanted));
        }, length);
      }),
      { seed, numRuns: 300 },
    );
  });
});
