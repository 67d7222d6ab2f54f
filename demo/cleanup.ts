type Undo = () => void | Promise<void>;

/** Undoes in reverse order what was begun, however the program ends. */
export class Cleanup {
  readonly #undos: Undo[] = [];
  #running: Promise<void> | undefined;
  #interrupted = false;

  /** Whether a failure is only expected, because everything is being ended. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  add(undo: Undo): void {
    this.#undos.push(undo);
  }

  /** Ends the program with the customary status when it is interrupted, after everything was undone. */
  watchSignals(): void {
    for (const [signal, status] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const, ['SIGHUP', 129] as const]) {
      process.on(signal, () => {
        this.#interrupted = true;
        void this.run().then(() => process.exit(status));
      });
    }
  }

  /** Safe to call twice: an interrupt may meet the orderly end. */
  run(): Promise<void> {
    this.#running ??= this.#undoAll();
    return this.#running;
  }

  async #undoAll(): Promise<void> {
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`cannot clean up: ${String(error)}\n`);
      }
    }
  }
}
