import type { Socket } from 'node:net';

/** How long a daemon that ends still serves its connections, in ms; running compilers are not limited. */
export interface DrainLimits {
  /** A connection on which nothing has arrived yet. */
  readonly unheard: number;
  /** A request that is arriving, and a job that waits for a slot. */
  readonly waiting: number;
}

const usual: DrainLimits = { unheard: 3_000, waiting: 60_000 };

/**
 * The end of a daemon: it accepts no more connections, and serves those that it has. What takes too long is given up,
 * because a service manager kills everything after two minutes.
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

  /** Begins draining; `giveUp` is called when jobs still wait after their time. */
  begin(giveUp: () => void): void {
    this.#timers = [
      setTimeout(() => this.#closeUnheard(), this.#limits.unheard),
      setTimeout(giveUp, this.#limits.waiting),
    ];
  }

  /** All connections have ended. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #closeUnheard(): void {
    for (const socket of this.#here) if (socket.bytesRead === 0) socket.destroy();
  }
}
