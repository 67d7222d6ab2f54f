import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../../src/agent-state/events.ts';
import { AgentFollower } from '../../../src/agent-state/follow-agents.ts';
import { encodeReport } from '../../../src/wire/agent/question.ts';
import { until } from '../../support/daemon.ts';

const event: AgentEvent = { kind: 'failure', at: 1, job: 1, host: 'build1', why: 'it burns' };

describe('AgentFollower', () => {
  let folder: string;
  let heard: string[];
  let follower: AgentFollower;
  const servers = new Map<string, { readonly server: Server; readonly sockets: Socket[] }>();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'follow-'));
    heard = [];
    follower = new AgentFollower(folder, (path) => {
      const name = path.slice(folder.length + 1);
      return {
        hear: ({ kind }) => heard.push(`${name}: ${kind}`),
        gone: (error) => heard.push(`${name}: ${error === undefined ? 'gone' : 'not followed'}`),
      };
    });
  });
  afterEach(async () => {
    follower.close();
    for (const name of servers.keys()) await end(name);
    rmSync(folder, { recursive: true });
  });

  /** An agent that answers with these bytes; it keeps the connection open unless there are none. */
  async function play(name: string, answer = encodeReport(JSON.stringify([event]))): Promise<void> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.once('data', () => (answer.length === 0 ? socket.end() : socket.write(answer)));
    });
    servers.set(name, { server, sockets });
    await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
  }

  async function end(name: string): Promise<void> {
    const { server, sockets } = servers.get(name) ?? {};
    servers.delete(name);
    for (const socket of sockets ?? []) socket.destroy();
    await new Promise((resolve) => server?.close(resolve));
  }

  it('hears each agent, also one that starts later, and follows none twice', async () => {
    await play('1.0');
    follower.look();
    follower.look();
    await until(() => heard.length === 1, 'the first one is heard');
    await play('1.1');
    follower.look();
    await until(() => heard.length === 2, 'the second one is heard');
    expect([heard, follower.count]).toEqual([['1.0: failure', '1.1: failure'], 2]);
  });

  it('tells when one has ended, and hears the next one at the same path', async () => {
    await play('1.0');
    follower.look();
    await until(() => heard.length === 1, 'it is heard');
    await end('1.0');
    await until(() => heard.length === 2, 'its end is told');
    await play('1.0');
    follower.look();
    await until(() => heard.length === 3, 'the next one is heard');
    expect(heard).toEqual(['1.0: failure', '1.0: gone', '1.0: failure']);
  });

  it('leaves one alone for a while that cannot be followed', async () => {
    await play('0.9', Buffer.alloc(0));
    follower.look();
    await until(() => heard.length === 1, 'it has turned out');
    follower.look();
    expect([heard, follower.count, servers.get('0.9')?.sockets.length]).toEqual([['0.9: not followed'], 0, 1]);
  });

  it('says nothing about those that it leaves itself', async () => {
    await play('1.0');
    follower.look();
    await until(() => heard.length === 1, 'it is heard');
    follower.close();
    await until(() => servers.get('1.0')?.sockets[0]?.destroyed === true, 'the connection is closed');
    expect([heard, follower.count]).toEqual([['1.0: failure'], 0]);
  });
});
