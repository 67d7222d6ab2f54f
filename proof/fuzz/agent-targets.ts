import { encodeAnswer, readAnswer } from '../../src/wire/agent/carry.ts';
import {
  encodeCommand,
  encodeEnded,
  encodeFailed,
  readCommand,
  readEnded,
  readFailed,
} from '../../src/wire/agent/command.ts';
import { encodeFound, encodeSaved, readContent, readFound, readSaved } from '../../src/wire/agent/file.ts';
import { encodeFrame, FrameReader, kinds } from '../../src/wire/agent/frame.ts';
import { encodeJob, readJob } from '../../src/wire/agent/job.ts';
import { encodeAsk, readAsk } from '../../src/wire/agent/question.ts';
import { sampleMessages } from './agent-messages.ts';
import { expectThat, signOf } from './target.ts';
import type { Target } from './target.ts';

const { job, command, ended, answer, found } = sampleMessages;
const messages: readonly [Buffer, ...Buffer[]] = [
  encodeJob(job),
  encodeCommand('RUN', command),
  encodeEnded(ended),
  encodeFailed(2),
  encodeSaved(28, 3),
  encodeAnswer(answer),
  encodeAsk('stop'),
  encodeFound(found),
  encodeFrame(kinds.CONTENT, Buffer.alloc(4), Buffer.from('text')),
];

/** Readers by the kind of message. */
const readers: ReadonlyMap<number, (content: Buffer) => unknown> = new Map<number, (content: Buffer) => unknown>([
  [kinds.JOB, readJob],
  [kinds.ENDED, readEnded],
  [kinds.FAILED, readFailed],
  [kinds.SAVED, readSaved],
  [kinds.ANSWER, readAnswer],
  [kinds.ASK, readAsk],
  [kinds.FOUND, readFound],
  [kinds.CONTENT, readContent],
  [kinds.RUN, readCommand],
]);

/** What launchers say to the agent, in one stream; each content is also read as every other kind of message. */
const agent: Target = {
  name: 'agent',
  seeds: messages,
  dictionary: ['\0', '\0\0\0\0', '\u0001\0\0\0', '\u00ff\u00ff\u00ff\u00ff', 'gcc', '/home/me', 'A=1'],
  read(input) {
    const reader = new FrameReader();
    const cut = input.length >> 1;
    reader.feed(input.subarray(0, cut));
    reader.feed(input.subarray(cut));
    const signs: string[] = [];
    const end = signOf(() => {
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        const { kind, content } = frame;
        expectThat(content.length <= input.length, 'a message is no longer than what came');
        for (const [own, read] of readers) {
          const sign = signOf(() => {
            const value = read(content);
            return value === undefined ? 'nothing' : 'read';
          });
          if (own === kind) signs.push(`${kind} ${sign}`);
        }
      }
      return 'wants more';
    });
    return [...signs.slice(0, 4), end].join('; ');
  },
};

export const agentTargets: readonly Target[] = [agent];
