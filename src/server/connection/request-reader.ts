import { Decoder } from '../../wire/reading/decoder.ts';
import type { Grammar } from '../../wire/reading/decoder.ts';
import type { BudgetAccount } from '../limits/byte-budget.ts';
import { freeBytes } from '../limits/capacity.ts';
import type { ClientStream } from './client-stream.ts';
import type { PaceCheck } from '../limits/transfer-pace.ts';
import { clientGone, Overdue, Overload } from '../policy/refusal.ts';

/**
 * Memory is reserved in steps of this size, in bytes, as the request arrives: a client that announces much and sends
 * nothing takes nothing from others.
 */
const stepBytes = 1024 * 1024;
/** The most bytes that one read of a socket returns. */
const readBytes = 64 * 1024;

/**
 * How long reading may use the only thread before others have their turn, in ms: a full socket causes 32 reads in a
 * row.
 */
const turnMs = 5;

/** What receiving a request needs besides the socket. */
export interface Receiving {
  readonly account: BudgetAccount;
  /** The most bytes that one account can ever get. */
  readonly largest: number;
  readonly paceCheck: PaceCheck;
  readonly signal: AbortSignal;
  /** Called when the first bytes have arrived. */
  readonly heard: () => void;
  /** Bytes that have come already. */
  readonly early?: Buffer;
}

/** A message, and what came after it in the same piece. */
export interface Received<T> {
  readonly value: T;
  readonly rest: Buffer;
}

/**
 * Reads one message from a socket, and pauses the socket while all memory for requests is used.
 * @throws ProtocolError, ClientGone, Overdue when it comes too slowly, Overload when it is larger than all memory, or
 * the signal's reason
 */
export function receiveMessage<T>(
  socket: ClientStream,
  grammar: Grammar<T>,
  { account, largest, paceCheck, signal, heard, early }: Receiving,
): Promise<Received<T>> {
  return new Promise((resolve, reject) => {
    const decoder = new Decoder(grammar);
    let received = 0;
    let waits = false;
    let cancelWait = (): void => {};
    const watch = setInterval(() => {
      // The client's preprocessor runs, or this server has paused the socket: silence is then not the client's fault.
      if (decoder.unhurried || waits) paceCheck.restart();
      else if (paceCheck.isTooSlow()) fail(new Overdue('the request came too slowly'));
    }, paceCheck.periodMs);

    const leave = (): void => {
      clearInterval(watch);
      cancelWait();
      socket.off('data', onData).off('end', onEnd).off('close', onGone);
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown): void => {
      leave();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a signal's reason is always an error here
      reject(error);
    };
    /** Asks for memory before the next bytes of a long message arrive. */
    const reserve = (): void => {
      const allowed = freeBytes + account.lent;
      const lacking = received + decoder.wanted - allowed;
      if (received + decoder.wanted > freeBytes + largest) {
        const bytes = received + decoder.wanted;
        fail(
          new Overload(
            'no_memory',
            `the request has ${bytes} bytes, more than this server has memory for: raise --max-memory`,
          ),
        );
        return;
      }
      if (lacking <= 0 || received + readBytes <= allowed) return;
      const step = Math.min(lacking, stepBytes);
      if (account.tryTake(step)) return;
      const silence = socket.timeout ?? 0;
      socket.setTimeout(0);
      socket.pause();
      waits = true;
      // It may be granted before this comes back.
      cancelWait = account.wait(step, () => {
        waits = false;
        paceCheck.restart();
        socket.setTimeout(silence);
        socket.resume();
      });
    };
    let spent = 0;
    /** Gives other connections their turn after some work. */
    const rest = (): void => {
      if (spent < turnMs || waits) return;
      socket.pause();
      setImmediate(() => {
        spent = 0;
        if (!waits) socket.resume();
      });
    };
    const onData = (chunk: Buffer): void => {
      if (received === 0) heard();
      received += chunk.length;
      paceCheck.count(chunk.length);
      const began = performance.now();
      try {
        decoder.feed(chunk);
        spent += performance.now() - began;
      } catch (error) {
        fail(error);
        return;
      }
      if (decoder.result === undefined) {
        reserve();
        rest();
        return;
      }
      leave();
      resolve({ value: decoder.result.value, rest: decoder.takeRest() });
    };
    const onEnd = (): void => {
      try {
        decoder.end();
        fail(clientGone);
      } catch (error) {
        fail(error);
      }
    };
    const onGone = (): void => fail(clientGone);
    const onAbort = (): void => fail(signal.reason);

    if (signal.aborted) {
      onAbort();
      return;
    }
    socket.on('data', onData).on('end', onEnd).on('close', onGone).resume();
    signal.addEventListener('abort', onAbort, { once: true });
    if (early !== undefined && early.length > 0) onData(early);
    if (decoder.result !== undefined) return;
    // Its end may have come while nobody read: even a paused socket without data tells that, once.
    if (socket.readableEnded) onEnd();
    else if (socket.destroyed) onGone();
  });
}
