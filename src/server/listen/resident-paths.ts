import { createHash } from 'node:crypto';
import { lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { daemonVariables } from '../../config/daemon-environment.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { usualMasqueradeDirs } from '../policy/permitted-compilers.ts';

/** The release, and a hash of what was built. The build puts it here. */
const daemonBuild = '@DAEMON_BUILD@';

/** A variable for a resident daemon: the path of its socket. */
const socketVariable = '_DISTCCD_RESIDENT';

/** The longest path of a socket, in bytes (unix(7)). */
const longestPath = 107;

/** What the name of a socket begins with until somebody listens on it. */
export const bornPrefix = 'new-';

/** Where a resident daemon is found by the processes that sshd starts for the same account. */
export interface ResidentPaths {
  /** Only this account can enter it. */
  readonly folder: string;
  readonly socket: string;
  /** Locked by whoever starts one. */
  readonly lock: string;
  /** When and how the last start was. */
  readonly note: string;
}

/** What decides how jobs are served, besides the words of the command. */
function settings(options: DaemonOptions, environment: NodeJS.ProcessEnv): unknown[] {
  const { DISTCC_CMDLIST: list } = environment;
  const read = [...options['masquerade-dir'], ...usualMasqueradeDirs, ...(list === undefined ? [] : [list])];
  const stamps = read.map((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? '' : `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
  });
  return [passedOn(environment), stamps];
}

/** The variables of one process that matter to jobs. */
function passedOn(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = [...Object.keys(daemonVariables), '_DISTCC_SAFEGUARD', 'TZ'];
  return Object.fromEntries(
    names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const])),
  );
}

const isOwn = (path: string): boolean => {
  try {
    return lstatSync(path).uid === process.getuid?.();
  } catch {
    return false;
  }
};

/** The files of the daemon that listens on this socket. */
export const pathsOfSocket = (socket: string): ResidentPaths => ({
  folder: dirname(socket),
  socket,
  lock: `${socket}.lock`,
  note: `${socket}.note`,
});

/**
 * Where to look for a resident daemon that would serve a client just as a process with these words and variables does:
 * another build, other words and other settings have another name.
 */
export function residentPaths(
  words: readonly string[],
  options: DaemonOptions,
  environment: NodeJS.ProcessEnv,
): ResidentPaths {
  const hash = createHash('sha256').update(JSON.stringify([words, ...settings(options, environment)]));
  const name = `${daemonBuild}-${hash.digest('hex').slice(0, 16)}`;
  const { XDG_RUNTIME_DIR: run = '', TMPDIR: temporary = '' } = environment;
  const shared = `distccd-${process.getuid?.() ?? ''}`;
  const folders = [
    // su leaves the variable of another user in the environment.
    ...(run.startsWith('/') && isOwn(run) ? [join(run, 'distccd')] : []),
    ...(temporary.startsWith('/') ? [join(temporary, shared)] : []),
  ];
  const fits = (folder: string): boolean => Buffer.byteLength(join(folder, name)) <= longestPath;
  return pathsOfSocket(join(folders.find(fits) ?? `/tmp/${shared}`, name));
}

/** The whole environment of a resident daemon: nothing of the connection for which it is started. */
export const residentEnvironment = (environment: NodeJS.ProcessEnv, { socket }: ResidentPaths): NodeJS.ProcessEnv => ({
  ...passedOn(environment),
  [socketVariable]: socket,
});

/** The socket of the resident daemon that this process is to be; undefined when it is something else. */
export const residentSocket = (environment: NodeJS.ProcessEnv): string | undefined => environment[socketVariable];
