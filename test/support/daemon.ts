import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { freePort } from '../../scripts/free-port.mjs';

/** The bundle that will be packaged: what is tested is what is installed. */
export const distccdProgram = resolve(import.meta.dirname, '../../dist/bin/distccd');

/** In ms. Those of mutants, which run in threads, hang often. */
export const hangLimit = isMainThread ? 100_000 : 2000;

/** Waits until a condition holds; the limit only ends a test that would hang. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; waited < hangLimit; waited += 10) {
    if (condition()) return;
    await new Promise((next) => setTimeout(next, 10));
  }
  throw new Error(`never came true: ${what}`);
}

/** A running distccd of ours with folders of its own. */
export interface TestDaemon {
  readonly port: number;
  readonly process: ChildProcess;
  /** TMPDIR of the daemon. */
  readonly temporary: string;
  readonly log: () => string;
  /**
   * Waits until the log has a text: a client may have its answer before the line about it has come through the pipe.
   */
  readonly logs: (text: string | RegExp) => Promise<void>;
  /** Ends it, and removes what belongs to it. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** How a test's daemon is started. */
export interface DaemonSetup {
  readonly options?: readonly string[];
  /** Where it listens, 127.0.0.1 unless this says otherwise. */
  readonly listen?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Programs that clients may run, by the names in the masquerade directory. */
  readonly compilers?: readonly string[];
  /** A directory put in front of the daemon's PATH. */
  readonly path?: string;
  /** Options of Node's. */
  readonly node?: readonly string[];
}

/** Makes a folder that the daemon gets at when a test that runs as root makes it another account. */
export function makeOpenFolder(top: string, name: string): string {
  const folder = join(top, name);
  mkdirSync(folder);
  chmodSync(top, 0o755);
  chmodSync(folder, 0o777);
  return folder;
}

/** Makes a masquerade directory that permits these names. */
export function makeMasquerade(top: string, names: readonly string[]): string {
  const masks = join(top, 'masks');
  mkdirSync(masks);
  for (const name of names) symlinkSync('/usr/bin/distcc', join(masks, name));
  return masks;
}

/** Starts distccd in the foreground on a free loopback port and waits until it listens. */
export async function startDaemon(setup: DaemonSetup = {}): Promise<TestDaemon> {
  const top = mkdtempSync(join(tmpdir(), 'test-daemon-'));
  const temporary = makeOpenFolder(top, 'tmp');
  const masks = makeMasquerade(top, setup.compilers ?? ['gcc', 'g++', 'cc', 'x86_64-linux-gnu-gcc']);
  const port = await freePort();
  const words = [
    '--daemon',
    '--no-detach',
    '--log-stderr',
    '--verbose',
    '--port',
    String(port),
    '--listen',
    setup.listen ?? '127.0.0.1',
  ];
  words.push('--masquerade-dir', masks, ...(setup.options ?? ['--allow', '127.0.0.1']));
  const child = spawn(process.execPath, [...(setup.node ?? []), distccdProgram, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      TMPDIR: temporary,
      PATH: `${setup.path ?? '/usr/local/bin'}:/usr/bin:/bin`,
      ...setup.environment,
    },
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    rmSync(top, { recursive: true, force: true });
    return child.exitCode;
  };
  await until(() => log.includes('listening on') || child.exitCode !== null, `the daemon listens: ${log}`);
  if (child.exitCode !== null) {
    await end();
    throw new Error(`distccd ended with ${child.exitCode}: ${log}`);
  }
  const logs = (text: string | RegExp): Promise<void> =>
    until(() => (typeof text === 'string' ? log.includes(text) : text.test(log)), `${String(text)} in the log`);
  return { port, process: child, temporary, log: () => log, logs, end };
}

/**
 * What is left in a daemon's temporary directory besides its own spool without jobs, and files of clients in it. An
 * empty folder waits for the next job.
 */
export function leftovers(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    return [`something that is being removed: ${String(error)}`];
  }
  const isEmpty = (job: string): boolean => !names.some((name) => name.startsWith(`${job}/`));
  return names.filter(
    (name) =>
      !/^distccd-spool-[^/]+(?:\/daemon-lock|\/(?:root|(?:files|tree)-\w+)(?:\/.*)?)?$/.test(name) &&
      !(/\/job-\w+$/.test(name) && isEmpty(name)),
  );
}
