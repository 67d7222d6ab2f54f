import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { readContents } from '../../../src/wire/inputs/contents.ts';
import type { ArrivedContent } from '../../../src/wire/inputs/contents.ts';
import { decodeNumbers } from '../../../src/wire/inputs/numbers.ts';
import { readSession, readTreeJob, treeVersion } from '../../../src/wire/inputs/tree-job.ts';
import type { ArrivedTreeJob } from '../../../src/wire/inputs/tree-job.ts';
import { encodeWelcome } from '../../../src/wire/inputs/tree-reply.ts';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import type { Grammar } from '../../../src/wire/reading/decoder.ts';
import { readToken } from '../../../src/wire/token.ts';

/** A connection on which a client has sent a job with its inputs. */
export interface Victim {
  readonly job: ArrivedTreeJob;
  /** The numbers that earlier jobs of all clients have used. */
  readonly usedBefore: ReadonlySet<number>;
  readonly send: (...pieces: readonly Buffer[]) => void;
  /** What the client sends to a question. */
  readonly contents: () => Promise<readonly ArrivedContent[]>;
  /** Waits until the client leaves. */
  readonly gone: () => Promise<void>;
}

/** What a bad host does with a job; the connection is closed afterwards. */
export type Trick = (victim: Victim) => Promise<void> | void;

/** A host that does ordinary jobs well, and plays a trick on each job with inputs. */
export interface BadHost {
  readonly host: string;
  /** How many tricks it has played. */
  readonly played: () => number;
  readonly end: () => Promise<void>;
}

/** Messages out of a connection's bytes. */
class Messages {
  readonly socket: Socket;
  #waiting: Buffer = Buffer.alloc(0);
  #wake = (): void => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#waiting = Buffer.concat([this.#waiting, chunk]);
      this.#wake();
    });
    for (const event of ['end', 'close', 'error']) socket.on(event, () => this.#wake());
  }

  #more(): Promise<void> {
    if (this.socket.readableEnded || this.socket.destroyed) throw new Error('the client has left');
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** The bytes that have come, at least as many as that, without taking them. */
  async peek(length: number): Promise<Buffer> {
    while (this.#waiting.length < length) await this.#more();
    return this.#waiting;
  }

  async read<T>(grammar: Grammar<T>): Promise<T> {
    const decoder = new Decoder(grammar);
    for (;;) {
      const bytes = this.#waiting;
      this.#waiting = Buffer.alloc(0);
      decoder.feed(bytes);
      if (decoder.result !== undefined) {
        this.#waiting = decoder.takeRest();
        return decoder.result.value;
      }
      await this.#more();
    }
  }

  async gone(): Promise<void> {
    while (!this.socket.readableEnded && !this.socket.destroyed)
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

/** Starts a host that hands ordinary jobs on to the daemon at a port, which offers to take inputs. */
export async function startBadHost(port: number, tricks: readonly Trick[]): Promise<BadHost> {
  const sockets = new Set<Socket>();
  const nonces = new Map<string, Buffer>();
  const used = new Set<number>();
  let played = 0;

  async function readJob(messages: Messages): Promise<ArrivedTreeJob> {
    await messages.read(readToken('TREE', treeVersion));
    const secret = (await messages.read(readSession())).toString('hex');
    const nonce = nonces.get(secret) ?? randomBytes(16);
    const welcome = encodeWelcome({ nonce, codecs: ['raw', 'deflate'], slots: 4, load: 0, compilers: {} });
    if (!nonces.has(secret)) messages.socket.write(welcome);
    nonces.set(secret, nonce);
    const job = await messages.read(readTreeJob());
    if (job.nonce.equals(nonce)) return job;
    messages.socket.write(welcome);
    return messages.read(readTreeJob());
  }

  async function serve(socket: Socket): Promise<void> {
    const messages = new Messages(socket);
    if ((await messages.peek(4)).toString('latin1', 0, 4) !== 'TREE') {
      const daemon = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      sockets.add(daemon);
      daemon.on('error', () => socket.destroy());
      daemon.on('close', () => sockets.delete(daemon));
      daemon.write(await messages.peek(0));
      socket.pipe(daemon).pipe(socket);
      return;
    }
    const job = await readJob(messages);
    const trick = tricks[played % tricks.length];
    played += 1;
    const usedBefore = new Set(used);
    for (const number of decodeNumbers(job.uses, 'uses')) used.add(number);
    await trick?.({
      job,
      usedBefore,
      send: (...pieces) => void socket.write(Buffer.concat(pieces)),
      contents: () => messages.read(readContents()),
      gone: () => messages.gone(),
    });
    socket.end();
  }

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    serve(socket).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: `127.0.0.1:${address.port}`,
    played: () => played,
    async end() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
