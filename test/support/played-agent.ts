import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';
import type { AgentEvent, Picture } from '../../src/agent-state/events.ts';
import { FrameReader, kinds } from '../../src/wire/agent/frame.ts';
import { encodeReport, readAsk } from '../../src/wire/agent/question.ts';

const gigabyte = 1e9;

/** A picture of an agent that has just started, with what is given in place of that. */
export function pictureOf(more: Partial<Picture> = {}): Picture {
  return {
    kind: 'picture',
    at: Date.now(),
    agent: { pid: process.pid, version: '0', started: Date.now() },
    hosts: [],
    machine: { processors: 8, busy: 0.25, memoryBytes: 16 * gigabyte, availableBytes: 4 * gigabyte },
    jobs: [],
    here: { done: 0, failed: 0 },
    ended: [],
    ...more,
  };
}

/** An agent that tells its followers what a test wants. */
export class PlayedAgent {
  readonly #server: Server;
  readonly #followers = new Set<Socket>();
  readonly #first: readonly AgentEvent[];

  /** @param first what each follower is told first */
  constructor(path: string, ...first: readonly AgentEvent[]) {
    this.#first = first;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#server = createServer((socket) => this.#serve(socket)).listen(path);
  }

  get followers(): number {
    return this.#followers.size;
  }

  readonly tell = (...events: readonly AgentEvent[]): void => {
    for (const socket of this.#followers) socket.write(encodeReport(JSON.stringify(events)));
  };

  async end(): Promise<void> {
    for (const socket of this.#followers) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    const reader = new FrameReader();
    socket.on('error', () => {});
    socket.on('close', () => this.#followers.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      reader.feed(chunk);
      const frame = reader.next();
      if (frame?.kind !== kinds.ASK || readAsk(frame.content) !== 'follow') return;
      this.#followers.add(socket);
      socket.write(encodeReport(JSON.stringify(this.#first)));
    });
  }
}
