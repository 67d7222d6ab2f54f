import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { FrameReader, kinds } from '../../../src/wire/agent/frame.ts';
import type { Frame } from '../../../src/wire/agent/frame.ts';
import { readJob } from '../../../src/wire/agent/job.ts';
import type { JobMessage } from '../../../src/wire/agent/job.ts';
import { until } from '../../support/daemon.ts';
import { launcherSources } from '../../support/launcher.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';
import type { Running } from '../client/sandbox.ts';

/** What one connection has said so far. */
export interface Line {
  readonly socket: Socket;
  readonly frames: Frame[];
  open: boolean;
}

/** A launcher that has called, and what it was called for. */
export interface Called extends Running {
  readonly line: Line;
  readonly job: JobMessage;
}

/** The name of the socket on which a lonely launcher looks for its agent. */
export const lonelyVersion = 'played';

/**
 * Builds a launcher that waits for a second only, and has no agent of its own: when it has to do without, it
 * becomes the compiler. Where there is no Node its own agent is "distcc-agent" beside it, whatever program that is.
 */
export function buildLonelyLauncher(
  program: string,
  node: '/bin/false' | '/nonexistent' = '/bin/false',
  more: readonly string[] = [],
): void {
  const defined = [`-DAGENT_VERSION="${lonelyVersion}"`, `-DNODE="${node}"`, '-DQUIET_S=1', ...more];
  execFileSync('cc', ['-std=gnu11', ...defined, ...launcherSources, '-o', program]);
}

/** The socket on which the launcher that was built looks for its agent. */
function agentSocket(box: Sandbox): string {
  const version = /0\.1\.0-[0-9a-f]{8}/.exec(readFileSync(distccProgram, 'latin1'))?.[0] ?? '';
  mkdirSync(join(box.own, 'agent'), { mode: 0o700, recursive: true });
  return join(box.own, 'agent', version);
}

/** An agent that a test plays, in a sandbox of its own. */
export class PlayedAgent {
  readonly box = new Sandbox({ agent: true });
  /** The connections so far, the first one first. */
  lines: Line[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      const line: Line = { socket, frames: [], open: true };
      this.lines.push(line);
      const reader = new FrameReader();
      socket.on('error', () => {});
      socket.on('close', () => (line.open = false));
      socket.on('data', (chunk: Buffer) => {
        reader.feed(chunk);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) line.frames.push(frame);
      });
    });
  }

  /** Listens where the launcher that was built looks for its agent, or where another launcher does. */
  static async start(version?: string): Promise<PlayedAgent> {
    const played = new PlayedAgent();
    const usual = agentSocket(played.box);
    played.#server.listen(version === undefined ? usual : join(played.box.own, 'agent', version));
    await once(played.#server, 'listening');
    return played;
  }

  /**
   * Starts a launcher, by itself or by a program that becomes one, and waits until it has said what it was called for.
   */
  async call(words: readonly string[], more: NodeJS.ProcessEnv = {}, options = {}): Promise<Called> {
    const running = this.box.start(words, more, options);
    await until(() => this.lines[0]?.frames.length === 1, 'the launcher says what it was called for');
    const [line] = this.lines;
    if (line === undefined) throw new Error('no line');
    return { ...running, line, job: readJob(line.frames[0]?.content ?? Buffer.alloc(0)) };
  }

  async end(): Promise<void> {
    for (const { socket } of this.lines) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
    this.box.remove();
  }
}

/** The content of a launcher's message, which comes in this place of all of them: JOB is the first. */
export async function heard({ frames }: Line, at: number, kind: keyof typeof kinds): Promise<Buffer> {
  await until(() => frames.length > at, `message ${at} comes`);
  const frame = frames[at];
  if (frame?.kind !== kinds[kind]) throw new Error(`message ${at} is of kind ${frame?.kind}, not ${kind}`);
  return frame.content;
}
