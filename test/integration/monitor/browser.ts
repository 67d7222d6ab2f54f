import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { until } from '../../support/daemon.ts';

/** The bundle that will be packaged: what is tested is what is installed. */
const webProgram = resolve(import.meta.dirname, '../../../dist/bin/distccmon-web');

/** Where pictures of the page are put for people to look at. */
export const pictures = resolve(import.meta.dirname, '../../../reports/web');
mkdirSync(pictures, { recursive: true });

/** Starts Debian's Chromium. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Its own sandbox cannot be had by root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

/** A distccmon-web with a DISTCC_DIR of its own. */
export class WebMonitor {
  readonly directory: string;
  readonly #own: boolean;
  #child: ChildProcess | undefined;
  #output = '';
  #errors = '';

  /** Looks at that DISTCC_DIR, or at an empty one. */
  constructor(directory?: string) {
    this.#own = directory === undefined;
    this.directory = directory ?? mkdtempSync(join(tmpdir(), 'test-web-'));
  }

  /** The address that it has printed. */
  get address(): string {
    return this.#output.trim();
  }

  get errors(): string {
    return this.#errors;
  }

  get status(): number | null | undefined {
    return this.#child?.exitCode;
  }

  async start(...words: readonly string[]): Promise<string> {
    this.#output = '';
    const child = spawn(webProgram, words, {
      env: { ...process.env, DISTCC_DIR: this.directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    await until(() => this.#output.endsWith('\n') || child.exitCode !== null, 'distccmon-web has printed its address');
    return this.address;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null || child.signalCode !== null, 'distccmon-web has ended');
  }

  async end(): Promise<void> {
    await this.stop();
    if (this.#own) rmSync(this.directory, { recursive: true, force: true });
  }
}
