import { createConnection } from 'node:net';
import { FrameReader, kinds } from '../wire/agent/frame.ts';
import { encodeAsk } from '../wire/agent/question.ts';
import type { Question } from '../wire/agent/question.ts';

/** How long an agent may take to answer, in ms. */
const patience = 5000;

/** Asks the agent at a socket and returns its report. Rejects when no agent answers. */
export function ask(path: string, question: Question): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    const reader = new FrameReader();
    socket.setTimeout(patience, () => socket.destroy(new Error('the agent does not answer')));
    socket.on('connect', () => socket.write(encodeAsk(question)));
    socket.on('data', (chunk) => {
      reader.feed(chunk);
      const frame = reader.next();
      if (frame?.kind !== kinds.REPORT) return;
      resolve(frame.content.toString());
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the agent closed the connection')));
  });
}
