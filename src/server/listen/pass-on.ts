import type { Socket } from 'node:net';
import type { ClientStream } from '../connection/client-stream.ts';

/** How long a beginning is waited for, in ms. */
const beginningMs = 1000;

/**
 * Moves bytes between a client and the daemon that serves it, until the daemon has ended its answer or either of them
 * has gone. The end of one direction is passed on by itself.
 */
export function passOn(client: ClientStream, daemon: Socket): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      client.destroy();
      daemon.destroy();
      resolve();
    };
    // The whole answer has left this process.
    client.once('finish', end);
    client.once('error', end).once('close', end);
    // An error after the end of the answer, such as for bytes that nobody reads, must not cut it off.
    daemon
      .on('error', () => {})
      .once('close', () => {
        if (!daemon.readableEnded) end();
      });
    daemon.pipe(client);
    client.pipe(daemon);
  });
}

/** The first bytes of a client, which stay to be read; fewer when no more come within a second. */
export function beginningOf(client: ClientStream, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let come = Buffer.alloc(0);
    const end = (): void => {
      clearTimeout(timer);
      client.pause().off('data', hear).off('end', end).off('error', end);
      if (come.length > 0) client.unshift(come);
      resolve(come.subarray(0, length));
    };
    const hear = (chunk: Buffer): void => {
      come = Buffer.concat([come, chunk]);
      if (come.length >= length) end();
    };
    const timer = setTimeout(end, beginningMs);
    client.on('data', hear).on('end', end).on('error', end).resume();
  });
}
