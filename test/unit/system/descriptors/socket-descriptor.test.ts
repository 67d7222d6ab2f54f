import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readNow, writeNow } from '../../../../src/system/descriptors/socket-descriptor.ts';
import { connectPair } from '../../../support/socket-pair.ts';
import type { SocketPair } from '../../../support/socket-pair.ts';

describe('a connected socket', () => {
  let pair: SocketPair;
  let near: Socket;
  let far: Socket;

  beforeEach(async () => {
    pair = await connectPair({ pauseOnConnect: true });
    near = pair.caller;
    far = pair.called;
  });
  afterEach(() => pair.remove());

  it('hands bytes over at once, and gives what has arrived', async () => {
    expect(writeNow(near, Buffer.from('bytes'))).toBe(5);
    expect(String(readNow(far))).toBe('bytes');
    expect(readNow(far)).toHaveLength(0);
    writeNow(near, Buffer.from('more'));
    far.resume();
    const [chunk] = await once(far, 'data');
    expect(String(chunk)).toBe('more');
  });

  it('gives copies, not what the next one overwrites', () => {
    writeNow(near, Buffer.from('first'));
    const first = readNow(far);
    writeNow(near, Buffer.from('other'));
    expect(String(readNow(far))).toBe('other');
    expect(String(first)).toBe('first');
  });

  it('has nothing when the other end is gone, or it is closed', async () => {
    near.destroy();
    await once(near, 'close');
    expect(readNow(far)).toHaveLength(0);
    far.destroy();
    expect(readNow(far)).toHaveLength(0);
  });

  it('tells how many bytes there was room for, so that the queue takes the rest', async () => {
    const bytes = Buffer.alloc(8 * 1024 * 1024, 'x');
    let sent = 0;
    for (let more = writeNow(near, bytes); more > 0; more = writeNow(near, bytes.subarray(sent))) sent += more;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(bytes.length);
    near.end(bytes.subarray(sent));
    let came = 0;
    far.on('data', (chunk) => (came += chunk.length)).resume();
    await once(far, 'end');
    expect(came).toBe(bytes.length);
  });

  it('takes nothing when the other end is gone, or the socket is', async () => {
    far.destroy();
    await once(far, 'close');
    expect(writeNow(near, Buffer.from('bytes'))).toBe(0);
    near.destroy();
    expect(writeNow(near, Buffer.from('bytes'))).toBe(0);
  });
});
