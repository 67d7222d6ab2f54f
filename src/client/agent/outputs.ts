import type { Socket } from 'node:net';

/** How long a preprocessor's output may stay open, in ms, when the preprocessor itself has ended. */
const patience = 2000;
/** How long a preprocessor may take to end when it is told to, in ms. */
const grace = 500;

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // Gone already.
  }
}

/** The output of one preprocessor, on its way. */
export class Output {
  /** All of it; resolves when the last holder has closed it. */
  readonly whole: Promise<Buffer>;
  readonly #chunks: Buffer[] = [];
  #source: { readonly socket: Socket; readonly pid: number } | undefined;
  #state: 'open' | 'closed' | 'abandoned' = 'open';
  #finish: (text: Buffer) => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.whole = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.whole.catch(() => {});
  }

  /** Its connection is there: `first` came with its message. */
  connect(socket: Socket, pid: number, first: Buffer): void {
    this.#source = { socket, pid };
    if (this.#state === 'abandoned') this.#end();
    if (first.length > 0) this.#chunks.push(first);
    socket.on('data', (chunk: Buffer) => void this.#chunks.push(chunk));
    socket.once('end', () => {
      socket.end();
      if (this.#state === 'open') this.#state = 'closed';
      this.#finish(this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks));
      this.#chunks.length = 0;
    });
    socket.once('close', () => this.#fail(new Error('its output was cut off')));
  }

  /** The preprocessor has ended well: what it wrote must be whole soon, for half a text would compile to something else. */
  async afterEnd(): Promise<Buffer> {
    const timer = setTimeout(() => this.#fail(new Error('something that it started holds its output open')), patience);
    try {
      return await this.whole;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the preprocessor with everything it started, unless its output is closed. */
  abandon(): void {
    if (this.#state !== 'open') return;
    this.#state = 'abandoned';
    this.#end();
  }

  #end(): void {
    if (this.#source === undefined) return;
    const { pid, socket } = this.#source;
    signalGroup(pid, 'SIGTERM');
    // As long as its output is open some member of the group lives, so the number is still that group's.
    const timer = setTimeout(() => {
      if (!socket.destroyed) signalGroup(pid, 'SIGKILL');
      socket.destroy();
    }, grace);
    socket.once('close', () => clearTimeout(timer));
  }
}

/** The outputs that are awaited, by the numbers that the launchers were given. */
export class Outputs {
  readonly #awaited = new Map<number, Output>();
  #last = 0;

  /** A new output, and the number by which it will be announced. */
  expect(): { readonly number: number; readonly output: Output } {
    this.#last = (this.#last + 1) >>> 0;
    const output = new Output();
    this.#awaited.set(this.#last, output);
    return { number: this.#last, output };
  }

  /** Whose output a connection brings; undefined for a number that nobody waits for. */
  claim(number: number): Output | undefined {
    const output = this.#awaited.get(number);
    this.#awaited.delete(number);
    return output;
  }
}
