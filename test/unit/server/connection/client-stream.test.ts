import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openStream, StreamPair } from '../../../../src/server/connection/client-stream.ts';
import type { ClientStream } from '../../../../src/server/connection/client-stream.ts';

/** Not by iteration, which would destroy the writable side too. */
const textOf = (stream: Readable): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
  });

const ended = (stream: ClientStream, words: string): Promise<void> =>
  new Promise((resolve) => {
    stream.end(words, () => resolve());
  });

describe('StreamPair', () => {
  it('reads one stream and writes the other, each to its own end', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const pair = new StreamPair(input, output);
    input.end('question');
    expect(await textOf(pair)).toBe('question');
    const answer = textOf(output);
    await ended(pair, 'answer');
    expect(await answer).toBe('answer');
  });

  it('reads no further than its reader does', async () => {
    const input = new PassThrough();
    const pair = new StreamPair(input, new PassThrough());
    for (let count = 0; count < 100; count += 1) input.write(Buffer.alloc(16 * 1024));
    await new Promise((next) => setTimeout(next, 20));
    expect(pair.readableLength).toBe(0);
    pair.read(0);
    await new Promise((next) => setTimeout(next, 20));
    expect(pair.readableLength).toBeLessThan(100 * 16 * 1024);
  });

  it('fails with whichever of the two fails, and ends both', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const pair = new StreamPair(input, output);
    const failed = new Promise((resolve) => {
      pair.once('error', resolve);
    });
    output.destroy(new Error('gone'));
    expect(await failed).toMatchObject({ message: 'gone' });
    expect(input.destroyed).toBe(true);
  });

  it('setTimeout() calls back after silence, once, and 0 cancels it', async () => {
    const pair = new StreamPair(new PassThrough(), new PassThrough());
    let calls = 0;
    pair.setTimeout(1, () => (calls += 1));
    pair.setTimeout(0);
    await new Promise((next) => setTimeout(next, 20));
    expect(calls).toBe(0);
    pair.setTimeout(1, () => (calls += 1));
    await new Promise((next) => setTimeout(next, 20));
    expect(calls).toBe(1);
    expect(pair.timeout).toBe(1);
  });

  it('setTimeout() keeps the callback, as a socket does, while the timeout is switched off', async () => {
    const pair = new StreamPair(new PassThrough(), new PassThrough());
    const silent = new Promise<void>((resolve) => {
      pair.setTimeout(60_000, resolve);
    });
    pair.setTimeout(0);
    pair.setTimeout(1);
    await silent;
  });
});

describe('openStream()', () => {
  it('reads and writes files too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'streams-'));
    writeFileSync(join(folder, 'in'), 'question');
    const output = openSync(join(folder, 'out'), 'w');
    const stream = openStream(openSync(join(folder, 'in'), 'r'), output);
    expect(await textOf(stream)).toBe('question');
    await ended(stream, 'answer');
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('answer');
    rmSync(folder, { recursive: true });
  });

  it('throws when a descriptor is closed', () => {
    const descriptor = openSync('/dev/null', 'r');
    closeSync(descriptor);
    expect(() => openStream(descriptor, descriptor)).toThrow('EBADF');
  });
});
