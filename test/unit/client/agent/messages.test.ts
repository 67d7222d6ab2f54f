import { describe, expect, it } from 'vitest';
import * as messages from '../../../../src/client/agent/messages.ts';

/** The only message in these bytes, cut at a place. */
function frameOf(bytes: Buffer, cut = 0): messages.Frame {
  const reader = new messages.FrameReader();
  reader.feed(bytes.subarray(0, cut));
  if (cut > 0 && cut < bytes.length) expect(reader.next()).toBeUndefined();
  reader.feed(bytes.subarray(cut));
  const frame = reader.next();
  if (frame === undefined) throw new Error('no message');
  expect(reader.rest().length).toBe(0);
  return frame;
}

const job = {
  pid: 4711,
  umask: 0o22,
  terminal: true,
  device: 2n ** 40n + 1n,
  inode: 2n ** 60n,
  directory: '/home/mé',
  words: ['distcc', 'gcc', '', 'a\nb.c'],
  variables: ['PATH=/bin', 'EMPTY='],
} as const;

describe('FrameReader', () => {
  it('reads a message however it was cut', () => {
    const bytes = messages.encodeJob(job);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(messages.readJob(frameOf(bytes, cut).content)).toEqual({ ...job, faithful: true });
    }
  });

  it('refuses a message that is too long before it has arrived', () => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(messages.longestMessage + 1, 4);
    const reader = new messages.FrameReader();
    reader.feed(header);
    expect(() => reader.next()).toThrow('a message of 67108865 bytes');
  });
});

describe('messages', () => {
  it('come back as they were', () => {
    const command = { number: 7, path: '/bin/gcc', argv: ['gcc', ''], changes: ['A=1', 'GONE'] };
    expect(messages.readCommand(frameOf(messages.encodeCommand('RUN', command)).content)).toEqual(command);
    const ended = { status: 256, descriptor: 11, size: 2 ** 40 + 1, inode: 2 ** 33 + 2 };
    expect(messages.readEnded(frameOf(messages.encodeEnded(ended)).content)).toEqual(ended);
    expect(messages.readFailed(frameOf(messages.encodeFailed(2)).content)).toBe(2);
    expect(messages.readExit(frameOf(messages.encodeExit(9)).content)).toBe(9);
    expect(messages.readAsk(frameOf(messages.encodeAsk('stop')).content)).toBe('stop');
    const written = messages.readWrite(frameOf(messages.encodeWrite(2, Buffer.from('text'))).content);
    expect(written).toEqual({ descriptor: 2, bytes: Buffer.from('text') });
  });

  it('tell words that are no UTF-8 from words that hold the replacement character', () => {
    const bytes = messages.encodeJob({ ...job, words: ['gcc', 'a\uFFFD.c'] });
    expect(messages.readJob(frameOf(bytes).content).faithful).toBe(true);
    const at = bytes.indexOf(Buffer.from('a\uFFFD'));
    bytes.fill(0xff, at + 1, at + 4);
    expect(messages.readJob(frameOf(bytes).content).faithful).toBe(false);
  });

  it('are refused when strings are missing', () => {
    const { content } = frameOf(messages.encodeJob(job));
    expect(() => messages.readJob(content.subarray(0, content.length - 1))).toThrow('strings');
    expect(() => messages.readJob(content.subarray(0, 20))).toThrow('too short');
  });
});
