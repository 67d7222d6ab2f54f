import { createReadStream, createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Readable, Writable } from 'node:stream';

/** The connection to a client, as far as a conversation uses it. A socket is one. */
export interface ClientStream extends Duplex {
  readonly timeout?: number | undefined;
  /**
   * Calls back once when no byte has moved in either direction for this many ms; 0 cancels that. A later call without a
   * callback waits again, with the callback of before.
   */
  setTimeout(milliseconds: number, callback?: () => void): this;
}

/** Two one-way streams as one connection; each direction ends by itself. */
export class StreamPair extends Duplex implements ClientStream {
  readonly #input: Readable;
  readonly #output: Writable;
  #timer: NodeJS.Timeout | undefined;
  timeout = 0;

  constructor(input: Readable, output: Writable) {
    super({ allowHalfOpen: true });
    this.#input = input;
    this.#output = output;
    input.on('data', (chunk: Buffer) => {
      this.#timer?.refresh();
      if (!this.push(chunk)) input.pause();
    });
    input.on('end', () => this.push(null)).on('error', (error) => this.destroy(error));
    input.pause();
    output.on('error', (error) => this.destroy(error));
  }

  override _read(): void {
    this.#input.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#output.write(chunk, encoding, (error) => {
      this.#timer?.refresh();
      done(error);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#output.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#input.destroy();
    this.#output.destroy();
    done(error);
  }

  setTimeout(milliseconds: number, callback?: () => void): this {
    clearTimeout(this.#timer);
    this.timeout = milliseconds;
    if (milliseconds === 0) return this;
    if (callback !== undefined) this.removeAllListeners('timeout').once('timeout', callback);
    this.#timer = setTimeout(() => this.emit('timeout'), milliseconds);
    return this;
  }
}

/** Whether a descriptor is a pipe or a socket, which Node can wait for. Anything else is read and written as a file. */
function isStream(descriptor: number): boolean {
  const status = fstatSync(descriptor);
  return status.isSocket() || status.isFIFO();
}

/** Two descriptors as one stream; a socket when both are the same. @throws when a descriptor is not an open stream */
export function openStream(input: number, output: number): ClientStream {
  if (input === output && isStream(input)) {
    return new Socket({ fd: input, readable: true, writable: true, allowHalfOpen: true });
  }
  return new StreamPair(
    isStream(input) ? new Socket({ fd: input, readable: true, writable: false }) : createReadStream('', { fd: input }),
    isStream(output)
      ? new Socket({ fd: output, readable: false, writable: true })
      : createWriteStream('', { fd: output }),
  );
}
