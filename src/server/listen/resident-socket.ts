import { linkSync, lstatSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { writeHostPort } from '../../basics/address-text.ts';
import { peerUser } from '../../system/descriptors/peer-user.ts';
import { errorCode } from '../../system/error-text.ts';
import { plainAddress } from '../policy/access-list.ts';
import { backlog } from './bind.ts';
import type { Listening } from './bind.ts';
import { bornPrefix } from './resident-paths.ts';
import type { ResidentPaths } from './resident-paths.ts';
import type { Client } from './serve-client.ts';

/** How long either side waits for the other one's first words, in ms. */
const patience = 5000;
/** An introduction has an address, a port and a line end. */
const longestIntroduction = 128;
/** What the daemon says when it serves a client; then both sides are the client's connection. */
const welcome = Buffer.from('+');
/** A socket that nobody listens on yet may be this old, in ms. */
const bornMs = 60_000;
/** Notes and locks of daemons that are gone may be this old, in ms. */
const notesMs = 24 * 3600_000;

/** How a client of sshd is introduced. */
export interface SshClient {
  readonly address: string;
  readonly port: string;
}

/** The client of the ssh session that started this process; undefined when it was not sshd (ssh(1), SSH_CONNECTION). */
export function sshClient(environment: NodeJS.ProcessEnv): SshClient | undefined {
  const [address = '', port = ''] = (environment['SSH_CONNECTION'] ?? '').split(' ');
  return readClient(address, port);
}

function readClient(said: string, port: string): SshClient | undefined {
  const address = plainAddress(said);
  return isIP(address) === 0 || !/^[0-9]{1,5}$/.test(port) ? undefined : { address, port };
}

/** Whether the process at the other end is of our own account. */
const isOurs = (socket: Socket): boolean => peerUser(socket) === process.getuid?.();

/**
 * Connects to the resident daemon, which then serves the client on this socket. Undefined when there is none, or when
 * it is not one of ours, has no room or does not answer.
 */
export function callResident({ socket: path }: ResidentPaths, client: SshClient): Promise<Socket | undefined> {
  // A link would lead out of our own folder.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    // Each side ends by itself: the client may have said all, and waits.
    const socket = connect({ path, allowHalfOpen: true });
    const end = (found: Socket | undefined): void => {
      clearTimeout(timer);
      socket.pause().removeAllListeners();
      if (found === undefined) socket.on('error', () => {}).destroy();
      resolve(found);
    };
    const fail = (): void => end(undefined);
    const timer = setTimeout(fail, patience);
    socket.on('error', fail).on('end', fail).on('close', fail);
    socket.once('connect', () => {
      if (isOurs(socket)) socket.write(`${client.address} ${client.port}\n`);
      else fail();
    });
    socket.once('data', (said: Buffer) => {
      if (said.subarray(0, welcome.length).equals(welcome)) {
        end(socket);
        if (said.length > welcome.length) socket.unshift(said.subarray(welcome.length));
      } else fail();
    });
  });
}

/** Reads who the client is; undefined when somebody else says so, or nothing that can be understood is said. */
function readIntroduction(socket: Socket): Promise<Client | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const end = (client: SshClient | undefined): void => {
      clearTimeout(timer);
      socket
        .pause()
        .off('data', hear)
        .off('error', fail)
        .off('close', fail)
        .on('error', () => {});
      if (client === undefined) resolve(undefined);
      else resolve({ ...client, name: writeHostPort(client.address, client.port), admitted: true });
    };
    const fail = (): void => end(undefined);
    const hear = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const [, address = '', port = ''] = /^(\S+) (\S+)\n$/.exec(text) ?? [];
      if (port !== '') end(readClient(address, port));
      else if (text.length > longestIntroduction || text.includes('\n')) fail();
    };
    const timer = setTimeout(fail, patience);
    socket.on('data', hear).on('error', fail).on('close', fail);
    if (!isOurs(socket)) fail();
  });
}

/** Where a resident daemon listens. */
export interface ResidentListening extends Listening {
  /** Whether its socket is still where clients look for it. */
  readonly isFound: () => boolean;
  /** Takes its files away. */
  readonly leave: () => void;
}

/** Listens on a socket in a folder that only we can enter; undefined when another daemon of ours listens there. */
export async function listenAsResident(paths: ResidentPaths): Promise<ResidentListening | undefined> {
  const server = createServer({ allowHalfOpen: true });
  // When Node closes a socket it removes the path that it has bound, whoever listens there by then; and nobody may find
  // a socket that does not listen yet.
  const born = join(paths.folder, `${bornPrefix}${process.pid}`);
  rmSync(born, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: born, backlog }, resolve);
  });
  const inode = statSync(born, { bigint: true }).ino;
  const isFound = (): boolean => statSync(paths.socket, { bigint: true, throwIfNoEntry: false })?.ino === inode;
  if (!(await name(born, paths))) {
    server.close();
    return undefined;
  }
  return {
    servers: [server],
    addresses: [`"${paths.socket}"`],
    warnings: [],
    introduction: { read: readIntroduction, admitted: (socket) => void socket.write(welcome) },
    isFound,
    leave: () => {
      if (!isFound()) return;
      for (const file of [paths.socket, paths.note, paths.lock]) rmSync(file, { force: true });
      removeIfEmpty(paths.folder);
    },
  };
}

/** Gives a socket its name, unless somebody listens there. */
async function name(born: string, { socket }: ResidentPaths): Promise<boolean> {
  try {
    for (let left = 2; left > 0; left -= 1) {
      try {
        linkSync(born, socket);
        return true;
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
      }
      if (await isHeard(socket)) return false;
      rmSync(socket, { force: true });
    }
    return false;
  } finally {
    rmSync(born, { force: true });
  }
}

function removeIfEmpty(folder: string): void {
  try {
    // Only an empty one can be removed so.
    rmdirSync(folder);
  } catch {
    // Others have their files there.
  }
}

/** Whether somebody listens on a socket. */
function isHeard(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errorCode(error) ?? '')));
  });
}

/** Removes what killed daemons have left in a folder, and counts the daemons that listen there. */
export async function countResidents(folder: string): Promise<number> {
  let count = 0;
  for (const path of readdirSync(folder).map((file) => join(folder, file))) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    const age = Date.now() - found.mtimeMs;
    const isInUse = found.isSocket()
      ? (path.startsWith(join(folder, bornPrefix)) && age < bornMs) || (await isHeard(path))
      : age < notesMs;
    if (!isInUse) rmSync(path, { force: true });
    else if (found.isSocket()) count += 1;
  }
  return count;
}
