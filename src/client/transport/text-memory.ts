/** How much unused memory is kept for later texts, in bytes. */
const mostKept = 8 * 1024 * 1024;
/** Memory is handed out in multiples of this many bytes, so that the buffer of one text fits the next. */
const grain = 256 * 1024;

/**
 * Buffers for preprocessed texts, which are used again: touching new memory costs more than everything else done with a
 * long text here, and unused buffers would pile up until the garbage is collected.
 */
export class TextMemory {
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;

  /** Hands out a buffer of that many bytes, not cleared. */
  take(size: number): Buffer {
    const at = this.#kept.findIndex(({ length }) => length >= size);
    if (at === -1) return Buffer.allocUnsafeSlow(Math.ceil(Math.max(size, 1) / grain) * grain);
    const [memory = Buffer.alloc(0)] = this.#kept.splice(at, 1);
    this.#keptBytes -= memory.length;
    return memory;
  }

  /** Takes a buffer back, which nobody may use afterwards. */
  giveBack(memory: Buffer): void {
    if (this.#keptBytes + memory.length > mostKept) return;
    this.#kept.push(memory);
    this.#keptBytes += memory.length;
    // Sorted, so that take() finds the smallest that fits.
    this.#kept.sort((one, other) => one.length - other.length);
  }
}
