import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Cleanup } from '../../demo/cleanup.ts';
import { makeSharedDirectory, startDaemon } from '../../demo/daemons.ts';
import type { Daemon } from '../../demo/daemons.ts';
import { endChild, hasEnded } from '../../demo/child.ts';
import type { Dice } from '../dice.ts';
import { signalTo } from './processes.ts';
import { openRelay } from './weather.ts';
import type { Relay } from './weather.ts';

/** A daemon that comes and goes, and the relay in front of it. */
export interface Host {
  readonly name: string;
  readonly relay: Relay;
  /** Whether its folder of temporary files is a small disk of its own, which can be filled. */
  readonly disk: boolean;
  readonly daemon: () => Daemon;
  /** Whether it says that it compiles clients' own files. */
  readonly takesInputs: () => boolean;
  /** Ends it, if it lives, and starts it again. */
  readonly restart: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Fills its disk, or makes room again. */
  readonly fill: (full: boolean) => void;
  /** Files in its temporary directory besides those that a daemon without a job needs. */
  readonly leftovers: () => string[];
}

/** Where daemons are started. */
export interface Place {
  readonly top: string;
  readonly path: string;
  readonly mark: string;
  /** A real object. */
  readonly object: Buffer;
}

/** Whether this user may mount a disk for one process. */
function canMount(): boolean {
  return spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'chaos', '/mnt'], { stdio: 'ignore' }).status === 0;
}

/**
 * A port that is free now, and that the kernel gives to nobody who asks for any: a restarted daemon needs the same one.
 */
async function lastingPort(host: string): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, host);
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (free) return port;
  }
  throw new Error(`no port is free on ${host}`);
}

/**
 * A daemon's own spool, its lock, the folder that the roots of jobs are mounted on, and folders for the next jobs, with
 * nothing in them.
 */
const ofIdleDaemon = /^distccd-spool-[^/]+(?:\/daemon-lock|\/root(?:\/.*)?|\/job-\w+)?$/;

/** Starts the daemon of this number, on a loopback address of its own. */
export async function startHost(number: number, place: Place, dice: Dice, cleanup: Cleanup): Promise<Host> {
  const { top, path, mark } = place;
  const name = `${mark}-daemon-${number}`;
  const temporary = makeSharedDirectory(join(path, name));
  // What is kept of clients stays as long as the daemon does.
  const kept = makeSharedDirectory(join(path, `${name}-kept`));
  const address = `127.0.0.${number + 2}`;
  const port = await lastingPort(address);
  const disk = number === 0 && canMount();
  const mount = `mount -t tmpfs -o size=8m,mode=1777 chaos "$0" && exec "$@"`;
  const mounted = disk ? ['unshare', '-m', 'sh', '-c', mount, temporary] : [];
  const command = [...mounted, process.execPath, join(top, 'dist/bin/distccd'), '--no-detach', '--jobs', '6'];
  command.push('--port', String(port), '--listen', address, '--allow', '127.0.0.0/8');
  command.push('--masquerade-dir', join(path, 'links'), '--log-stderr', '--log-level', 'info');
  const logFile = join(path, `${name}.log`);
  const start = (): Promise<Daemon> =>
    startDaemon(
      {
        command,
        port,
        host: address,
        logFile,
        environment: { TMPDIR: temporary, CACHE_DIRECTORY: kept },
      },
      cleanup,
    );
  let daemon = await start();
  const relay = await openRelay({ host: address, port, version: number === 0 ? 1 : 2, object: place.object }, dice);
  cleanup.add(() => relay.close());
  /** As the daemon sees it. */
  const folder = (): string => (disk ? `/proc/${daemon.process.pid}/root${temporary}` : temporary);
  const filler = (): string => join(folder(), 'filler');
  return {
    name,
    relay,
    disk,
    daemon: () => daemon,
    takesInputs: () => readFileSync(logFile, 'utf8').includes('files of clients: compiled as they are'),
    async restart(signal) {
      const { process: old } = daemon;
      if (old.pid !== undefined) signalTo(old.pid, 'SIGCONT');
      if (signal === 'SIGKILL') old.kill('SIGKILL');
      if (!hasEnded(old)) await endChild(old);
      daemon = await start();
    },
    fill(full) {
      if (!disk || hasEnded(daemon.process)) return;
      try {
        if (full) writeFileSync(filler(), Buffer.alloc(16 * 1024 * 1024));
        else rmSync(filler(), { force: true });
      } catch {
        // It is full, as it should be.
      }
    },
    leftovers() {
      const names = readdirSync(folder(), { recursive: true, encoding: 'utf8' });
      return names.filter((each) => each !== 'filler' && !ofIdleDaemon.test(each)).map((each) => join(name, each));
    },
  };
}
