import { numberAt, numbers } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

/** What may be asked of an agent, by its number less one. */
const questions = ['status', 'stop', 'follow'] as const;

/** The name of a question. */
export type Question = (typeof questions)[number];

/** The longest report that a follower reads, in bytes; an agent's longest, a picture, is a fraction of it. */
export const longestReport = 16 * 1024 * 1024;

/** ASK: the question. */
export function encodeAsk(question: Question): Buffer {
  return encodeFrame(kinds.ASK, numbers(questions.indexOf(question) + 1));
}

/** Reads ASK; undefined for a question of another version. @throws ProtocolError */
export function readAsk(content: Buffer): Question | undefined {
  return questions[numberAt(content, 0) - 1];
}

/**
 * REPORT: text in answer to a question. "follow" is answered with reports until one end closes the connection: each is
 * a JSON array of events (src/agent-state/events.ts).
 */
export function encodeReport(text: string): Buffer {
  return encodeFrame(kinds.REPORT, Buffer.from(text));
}
