import { parentPort } from 'node:worker_threads';
import { compressLzo } from '../../wire/lzo/compress.ts';
import type { Packed, PackingOrder } from './packer.ts';

/** Packs what the agent hands over, in a worker thread of its program. */
export function serveAsPacker(): void {
  parentPort?.on('message', ({ number, plain }: PackingOrder) => {
    const bytes = compressLzo(Buffer.from(plain.buffer, plain.byteOffset, plain.length));
    const packed: Packed = { number, bytes };
    // It has memory of its own, never a part of a pool, so it can be handed over.
    parentPort?.postMessage(packed, bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : []);
  });
}
