import { once } from 'node:events';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Packer } from '../../../src/client/transport/packer.ts';
import { compressLzo } from '../../../src/wire/lzo/compress.ts';

const program = resolve(import.meta.dirname, '../../../dist/bin/distcc-agent');

describe('Packer with the built agent', () => {
  it('packs in threads what it would pack itself, and leaves the text as it is', async () => {
    const text = Buffer.from(Array.from({ length: 100_000 }, (_, at) => `extern int name_${at};\n`).join(''));
    const copy = Buffer.from(text);
    const packer = new Packer(program);
    // Parts of one memory, as the pieces of a preprocessor's output may be.
    const parts = [text, text.subarray(7), text.subarray(100, 1_000_000), text];
    const packed = await Promise.all(parts.map((part) => packer.pack(part)));
    expect(packed.map((bytes, at) => bytes.equals(compressLzo(parts[at] ?? text)))).toEqual([true, true, true, true]);
    expect(text.equals(copy)).toBe(true);
  });

  it('has a program that packs when it is run as a thread', async () => {
    const worker = new Worker(program);
    const plain = Buffer.from('text '.repeat(1000));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage({ number: 7, plain: new Uint8Array(plain) });
    const [packed] = (await once(worker, 'message')) as [unknown];
    expect(packed).toEqual({ number: 7, bytes: new Uint8Array(compressLzo(plain)) });
    await worker.terminate();
  });
});
