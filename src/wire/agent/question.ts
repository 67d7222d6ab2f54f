import { numberAt, numbers } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

/** What may be asked of an agent. */
export const questions = { status: 1, stop: 2 } as const;

/** ASK: the question. */
export function encodeAsk(question: keyof typeof questions): Buffer {
  return encodeFrame(kinds.ASK, numbers(questions[question]));
}

/** Reads ASK; undefined for a question of another version. @throws ProtocolError */
export function readAsk(content: Buffer): keyof typeof questions | undefined {
  const asked = numberAt(content, 0);
  if (asked === questions.status) return 'status';
  return asked === questions.stop ? 'stop' : undefined;
}

/** REPORT: text in answer to a question. */
export function encodeReport(text: string): Buffer {
  return encodeFrame(kinds.REPORT, Buffer.from(text));
}
