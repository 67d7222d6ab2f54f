import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Packer } from '../../../../src/client/transport/packer.ts';
import { decompressLzo } from '../../../../src/wire/lzo/decompress.ts';

const long = Buffer.from(Array.from({ length: 60_000 }, (_, at) => `int name_${at};\n`).join(''));
const short = long.subarray(0, 1000);

/** Packs texts at the same time and unpacks them again. */
async function thereAndBack(packer: Packer, texts: readonly Buffer[]): Promise<boolean[]> {
  const packed = await Promise.all(texts.map((text) => packer.pack(text)));
  return packed.map((bytes, at) => decompressLzo(bytes, long.length).equals(texts[at] ?? Buffer.alloc(0)));
}

describe('Packer', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'test-packer-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  function program(text: string): string {
    const path = join(folder, 'program.cjs');
    writeFileSync(path, text);
    return path;
  }

  it('packs without threads', async () => {
    expect(await thereAndBack(new Packer(undefined), [short, long])).toEqual([true, true]);
  });

  it.each([
    ['is not there', undefined],
    ['does not start', 'this is not a program'],
    ['ends at once', 'process.exit(3)'],
    ['ends in the middle of its work', "require('worker_threads').parentPort.on('message', () => process.exit(1))"],
    ['fails in the middle of its work', "require('worker_threads').parentPort.on('message', () => nothing())"],
  ])('packs what a thread was to pack when its program %s', async (_, text) => {
    const packer = new Packer(text === undefined ? join(folder, 'none.cjs') : program(text));
    expect(await thereAndBack(packer, [long, short, long, long])).toEqual([true, true, true, true]);
    expect(await thereAndBack(packer, [long])).toEqual([true]);
  });

  it('gives long texts to at most two threads, and short ones to none', async () => {
    const echo = "{ const { parentPort, threadId } = require('worker_threads');";
    const say = 'parentPort.postMessage({ number, bytes: Uint8Array.of(threadId) }));';
    const packer = new Packer(program(`${echo} parentPort.on('message', ({ number }) => ${say} }`));
    const answers = await Promise.all([long, long, long, long].map((text) => packer.pack(text)));
    expect(answers.every((bytes) => bytes.length === 1)).toBe(true);
    expect(new Set(answers.map(([thread]) => thread)).size).toBe(2);
    expect(await thereAndBack(packer, [short])).toEqual([true]);
  });
});
