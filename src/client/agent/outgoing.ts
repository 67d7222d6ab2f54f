import type { Socket } from 'node:net';
import { writeNow } from '../../system/descriptors/socket-descriptor.ts';

/** What an agent says to one launcher. Messages of one turn go together: each write wakes the launcher. */
export class Outgoing {
  readonly #socket: Socket;
  #unsaid: Buffer[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  say(bytes: Buffer): void {
    this.#unsaid.push(bytes);
    if (this.#unsaid.length === 1) process.nextTick(() => this.#flush());
  }

  /** Closes the connection after what has been said. */
  end(): void {
    setImmediate(() => {
      if (this.#socket.writableLength === 0) this.#socket.destroy();
      else this.#socket.destroySoon();
    });
  }

  #flush(): void {
    const bytes = this.#unsaid.length === 1 ? this.#unsaid[0] : Buffer.concat(this.#unsaid);
    this.#unsaid = [];
    if (bytes === undefined || !this.#socket.writable) return;
    const sent = this.#socket.writableLength === 0 ? writeNow(this.#socket, bytes) : 0;
    if (sent < bytes.length) this.#socket.write(bytes.subarray(sent));
  }
}
