import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilerIn } from '../../../../src/compiler/content/elf-comment.ts';
import { needs } from '../../../support/needs.ts';
import { objectWith } from '../../../support/object-file.ts';

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

describe('compilerIn()', () => {
  it.each(kinds)('finds the name of the compiler, %j', (kind) => {
    expect(compilerIn(objectWithComment('\0GCC: (Debian 12.2.0-14) 12.2.0\0', kind))).toBe(
      'GCC: (Debian 12.2.0-14) 12.2.0',
    );
    expect(compilerIn(objectWithComment('\0\0', kind))).toBeUndefined();
  });

  it.skipIf(!needs('gcc', 'gcc'))('finds that of gcc', () => {
    const folder = mkdtempSync(join(tmpdir(), 'test-comment-'));
    writeFileSync(join(folder, 'a.c'), 'int a;\n');
    execFileSync('gcc', ['-c', 'a.c', '-o', 'a.o'], { cwd: folder });
    const object = readFileSync(join(folder, 'a.o'));
    rmSync(folder, { recursive: true });
    expect(compilerIn(object)).toMatch(/^GCC: /);
  });

  it('gives undefined for anything else', () => {
    expect(compilerIn(Buffer.alloc(0))).toBeUndefined();
    expect(compilerIn(objectWith('no comment'))).toBeUndefined();
  });

  it('survives every damage', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }),
        fc.nat(400),
        (kind, damages, length) => {
          const object = objectWithComment('GCC: 1\0', kind);
          for (const [at, byte] of damages) if (at < object.length) object[at] = byte;
          const found = compilerIn(object.subarray(0, length));
          expect(found === undefined || found.length <= 4096).toBe(true);
        },
      ),
    );
  });
});
