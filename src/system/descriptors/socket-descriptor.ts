import { readSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';

/** A connected socket's descriptor, undefined when it has none any more. */
export function descriptorOf(socket: Socket): number | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node has no public way to a socket's descriptor
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } };
  return handle?.fd === undefined || handle.fd < 0 ? undefined : handle.fd;
}

/**
 * Hands bytes to the operating system without the socket's queue, which costs three times as much; gives how many it
 * took. The rest, also when there is an error, is for the queue, which must be empty.
 */
export function writeNow(socket: Socket, bytes: Buffer): number {
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return 0;
  try {
    return writeSync(descriptor, bytes);
  } catch {
    return 0;
  }
}

const scratch = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * What has arrived at a connected socket from which nobody has read yet, at most 64 KiB; empty when there is nothing,
 * or no more.
 */
export function readNow(socket: Socket): Buffer {
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return Buffer.alloc(0);
  try {
    return Buffer.from(scratch.subarray(0, readSync(descriptor, scratch)));
  } catch {
    return Buffer.alloc(0);
  }
}
