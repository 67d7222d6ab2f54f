import { Worker } from 'node:worker_threads';
import { compressLzo } from '../../wire/lzo/compress.ts';

/**
 * A shorter text, in bytes, is packed at once: it keeps nobody waiting for more than about 2 ms, and handing it over
 * costs as well.
 */
const longText = 512 * 1024;
/** A machine that compiles has no cores to spare for more. */
const mostWorkers = 2;

/** A text to pack, as a worker gets it. */
export interface PackingOrder {
  readonly number: number;
  readonly plain: Uint8Array;
}

/** A packed text, as a worker gives it. */
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

/** Packs texts as LZO, long ones in threads of their own, so that nobody else waits for them. */
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
      // A copy that is handed over: the text itself is needed again when the host fails.
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
   * A thread that ends has a reason that another one would share, such as a limit: from now on everything is packed
   * here.
   */
  #lose(thread: Thread): void {
    this.#broken = true;
    this.#threads.delete(thread);
    for (const { plain, resolve } of thread.orders.values()) resolve(compressLzo(plain));
    thread.orders.clear();
  }
}
