import { Worker } from 'node:worker_threads';
import { compressLzo } from '../../wire/lzo/compress.ts';

/**
 * Shorter texts, in bytes, are packed in this thread: that takes 2 ms at most, and handing them to another thread costs
 * time as well.
 */
const longText = 512 * 1024;
/** The most threads: a machine that compiles has no more cores to spare. */
const mostWorkers = 2;

/** A message to a worker: a text to pack. */
export interface PackingOrder {
  readonly number: number;
  readonly plain: Uint8Array;
}

/** A message from a worker: a packed text. */
export interface Packed {
  readonly number: number;
  readonly bytes: Uint8Array;
}

interface Order {
  readonly plain: Buffer;
  readonly resolve: (packed: Buffer) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly orders: Map<number, Order>;
}

/** Packs texts as LZO; long ones in worker threads, so that other jobs do not wait. */
export class Packer {
  readonly #program: string | undefined;
  readonly #threads = new Set<Thread>();
  #last = 0;
  #broken = false;

  /**
   * `program` is a file that calls `serveAsPacker()` when it is run as a worker thread; without one no thread is
   * started.
   */
  constructor(program: string | undefined) {
    this.#program = program;
  }

  /** Packs a text for protocol 2; its bytes must stay as they are until then. */
  pack(plain: Buffer): Promise<Buffer> {
    const thread = plain.length < longText ? undefined : this.#freest();
    if (thread === undefined) return Promise.resolve(compressLzo(plain));
    return new Promise((resolve) => {
      this.#last += 1;
      thread.orders.set(this.#last, { plain, resolve });
      // The thread takes a copy away: the text itself is needed again if the host fails.
      const copy = new Uint8Array(plain);
      const order: PackingOrder = { number: this.#last, plain: copy };
      thread.worker.postMessage(order, [copy.buffer]);
    });
  }

  #freest(): Thread | undefined {
    const [first, ...others] = this.#threads;
    let freest = first;
    for (const thread of others) if (thread.orders.size < (freest?.orders.size ?? 0)) freest = thread;
    return freest === undefined || (freest.orders.size > 0 && this.#threads.size < mostWorkers)
      ? (this.#start() ?? freest)
      : freest;
  }

  #start(): Thread | undefined {
    if (this.#program === undefined || this.#broken) return undefined;
    try {
      const worker = new Worker(this.#program);
      const thread: Thread = { worker, orders: new Map() };
      worker.on('message', ({ number, bytes }: Packed) => {
        thread.orders.get(number)?.resolve(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
        thread.orders.delete(number);
      });
      worker.on('error', () => this.#lose(thread));
      worker.on('exit', () => this.#lose(thread));
      worker.unref();
      this.#threads.add(thread);
      return thread;
    } catch {
      this.#broken = true;
      return undefined;
    }
  }

  /**
   * A thread has ended, probably for a reason that another would meet too, such as a limit: from now on this thread
   * packs everything.
   */
  #lose(thread: Thread): void {
    this.#broken = true;
    this.#threads.delete(thread);
    for (const { plain, resolve } of thread.orders.values()) resolve(compressLzo(plain));
    thread.orders.clear();
  }
}
