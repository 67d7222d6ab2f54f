import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFound } from '../../../src/wire/agent/file.ts';
import { encodeFrame, FrameReader, kinds } from '../../../src/wire/agent/frame.ts';
import { encodeJob } from '../../../src/wire/agent/job.ts';
import { objectWith } from '../../support/object-file.ts';
import { needs } from '../../support/needs.ts';
import { answer, startFakeServer } from '../client/fake-server.ts';
import type { FakeServer } from '../client/fake-server.ts';
import { Sandbox } from '../client/sandbox.ts';

const gcc = ['gcc', '-c', 'a.c', '-o', 'a.o'];
const inodeOf = (path: string): number => statSync(path).ino;

describe.skipIf(process.platform !== 'linux' || !needs('gcc', 'gcc'))(
  'distcc-agent with a launcher that says nonsense',
  () => {
    let box: Sandbox;
    let server: FakeServer;

    beforeEach(async () => {
      box = new Sandbox({ agent: true });
      box.write('a.c', 'int main(void) { return 0; }\n');
      server = await startFakeServer(answer({ object: objectWith('object') }));
      expect((await box.run(gcc, { DISTCC_HOSTS: server.host })).status).toBe(0);
    });
    afterEach(async () => {
      await server.end();
      box.remove();
    });

    function jobBytes(): Buffer {
      const root = statSync('/');
      const [mounts = 0, users = 0, network = 0] = ['mnt', 'user', 'net'].map((name) =>
        inodeOf(`/proc/self/ns/${name}`),
      );
      return encodeJob({
        pid: process.pid,
        umask: 0o22,
        terminals: [false, false, false],
        surroundings: [mounts, users, network, root.dev, root.ino],
        directory: box.work,
        words: ['distcc', ...gcc],
        variables: [`PATH=${process.env['PATH']}`, `DISTCC_DIR=${box.own}`, `DISTCC_HOSTS=${server.host}/20`],
        hosts: { path: '', text: '', error: 0 },
      });
    }

    /** Sends a job, and something else in place of how its preprocessor ended. */
    async function say(nonsense: Buffer, until: number): Promise<void> {
      const folder = join(box.own, 'agent');
      const name = readdirSync(folder).find((each) => statSync(join(folder, each)).isSocket());
      const socket = createConnection(join(folder, name ?? ''));
      socket.on('error', () => {});
      const reader = new FrameReader();
      socket.write(jobBytes());
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        reader.feed(chunk);
        const heard: number[] = [];
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          heard.push(frame.kind);
          // The compilers of PATH are known from the job before; otherwise PATH has none.
          if (frame.kind === kinds.LOOK) socket.write(encodeFound([]));
        }
        if (heard.includes(until)) break;
      }
      socket.end(nonsense);
      if (!socket.closed) await once(socket, 'close');
    }

    it.each<readonly [string, Buffer]>([
      ['ENDED that is too short', encodeFrame(kinds.ENDED, Buffer.alloc(4))],
      ['ENDED that is cut', encodeFrame(kinds.ENDED, Buffer.alloc(48)).subarray(0, 30)],
      ['nothing', Buffer.alloc(0)],
      [
        'answers that nobody asked for',
        Buffer.concat([kinds.TEXT, kinds.FOUND, kinds.CONTENT, 99].map((kind) => encodeFrame(kind))),
      ],
      ['a length of 4 GB', Buffer.from([kinds.ENDED, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])],
    ])('keeps its slots for the next job after %s', async (_what, nonsense) => {
      // There are eight slots for preprocessors.
      for (let time = 0; time < 10; time += 1) await say(nonsense, kinds.PREPROCESS);
      const { status, stderr } = await box.run(gcc, { DISTCC_HOSTS: server.host });
      expect([status, stderr]).toEqual([0, '']);
      const [agent] = JSON.parse((await box.run(['--agent-status', '--json'], {})).stdout) as [{ jobs: unknown[] }];
      expect(agent.jobs).toEqual([]);
    });
  },
);
