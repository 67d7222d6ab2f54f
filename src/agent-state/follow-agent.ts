import { createConnection } from 'node:net';
import { FrameReader, kinds } from '../wire/agent/frame.ts';
import { encodeAsk, longestReport } from '../wire/agent/question.ts';
import type { AgentEvent } from './events.ts';

/** How long an agent may take to send its first picture, in ms. */
const patience = 5000;

/** A connection to an agent that tells what changes. */
export interface Following {
  /**
   * Resolves when the agent has ended, or after close(). Rejects with an Error when no agent answers at the path, or
   * one of another version that cannot be followed.
   */
  readonly ended: Promise<void>;
  close(): void;
}

/** The events in a report. @throws Error when it is not a list: an agent of another version answers with its status */
function eventsIn(content: Buffer): readonly AgentEvent[] {
  const events: unknown = JSON.parse(content.toString());
  if (!Array.isArray(events)) throw new Error('the agent is of another version, which cannot be followed');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an agent of ours wrote it, in a folder that only we can enter
  return events as AgentEvent[];
}

/**
 * Follows the agent at a socket: `tell` gets a picture, then what changes. Each event is told before more is read, so a
 * slow `tell` holds no events here; the agent drops what is not read, and sends a new picture.
 */
export function followAgent(path: string, tell: (this: void, event: AgentEvent) => void): Following {
  const socket = createConnection({ path });
  const reader = new FrameReader(longestReport);
  let heard = false;
  let closed = false;
  const hear = (chunk: Buffer): void => {
    reader.feed(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      if (frame.kind !== kinds.REPORT) continue;
      socket.setTimeout(0);
      heard = true;
      for (const event of eventsIn(frame.content)) if (!closed) tell(event);
    }
  };
  const ended = new Promise<void>((resolve, reject) => {
    socket.setTimeout(patience, () => socket.destroy(new Error('the agent does not answer')));
    socket.on('connect', () => socket.write(encodeAsk('follow')));
    socket.on('data', (chunk) => {
      try {
        hear(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (heard || closed) resolve();
      else reject(new Error('the agent closed the connection'));
    });
  });
  // Whoever does not wait for the end is not interested in why it came.
  ended.catch(() => {});
  const close = (): void => {
    closed = true;
    socket.destroy();
  };
  return { ended, close };
}
