import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { followAgent } from '../../../src/agent-state/follow-agent.ts';
import type { AgentEvent } from '../../../src/agent-state/events.ts';
import { encodeFrame, FrameReader, kinds } from '../../../src/wire/agent/frame.ts';
import { encodeReport, longestReport, readAsk } from '../../../src/wire/agent/question.ts';

let folder: string;
let path: string;
let server: Server | undefined;
const open = new Set<Socket>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'follow-'));
  path = join(folder, 'agent');
});

afterEach(async () => {
  for (const socket of open) socket.destroy();
  open.clear();
  await new Promise((resolve) => (server?.listening === true ? server.close(resolve) : resolve(undefined)));
  rmSync(folder, { recursive: true });
});

/** An agent that answers a question by itself. */
async function play(answer: (socket: Socket, question: string | undefined) => void): Promise<void> {
  server = createServer((socket) => {
    open.add(socket);
    const reader = new FrameReader();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      reader.feed(chunk);
      const frame = reader.next();
      if (frame?.kind === kinds.ASK) answer(socket, readAsk(frame.content));
    });
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
}

const failure = (job: number): AgentEvent => ({ kind: 'failure', at: 1, job, host: 'build1', why: 'it burns' });

test('followAgent() asks "follow" and tells every event in order, however the messages are cut', async () => {
  const asked: (string | undefined)[] = [];
  await play((socket, question) => {
    asked.push(question);
    const bytes = Buffer.concat([
      encodeReport(JSON.stringify([failure(1), failure(2)])),
      encodeReport('[]'),
      encodeReport(JSON.stringify([failure(3)])),
    ]);
    for (let at = 0; at < bytes.length; at += 7) socket.write(bytes.subarray(at, at + 7));
    socket.end();
  });
  const told: AgentEvent[] = [];
  await followAgent(path, (event) => told.push(event)).ended;
  expect(asked).toEqual(['follow']);
  expect(told).toEqual([failure(1), failure(2), failure(3)]);
});

test('followAgent() tells nothing after close(), and ends', async () => {
  await play((socket) => socket.write(encodeReport(JSON.stringify([failure(1), failure(2)]))));
  const told: AgentEvent[] = [];
  const following = followAgent(path, (event) => {
    told.push(event);
    following.close();
  });
  await following.ended;
  expect(told).toEqual([failure(1)]);
});

test.each([
  ['a status in place of events', encodeReport('{"pid":1}'), /another version/],
  ['no JSON', encodeReport('nonsense'), /JSON/],
  ['a report that is too long', encodeFrame(kinds.REPORT, Buffer.alloc(longestReport + 1)), /too large|message of/],
  ['nothing', Buffer.alloc(0), /closed the connection/],
])('followAgent() rejects when the agent sends %s', async (_, answer, sentence) => {
  await play((socket) => socket.end(answer));
  await expect(followAgent(path, () => {}).ended).rejects.toThrow(sentence);
});

test('followAgent() rejects when nobody listens', async () => {
  await expect(followAgent(path, () => {}).ended).rejects.toThrow('ENOENT');
});
