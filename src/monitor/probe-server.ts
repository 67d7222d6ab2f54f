import type { Socket } from 'node:net';
import type { ProtocolVersion } from '../wire/protocol-version.ts';
import { readResponse } from '../wire/response.ts';
import { connectTo, exchange } from '../probe/exchange.ts';
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

/** The compiler's wait status. The server must also close the connection after its answer, as the protocol says. */
async function compiled(socket: Socket, { compiler, version, compileMs }: Trial): Promise<number> {
  const messages = { request: testCompile(compiler, version), answer: readResponse(version) };
  const line = { from: socket, to: socket };
  return (await exchange(line, messages, { ms: compileMs, what: 'compiling' })).status;
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
  let socket: Socket | undefined;
  try {
    socket = await connectTo(address, trial.port, trial.connectMs);
    if (trial.compiler === '' || trial.compileMs === 0) return found(true);
    tell('sending compile request');
    const status = await compiled(socket, trial);
    return status === 0 ? found(true) : found(false, `the compiler ended with wait status ${status}`);
  } catch (error) {
    return found(false, error instanceof Error ? error.message : String(error));
  } finally {
    socket?.destroy();
  }
}
