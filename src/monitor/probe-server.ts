import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import type { ProtocolVersion } from '../wire/protocol-version.ts';
import { Decoder } from '../wire/reading/decoder.ts';
import { readResponse } from '../wire/response.ts';
import { systemReason } from '../system/error-text.ts';
import { testCompile } from './test-compile.ts';

/** How a server is tried. */
export interface Trial {
  readonly port: number;
  /** How long a connection may take, in ms; with 0 no connection is made and every server counts as up. */
  readonly connectMs: number;
  /** How long a compile may take, in ms; with 0 nothing is compiled. */
  readonly compileMs: number;
  /** The compiler to try; empty to compile nothing. */
  readonly compiler: string;
  readonly version: ProtocolVersion;
}

/** The result of a trial, and how long it took in ms. */
export interface Finding {
  readonly up: boolean;
  readonly ms: number;
  /** Why the server counts as down. */
  readonly because?: string;
}

/** Runs `talk` until it is done, fails, or has taken `ms`. */
function within<T>(ms: number, socket: Socket, what: string, talk: (done: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`timed out while ${what}`)), ms);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    socket.once('error', (error) => settle(() => reject(new Error(`${what} failed: ${systemReason(error)}`))));
    socket.once('close', () => settle(() => reject(new Error(`closed while ${what}`))));
    talk((value) => settle(() => resolve(value)));
  });
}

function connected(socket: Socket, ms: number): Promise<void> {
  return within(ms, socket, 'connecting', (done: () => void) => socket.once('connect', done));
}

/** The compiler's wait status. The server must also close the connection after its answer, as the protocol says. */
function compiled(socket: Socket, { compiler, version, compileMs }: Trial): Promise<number> {
  const decoder = new Decoder(readResponse(version));
  return within(compileMs, socket, 'compiling', (done: (status: number) => void) => {
    const take = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    };
    socket.on('data', (chunk: Buffer) => take(() => decoder.feed(chunk)));
    socket.once('end', () =>
      take(() => {
        decoder.end();
        if (decoder.result !== undefined) done(decoder.result.value.status);
      }),
    );
    for (const piece of testCompile(compiler, version)) socket.write(piece);
  });
}

/** Connects to a server and, with a compiler, has it compile a line of C. */
export async function probeServer(address: string, trial: Trial, tell: (event: string) => void): Promise<Finding> {
  const begin = process.hrtime.bigint();
  const found = (up: boolean, because?: string): Finding => ({
    up,
    ms: Number((process.hrtime.bigint() - begin) / 1_000_000n),
    ...(because === undefined ? {} : { because }),
  });
  if (trial.connectMs === 0) return found(true);
  const socket = createConnection({ host: address, port: trial.port, noDelay: true });
  // Errors reach the code that waits. This keeps a later one from ending the process.
  socket.on('error', () => {});
  try {
    await connected(socket, trial.connectMs);
    if (trial.compiler === '' || trial.compileMs === 0) return found(true);
    tell('sending compile request');
    const status = await compiled(socket, trial);
    return status === 0 ? found(true) : found(false, `the compiler ended with wait status ${status}`);
  } catch (error) {
    return found(false, error instanceof Error ? error.message : String(error));
  } finally {
    socket.destroy();
  }
}
