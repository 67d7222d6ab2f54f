import { join } from 'node:path';
import { freePort } from '../scripts/free-port.mjs';
import type { Cleanup } from './cleanup.ts';
import { makeSharedDirectory, startDaemon } from './daemons.ts';
import type { Daemon } from './daemons.ts';
import { startRelay } from './relay.ts';
import type { Relay } from './relay.ts';

/** A daemon and the relay in front of it that counts. */
export interface Host {
  readonly daemon: Daemon;
  readonly relay: Relay;
}

/** Starts one of our daemons and its relay, with folders of its own in a workplace that has a folder of links. */
export async function startHost(top: string, place: string, name: string, cleanup: Cleanup): Promise<Host> {
  const port = await freePort();
  const command = [join(top, 'dist/bin/distccd'), '--no-detach', '--port', String(port), '--listen', '127.0.0.1'];
  command.push('--allow', '127.0.0.1', '--masquerade-dir', join(place, 'links'), '--log-stderr', '--log-level', 'info');
  const environment = { TMPDIR: makeSharedDirectory(join(place, `${name}-tmp`)) };
  const daemon = await startDaemon({ command, port, logFile: join(place, `${name}.log`), environment }, cleanup);
  const relay = await startRelay(port);
  cleanup.add(() => relay.close());
  return { daemon, relay };
}
