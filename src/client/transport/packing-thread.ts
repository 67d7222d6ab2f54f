import { parentPort } from 'node:worker_threads';
import { compressLzo } from '../../wire/lzo/compress.ts';
import type { Packed, PackingOrder } from './packer.ts';

/** Packs the texts that the agent posts to this worker thread. */
export function serveAsPacker(): void {
  parentPort?.on('message', ({ number, plain }: PackingOrder) => {
    const bytes = compressLzo(Buffer.from(plain.buffer, plain.byteOffset, plain.length));
    const packed: Packed = { number, bytes };
    // The packed text is not part of a buffer pool, so its memory can be transferred.
    parentPort?.postMessage(packed, bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : []);
  });
}
