import xterm from '@xterm/headless';
import type { Terminal } from '@xterm/headless';
import { spawn } from 'node-pty';
import type { IPty } from 'node-pty';
import { until } from './daemon.ts';

/** How a program in a terminal ended. */
export interface SessionEnd {
  readonly exitCode: number;
  readonly signal?: number;
}

/** A program in a terminal, with an emulator that shows what a user would see. */
export class TerminalSession {
  readonly screen: Terminal;
  readonly pty: IPty;
  /** Everything that was written to the terminal. */
  bytes = '';
  end: SessionEnd | undefined;

  constructor(program: string, words: readonly string[], { env = process.env, columns = 80, rows = 24 } = {}) {
    this.screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.pty = spawn(program, [...words], { cols: columns, rows, env, name: env['TERM'] ?? 'xterm-256color' });
    this.pty.onData((text) => {
      this.bytes += text;
      this.screen.write(text);
    });
    this.pty.onExit((end) => (this.end = end));
  }

  /** The lines on the screen, without blanks at their ends. */
  get lines(): string[] {
    const { active } = this.screen.buffer;
    return Array.from({ length: this.screen.rows }, (_, row) =>
      (active.getLine(active.baseY + row)?.translateToString() ?? '').trimEnd(),
    );
  }

  /** Whether the alternate screen is shown. */
  get isAlternate(): boolean {
    return this.screen.buffer.active.type === 'alternate';
  }

  press(keys: string): void {
    this.pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows);
    this.pty.resize(columns, rows);
  }

  /** Waits until the screen has lines that match all of these. */
  async shows(...patterns: readonly RegExp[]): Promise<void> {
    const isShown = (pattern: RegExp): boolean => this.lines.some((line) => pattern.test(line));
    await until(() => patterns.every(isShown), '').catch(() => {
      const lacking = patterns.filter((pattern) => !isShown(pattern)).join(' and ');
      throw new Error(`the screen never shows ${lacking}:\n${this.lines.join('\n')}`);
    });
  }

  async ended(): Promise<SessionEnd> {
    await until(() => this.end !== undefined, 'the program ends');
    // The emulator parses what it was given later.
    await new Promise<void>((resolve) => this.screen.write('', resolve));
    return this.end ?? { exitCode: -1 };
  }
}
