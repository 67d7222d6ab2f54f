/** How much memory, in bytes, is kept for the next text when no job needs it. */
const mostKept = 8 * 1024 * 1024;
/** Memory is lent in multiples of this many bytes, so that what one text has used fits the next. */
const grain = 256 * 1024;

/**
 * Memory for preprocessed texts. It is used again and again: memory that is new to a process costs more than all else
 * that happens to a long text here, and what waits for the garbage collector is much.
 */
export class TextMemory {
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;

  /** Lends that many bytes, which hold anything. */
  take(size: number): Buffer {
    const at = this.#kept.findIndex(({ length }) => length >= size);
    if (at === -1) return Buffer.allocUnsafeSlow(Math.ceil(Math.max(size, 1) / grain) * grain);
    const [memory = Buffer.alloc(0)] = this.#kept.splice(at, 1);
    this.#keptBytes -= memory.length;
    return memory;
  }

  /** Takes back what was lent; nobody may look at it any more. */
  giveBack(memory: Buffer): void {
    if (this.#keptBytes + memory.length > mostKept) return;
    this.#kept.push(memory);
    this.#keptBytes += memory.length;
    // The smallest that fits is lent.
    this.#kept.sort((one, other) => one.length - other.length);
  }
}
