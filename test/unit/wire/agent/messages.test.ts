import { describe, expect, it } from 'vitest';
import { encodeAnswer, readAnswer } from '../../../../src/wire/agent/carry.ts';
import {
  encodeCommand,
  encodeEnded,
  encodeFailed,
  readCommand,
  readEnded,
  readFailed,
} from '../../../../src/wire/agent/command.ts';
import { encodeFound, encodeSaved, readFound, readSaved } from '../../../../src/wire/agent/file.ts';
import { FrameReader, longestMessage } from '../../../../src/wire/agent/frame.ts';
import type { Frame } from '../../../../src/wire/agent/frame.ts';
import { encodeJob, readJob } from '../../../../src/wire/agent/job.ts';
import type { JobMessage } from '../../../../src/wire/agent/job.ts';
import { encodeAsk, readAsk } from '../../../../src/wire/agent/question.ts';

/** The only message in these bytes, cut at a place. */
function frameOf(bytes: Buffer, cut = 0): Frame {
  const reader = new FrameReader();
  reader.feed(bytes.subarray(0, cut));
  if (cut > 0 && cut < bytes.length) expect(reader.next()).toBeUndefined();
  reader.feed(bytes.subarray(cut));
  const frame = reader.next();
  if (frame === undefined) throw new Error('no message');
  expect(reader.rest().length).toBe(0);
  return frame;
}

const job: JobMessage = {
  pid: 4711,
  umask: 0o22,
  terminals: [true, false, true],
  surroundings: [2 ** 32 - 1, 4026531837, 0, 2 ** 40 + 1, 2 ** 52],
  directory: '/home/m\u00e9',
  words: ['distcc', 'gcc', '', 'a\nb.c', '\u00ff\u0080'],
  variables: ['PATH=/bin', 'EMPTY=', 'NAME=\u00e9'],
  hosts: { path: '/home/m\u00e9/.distcc/hosts', text: 'one\0two # \u00e9\n', error: 0 },
};

describe('FrameReader', () => {
  it('reads a message however it was cut', () => {
    const bytes = encodeJob(job);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(readJob(frameOf(bytes, cut).content)).toEqual(job);
    }
  });

  it('refuses a message that is too long before it has arrived', () => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(longestMessage + 1, 4);
    const reader = new FrameReader();
    reader.feed(header);
    expect(() => reader.next()).toThrow('a message of 67108865 bytes');
  });
});

describe('messages', () => {
  it('come back as they were', () => {
    const command = { number: 7, argv: ['gcc', ''], changes: ['A=1', 'GONE'], source: 'a.c', output: '' };
    expect(readCommand(frameOf(encodeCommand('RUN', command)).content)).toEqual(command);
    const ended = {
      status: 256,
      descriptor: 11,
      size: 2 ** 40 + 1,
      inode: 2 ** 33 + 2,
      messages: 7,
      outputIsSource: true,
      noPlace: false,
      program: { device: 2 ** 34, inode: 3 },
    };
    expect(readEnded(frameOf(encodeEnded(ended)).content)).toEqual(ended);
    expect(readFailed(frameOf(encodeFailed(2)).content)).toBe(2);
    expect(readSaved(frameOf(encodeSaved(28, 3)).content)).toEqual({ errno: 28, number: 3 });
    const where = { descriptor: 12, address: 1, inode: 2 ** 33, size: 2 ** 34, beginning: Buffer.from('DONE') };
    const answer = { step: 'exchanging', error: 104, ...where } as const;
    expect(readAnswer(frameOf(encodeAnswer(answer)).content)).toEqual(answer);
    expect(readAsk(frameOf(encodeAsk('stop')).content)).toBe('stop');
    const found = [
      { name: 0, entry: 2, ours: true, device: 2 ** 33, inode: 5, real: '/usr/bin/distcc' },
      { name: 1, entry: 0, ours: false, device: 1, inode: 2 ** 35, real: '/opt/\u00e9' },
    ];
    expect(readFound(frameOf(encodeFound(found)).content)).toEqual(found);
  });

  it('share the list of variables with the job before when that has the same', () => {
    const [one, other] = [1, 2].map((pid) => readJob(frameOf(encodeJob({ ...job, pid })).content));
    expect(one?.variables).toBe(other?.variables);
    const third = readJob(frameOf(encodeJob({ ...job, variables: ['PATH=/usr'] })).content);
    expect(third.variables).toEqual(['PATH=/usr']);
  });

  it('are refused when they are cut anywhere', () => {
    const { content } = frameOf(encodeJob(job));
    for (let length = 0; length < content.length - job.hosts.text.length; length += 1)
      expect(() => readJob(content.subarray(0, length))).toThrow();
  });

  it('are refused when strings are missing', () => {
    const { content } = frameOf(encodeJob(job));
    expect(() => readJob(content.subarray(0, 90))).toThrow('names are not there');
    expect(() => readJob(content.subarray(0, 20))).toThrow('too short');
  });
});
