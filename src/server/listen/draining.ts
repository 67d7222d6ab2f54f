import type { Socket } from 'node:net';

/** How long a daemon that ends goes on with the connections it has, in ms, running compilers apart. */
export interface DrainLimits {
  /** A connection on which nothing has come yet. */
  readonly unheard: number;
  /** A request on its way, and a job that waits for a slot. */
  readonly waiting: number;
}

const usual: DrainLimits = { unheard: 3_000, waiting: 60_000 };

/**
 * The end of a daemon: it takes no more connections, and those that it has are served. Only what takes too long is
 * given up: a service manager waits for two minutes, and ends everything then.
 */
export class Draining {
  readonly #limits: DrainLimits;
  readonly #here = new Set<Socket>();
  #timers: NodeJS.Timeout[] = [];

  constructor(limits = usual) {
    this.#limits = limits;
  }

  arrive(socket: Socket): void {
    this.#here.add(socket);
  }

  leave(socket: Socket): void {
    this.#here.delete(socket);
  }

  get begun(): boolean {
    return this.#timers.length > 0;
  }

  /** Nobody comes any more; `giveUp` is called when jobs still wait after their time. */
  begin(giveUp: () => void): void {
    this.#timers = [
      setTimeout(() => this.#closeUnheard(), this.#limits.unheard),
      setTimeout(giveUp, this.#limits.waiting),
    ];
  }

  /** Everybody has left. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #closeUnheard(): void {
    for (const socket of this.#here) if (socket.bytesRead === 0) socket.destroy();
  }
}
