import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { Decoder } from '../wire/reading/decoder.ts';
import type { Grammar } from '../wire/reading/decoder.ts';
import { ProtocolError } from '../wire/reading/protocol-error.ts';
import { systemReason } from '../system/error-text.ts';
import { mostShown, NoAnswer } from './no-answer.ts';

/** An answer that is longer, in bytes, is not one to a compile of a few lines. */
const longestAnswer = 256 * 1024;

/** Both directions of a conversation; for a socket they are the same object. */
export interface Line {
  readonly from: Readable;
  readonly to: Writable;
}

/** How long something may take, in ms, and what it is, as the text after "timed out while". */
export interface Patience {
  readonly ms: number;
  readonly what: string;
}

/** The end of a talk: with a value, or without. */
interface Outcome<T> {
  done(this: void, value: T): void;
  fail(this: void, error: NoAnswer): void;
}

/**
 * Runs `talk` until it is done, the line fails or closes, or its time is over.
 * @throws NoAnswer
 */
function within<T>({ from, to }: Line, { ms, what }: Patience, talk: (outcome: Outcome<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new NoAnswer('late', `timed out while ${what}`)), ms);
    const failed = (cause: unknown): void =>
      fail(new NoAnswer('failed', `${what} failed: ${systemReason(cause)}`, { cause }));
    const closed = (): void => fail(new NoAnswer('closed', `closed while ${what}`));
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      from.off('error', failed).off('close', closed);
      to.off('error', failed);
      act();
    };
    const fail = (error: NoAnswer): void => settle(() => reject(error));
    from.on('error', failed).on('close', closed);
    to.on('error', failed);
    talk({ done: (value) => settle(() => resolve(value)), fail });
  });
}

/**
 * Connects to an address. The caller destroys the socket.
 * @throws NoAnswer
 */
export async function connectTo(address: string, port: number, ms: number): Promise<Socket> {
  const socket = createConnection({ host: address, port, noDelay: true });
  // Errors reach the code that waits. This keeps a later one from ending the process.
  socket.on('error', () => {});
  try {
    await within<void>({ from: socket, to: socket }, { ms, what: 'connecting' }, ({ done }) =>
      socket.once('connect', done),
    );
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** What went wrong with the bytes of an answer. */
function faultIn(came: Buffer, cause: unknown, what: string): NoAnswer {
  if (!(cause instanceof ProtocolError)) throw cause;
  if (cause.kind === 'truncated') return new NoAnswer('closed', `closed while ${what}`, { came, cause });
  return new NoAnswer('garbled', `${what} failed: ${cause.message}`, { came, cause });
}

/**
 * Sends a request and reads the answer, which ends where the peer closes its direction, as the protocol says.
 * @throws NoAnswer
 */
export function exchange<T>(
  line: Line,
  { request, answer }: { readonly request: readonly Buffer[]; readonly answer: Grammar<T> },
  patience: Patience,
): Promise<T> {
  const decoder = new Decoder(answer);
  let came: Buffer = Buffer.alloc(0);
  let length = 0;
  return within(line, patience, ({ done, fail }) => {
    const take = (act: () => void): void => {
      try {
        act();
      } catch (cause) {
        fail(faultIn(came, cause, patience.what));
      }
    };
    line.from.on('data', (chunk: Buffer) => {
      if (came.length < mostShown) came = Buffer.concat([came, chunk]).subarray(0, mostShown);
      length += chunk.length;
      if (length > longestAnswer)
        fail(
          new NoAnswer('garbled', `${patience.what} failed: the answer goes on after ${longestAnswer} bytes`, { came }),
        );
      else take(() => decoder.feed(chunk));
    });
    line.from.once('end', () =>
      take(() => {
        decoder.end();
        if (decoder.result !== undefined) done(decoder.result.value);
      }),
    );
    for (const piece of request) line.to.write(piece);
  });
}

/** Whether the peer closes the line though it has been asked nothing, within that many ms. */
export async function isClosedUnasked(line: Line, ms: number): Promise<boolean> {
  try {
    await within<void>(line, { ms, what: 'waiting' }, ({ done }) => line.from.once('end', done).resume());
    return true;
  } catch (error) {
    return !(error instanceof NoAnswer) || error.kind !== 'late';
  }
}
