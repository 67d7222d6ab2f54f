import { write } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../system/error-text.ts';
import { writeAll } from '../../system/descriptors/write-all.ts';
import { Frame } from './frame.ts';
import type { Room } from './layout.ts';

/**
 * The alternate screen, as watch and less use it: what was on the terminal before is there again after the end. Then no
 * cursor, and no wrapping: what is wider than the terminal takes is must not push lines out.
 */
const enterScreen = '\x1b[?1049h\x1b[?25l\x1b[?7l';

/** The way back. A terminal that has no alternate screen, as the console of Linux, is cleared. */
const leaveScreen = '\x1b[m\x1b[?7h\x1b[?25h\x1b[H\x1b[J\x1b[?1049l';

/** A terminal's output, whose descriptor @types/node leaves out. */
export type Output = WriteStream & { readonly fd: number };

/** Why a screen ends: a signal whose default action comes next, or a key, or a terminal that is closed. */
export type Ending = { readonly signal: NodeJS.Signals } | { readonly by: 'key' | 'closed terminal' };

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** What keys do; a terminal in raw mode leaves those to us that send signals. */
const keySignals: Readonly<Record<string, NodeJS.Signals>> = {
  '\x03': 'SIGINT',
  '\x1a': 'SIGTSTP',
  '\x1c': 'SIGQUIT',
};

/** What arrows and other keys send: the letters in it are not meant. */
// oxlint-disable-next-line no-control-regex -- it is what they begin with
const otherKeys = /\x1b(?:[[O][0-?]*[ -/]*[@-~]|.)/g;

/** How long a terminal may take what is written to it before it is left as it is, in ms. */
const patience = 1000;

/** How soon the screen is entered again when no shell could stop this process, in ms. */
const unstopped = 100;

/** A terminal that may not tell its size. */
const usualRoom: Room = { columns: 80, rows: 24 };

/** Writes everything, in a thread: a terminal that takes nothing must not keep a signal waiting. */
async function writeSlowly(descriptor: number, text: string): Promise<void> {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    const rest = bytes;
    const written = await new Promise<number>((resolve, reject) => {
      write(descriptor, rest, (error, count) => {
        if (error === null) resolve(count);
        else if (errorCode(error) === 'EAGAIN' || errorCode(error) === 'EINTR') resolve(0);
        else reject(error);
      });
    });
    if (written === 0) await sleep(5);
    bytes = bytes.subarray(written);
  }
}

/** A terminal that shows frames in place, until a key or a signal ends that. */
export class Screen {
  readonly #input: ReadStream | undefined;
  readonly #output: Output;
  readonly #changed: () => void;
  readonly #signals: readonly (readonly [NodeJS.Signals, () => void])[];
  #ending: Ending | undefined;
  /** What is drawn on; undefined while this process has no right to draw. */
  #frame: Frame | undefined;
  /** Whether the terminal shows our screen. */
  #entered = false;
  #writing: Promise<void> | undefined;
  #leftOut = false;
  #closed = false;

  /**
   * @param input the terminal's keys, if this program has them
   * @param changed is called when a new frame is needed, and when the screen shall end
   */
  constructor(input: ReadStream | undefined, output: Output, changed: () => void) {
    this.#input = input;
    this.#output = output;
    this.#changed = changed;
    this.#signals = [
      ...endSignals.map((signal) => [signal, () => this.#end({ signal })] as const),
      ['SIGCONT', () => this.#comeBack()],
    ];
    for (const [signal, act] of this.#signals) process.on(signal, act);
    process.on('exit', this.#restore);
    output.on('resize', this.#repaint);
    input?.on('data', this.#press).on('end', this.#hangUp).on('error', this.#hangUp);
    this.#goOn();
  }

  /** Why the screen shall end; undefined while it shall not. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  get room(): Room {
    const { columns, rows } = this.#output;
    return columns > 0 && rows > 0 ? { columns, rows } : usualRoom;
  }

  /** Shows lines in place of those before. A frame is left out, and asked for later, while the terminal takes another. */
  draw(lines: readonly string[]): void {
    if (this.#writing !== undefined) {
      this.#leftOut = true;
      return;
    }
    const text = this.#frame?.change(lines, this.room) ?? '';
    if (text === '') return;
    this.#entered = true;
    this.#writing = writeSlowly(this.#output.fd, text)
      .catch(this.#hangUp)
      .finally(() => {
        this.#writing = undefined;
        if (this.#leftOut) this.#changed();
        this.#leftOut = false;
      });
  }

  /** Gives the terminal back as it was. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#leave();
    process.off('exit', this.#restore).off('SIGTSTP', this.#stop);
    for (const [signal, act] of this.#signals) process.off(signal, act);
    this.#output.off('resize', this.#repaint);
    this.#input?.off('data', this.#press).off('end', this.#hangUp).off('error', this.#hangUp).destroy();
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#changed();
  }

  readonly #hangUp = (): void => this.#end({ by: 'closed terminal' });

  readonly #repaint = (): void => {
    this.#frame?.forget();
    this.#changed();
  };

  readonly #press = (keys: Buffer): void => {
    for (const key of keys.toString('latin1').replaceAll(otherKeys, '')) {
      const signal = keySignals[key];
      // The whole group, as the terminal would: make or a script around this program is meant too.
      if (signal !== undefined) process.kill(0, signal);
      else if (key === 'q' || key === 'Q') this.#end({ by: 'key' });
      else if (key === '\x0c') this.#repaint();
    }
  };

  #setRaw(isRaw: boolean): void {
    try {
      this.#input?.setRawMode(isRaw);
    } catch {
      this.#hangUp();
    }
  }

  /** Makes the terminal ours, unless it is. A process in the background is stopped here, before it draws. */
  #goOn(): void {
    if (this.#frame !== undefined || this.#closed) return;
    process.on('SIGTSTP', this.#stop);
    this.#frame = new Frame(enterScreen);
    this.#setRaw(true);
    // The size may have changed while this process was stopped, and only one in the foreground is told.
    process.emit('SIGWINCH', 'SIGWINCH');
    this.#changed();
  }

  /** After SIGSTOP, which cannot be seen coming: others have changed the terminal and its mode meanwhile. */
  #comeBack(): void {
    if (this.#frame !== undefined) {
      this.#setRaw(false);
      this.#setRaw(true);
      this.#repaint();
    }
    this.#goOn();
  }

  readonly #stop = (): void => void this.#stopHere();

  /** Stops as a program without handlers would: when no shell could continue it, the system ignores the signal. */
  async #stopHere(): Promise<void> {
    process.off('SIGTSTP', this.#stop);
    await this.#leave();
    process.kill(process.pid, 'SIGTSTP');
    await sleep(unstopped);
    this.#goOn();
  }

  async #leave(): Promise<void> {
    this.#frame = undefined;
    await Promise.race([this.#writing, sleep(patience, undefined, { ref: false })]);
    this.#restore();
  }

  readonly #restore = (): void => {
    // A terminal that has not taken the last frame would not take this either, and changing its mode waits for that.
    if (this.#writing !== undefined) return;
    try {
      if (this.#entered) writeAll(this.#output.fd, Buffer.from(leaveScreen));
    } catch {
      // The terminal has been closed.
    }
    this.#setRaw(false);
    this.#entered = false;
  };
}
