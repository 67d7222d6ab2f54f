import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonOptions } from '../config/daemon-options.ts';
import { systemReason } from '../system/error-text.ts';
import { makePrivateFolder } from '../system/files/private-folder.ts';
import type { Caps } from '../wire/inputs/caps.ts';
import type { ClientStream } from './connection/client-stream.ts';
import { beginningOf, passOn } from './listen/pass-on.ts';
import { residentEnvironment, residentPaths } from './listen/resident-paths.ts';
import { callResident, countResidents, sshClient } from './listen/resident-socket.ts';
import type { Notices } from './log/startup-notices.ts';
import type { SshManner } from './start/assemble-service.ts';
import { startResident } from './start/start-resident.ts';

/** An account has at most this many resident daemons: each set of options and variables has its own. */
const mostResidents = 4;
/** How long, in ms, a tree job waits for a daemon that is being started, and how often it looks. */
const wait = { most: 10_000, look: 20 };

/** What clients are told while a daemon is being started. */
const promise: Caps = { tree: false, codecs: [], results: false, later: true };

/** Whether a process with these options may have its clients served by a resident daemon. */
const mayPassOn = ({ resident, fence, 'no-tree': noTree }: DaemonOptions): boolean =>
  process.platform === 'linux' && resident > 0 && !noTree && fence !== 'none';

/**
 * Has the resident daemon of this account serve a client of sshd, and undefined when that is done. Otherwise this
 * process has to serve it, in the manner that is returned; one that is resident may have been started for the next
 * clients.
 */
export async function passToResident(
  stream: ClientStream,
  words: readonly string[],
  options: DaemonOptions,
  notices: Notices,
): Promise<SshManner | undefined> {
  const client = sshClient(process.env);
  if (client === undefined || !mayPassOn(options)) return {};
  try {
    const paths = residentPaths(words, options, process.env);
    makePrivateFolder(paths.folder);
    const call = (): ReturnType<typeof callResident> => callResident(paths, client);
    let daemon = await call();
    if (daemon === undefined) {
      if ((await countResidents(paths.folder)) >= mostResidents) return {};
      const environment = residentEnvironment(process.env, paths);
      if (!startResident({ ...paths, words, environment })) return {};
      // Another process cannot know the files of a tree job; a client that sends one expects the daemon.
      if ((await beginningOf(stream, 4)).toString('latin1') !== 'TREE') return { promise };
      const end = Date.now() + wait.most;
      while (daemon === undefined && Date.now() < end) {
        await delay(wait.look);
        daemon = await call();
      }
    }
    if (daemon === undefined) return { promise };
    await passOn(stream, daemon);
    return undefined;
  } catch (error) {
    notices.push(`no resident daemon: ${systemReason(error)}`);
    return {};
  }
}
