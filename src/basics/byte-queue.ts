/** Chunks shorter than this are copied together: a peer that sends single bytes must not cost an object for each. */
const smallChunk = 4096;
const blockSize = 64 * 1024;

/** Bytes that arrived in pieces of any size, taken out again in exact amounts. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;
  /** The block that small chunks are gathered in, and how much of it is used; it is the last of the chunks. */
  #block: Buffer | undefined;
  #blockUsed = 0;

  /** The number of bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  /** Adds a chunk. A large one is not copied, so the caller must not write to it afterwards. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#length += chunk.length;
    if (chunk.length < smallChunk) this.#append(chunk);
    else {
      this.#block = undefined;
      this.#chunks.push(chunk);
    }
  }

  #append(chunk: Buffer): void {
    const last = this.#chunks.at(-1);
    if (this.#block === undefined || last === undefined || this.#blockUsed + chunk.length > blockSize) {
      // The first small chunk is kept as it is: most messages are one chunk and never need a block.
      this.#block = last === undefined ? undefined : Buffer.allocUnsafeSlow(blockSize);
      this.#blockUsed = 0;
      if (this.#block === undefined) {
        this.#chunks.push(chunk);
        return;
      }
      this.#chunks.push(this.#block.subarray(0, 0));
    }
    const tail = this.#chunks.at(-1) ?? this.#block.subarray(0, 0);
    chunk.copy(this.#block, this.#blockUsed);
    this.#blockUsed += chunk.length;
    this.#chunks[this.#chunks.length - 1] = this.#block.subarray(
      this.#blockUsed - chunk.length - tail.length,
      this.#blockUsed,
    );
  }

  /**
   * Takes exactly `count` bytes off the front, without a copy when one chunk holds them all. The caller checks `length`
   * first.
   */
  take(count: number): Buffer {
    if (count > this.#length) throw new RangeError(`took ${count} bytes of ${this.#length}`);
    this.#length -= count;
    const [first] = this.#chunks;
    if (first === undefined || count === 0) return Buffer.alloc(0);
    if (first.length === count) {
      this.#chunks.shift();
      return first;
    }
    if (first.length > count) {
      this.#chunks[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    return this.#gather(count);
  }

  /**
   * Takes from one to `most` bytes off the front, as many as it can without a copy. The caller checks `length` first.
   */
  takeSome(most: number): Buffer {
    return this.take(Math.min(most, this.#chunks[0]?.length ?? 0));
  }

  #gather(count: number): Buffer {
    const whole = Buffer.allocUnsafe(count);
    let filled = 0;
    let used = 0;
    for (const chunk of this.#chunks) {
      const wanted = Math.min(chunk.length, count - filled);
      chunk.copy(whole, filled, 0, wanted);
      filled += wanted;
      if (wanted < chunk.length) {
        this.#chunks[used] = chunk.subarray(wanted);
        break;
      }
      used += 1;
      if (filled === count) break;
    }
    this.#chunks.splice(0, used);
    return whole;
  }
}
