import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import { endChild } from './child.ts';
import type { Cleanup } from './cleanup.ts';

/** Whether the build is to be seen in a browser, and whether that is to be opened. */
export interface Watching {
  readonly watch: boolean;
  readonly open: boolean;
}

/** Whether a browser can show itself. */
const isDesktop = (): boolean => ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (process.env[name] ?? '') !== '');

/**
 * Takes --watch and --open off the front of the demo's words. --watch opens a browser on a desktop, --open watches and
 * opens one anywhere.
 */
export function readWatching(words: readonly string[]): { watching: Watching; rest: readonly string[] } {
  const count = words.findIndex((word) => word !== '--watch' && word !== '--open');
  const flags = count === -1 ? words : words.slice(0, count);
  const opens = flags.includes('--open');
  const watch = opens || flags.includes('--watch');
  return { watching: { watch, open: opens || (watch && isDesktop()) }, rest: words.slice(flags.length) };
}

/** Starts distccmon-web for a DISTCC_DIR; returns the address of its page. @throws Failure when there is none */
export async function startPage(top: string, directory: string, open: boolean, cleanup: Cleanup): Promise<string> {
  const child = spawn(join(top, 'dist/bin/distccmon-web'), open ? ['--open'] : [], {
    env: { ...process.env, DISTCC_DIR: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
    // An interrupt at the terminal is ours to pass on, in order.
    detached: true,
  });
  cleanup.add(() => endChild(child));
  const ended = once(child, 'close').then(() => '');
  const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text));
  const address = await Promise.race([line, ended]);
  if (address === '') throw new Failure(exitStatus.general, 'distccmon-web has not started: see above');
  return address;
}

/** Waits for Enter where somebody can press it. */
export async function waitForEnter(text: string): Promise<void> {
  if (!process.stdin.isTTY) return;
  process.stdout.write(`${text}\n`);
  process.stdin.resume();
  await once(process.stdin, 'data');
  process.stdin.pause();
}
