import { describe, expect, it } from 'vitest';
import { sampleMessages } from '../../../../proof/fuzz/agent-messages.ts';
import { encodeAnswer, encodeReached, readAnswer, readReached } from '../../../../src/wire/agent/carry.ts';
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

const { job, command, ended, answer, found } = sampleMessages;

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
    expect(readCommand(frameOf(encodeCommand('RUN', command)).content)).toEqual(command);
    expect(readEnded(frameOf(encodeEnded(ended)).content)).toEqual(ended);
    expect(readFailed(frameOf(encodeFailed(2)).content)).toBe(2);
    expect(readSaved(frameOf(encodeSaved(28, 3)).content)).toEqual({ errno: 28, number: 3 });
    expect(readAnswer(frameOf(encodeAnswer(answer)).content)).toEqual(answer);
    for (const mark of ['connected', 'sent', 'answered'] as const)
      expect(readReached(frameOf(encodeReached(mark)).content)).toBe(mark);
    for (const question of ['status', 'stop', 'follow'] as const)
      expect(readAsk(frameOf(encodeAsk(question)).content)).toBe(question);
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
