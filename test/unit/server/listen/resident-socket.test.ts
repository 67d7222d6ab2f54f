import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pathsOfSocket } from '../../../../src/server/listen/resident-paths.ts';
import type { ResidentPaths } from '../../../../src/server/listen/resident-paths.ts';
import {
  callResident,
  countResidents,
  listenAsResident,
  sshClient,
} from '../../../../src/server/listen/resident-socket.ts';
import type { ResidentListening } from '../../../../src/server/listen/resident-socket.ts';
import type { Client } from '../../../../src/server/listen/serve-client.ts';

const somebody = { address: '192.0.2.7', port: '4711' };

let folder: string;
let paths: ResidentPaths;
const open: (Server | Socket)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'resident-'));
  paths = pathsOfSocket(join(folder, 'one'));
});
afterEach(() => {
  for (const one of open.splice(0)) {
    if ('listening' in one) one.close();
    else one.destroy();
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Listens, and admits who is introduced. */
async function listen(at = paths): Promise<{ listening: ResidentListening; clients: (Client | undefined)[] }> {
  const listening = await listenAsResident(at);
  if (listening === undefined) throw new Error('another one listens');
  const clients: (Client | undefined)[] = [];
  const introduce = async (socket: Socket): Promise<void> => {
    const client = await listening.introduction?.read(socket);
    clients.push(client);
    if (client === undefined) socket.destroy();
    else listening.introduction?.admitted(socket);
  };
  for (const server of listening.servers) {
    open.push(server);
    server.on('connection', (socket) => {
      open.push(socket);
      void introduce(socket);
    });
  }
  return { listening, clients };
}

/** Something else that listens there. */
async function pretend(serve: (socket: Socket) => void): Promise<void> {
  const server = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  open.push(server);
  server.listen(paths.socket);
  await once(server, 'listening');
}

describe('callResident() and listenAsResident()', () => {
  it('introduce a client', async () => {
    const { clients } = await listen();
    const socket = await callResident(paths, somebody);
    expect(socket).toBeDefined();
    if (socket !== undefined) open.push(socket);
    expect(clients).toEqual([{ ...somebody, name: '192.0.2.7:4711', admitted: true }]);
  });

  it('find nobody where there is nothing, or nobody listens any more', async () => {
    expect(await callResident(paths, somebody)).toBeUndefined();
    await pretend(() => {});
    const [server] = open.splice(0);
    renameSync(paths.socket, `${paths.socket}.kept`);
    if (server !== undefined && 'listening' in server) server.close();
    renameSync(`${paths.socket}.kept`, paths.socket);
    expect(await callResident(paths, somebody)).toBeUndefined();
    expect(existsSync(paths.socket)).toBe(true);
    // Whoever listens next takes its place.
    await listen();
    expect(readdirSync(folder)).toEqual(['one']);
    const socket = await callResident(paths, somebody);
    expect(socket).toBeDefined();
    if (socket !== undefined) open.push(socket);
  });

  it('do not follow a link', async () => {
    await listen(pathsOfSocket(join(folder, 'other')));
    symlinkSync(join(folder, 'other'), paths.socket);
    expect(await callResident(paths, somebody)).toBeUndefined();
  });

  it('do without somebody who closes, or says something else', async () => {
    await pretend((socket) => socket.destroy());
    expect(await callResident(paths, somebody)).toBeUndefined();
    rmSync(paths.socket);
    await pretend((socket) => socket.write('DONE00000001'));
    expect(await callResident(paths, somebody)).toBeUndefined();
  });

  it.skipIf(process.getuid?.() !== 0)("do without another account's process", async () => {
    chmodSync(folder, 0o777);
    const code = `require('net').createServer((s) => s.write('+')).listen(${JSON.stringify(paths.socket)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', code], {
      uid: 65534,
      gid: 65534,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      expect(await callResident(paths, somebody)).toBeUndefined();
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it.skipIf(process.getuid?.() !== 0)("do not serve another account's process", async () => {
    const { clients } = await listen();
    chmodSync(folder, 0o777);
    chmodSync(paths.socket, 0o777);
    const code = `const s = require('net').connect(${JSON.stringify(paths.socket)}, () => s.write('192.0.2.7 4711\\n'));
      s.on('data', (d) => console.log('got ' + d)).on('error', () => {}).on('close', () => console.log('closed'))`;
    const child = spawn(process.execPath, ['-e', code], {
      uid: 65534,
      gid: 65534,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    expect([said, clients]).toEqual(['closed\n', [undefined]]);
  });

  it.each(['hello\n', '192.0.2.7\n', '192.0.2.7 x\n', 'nowhere 1\n', '192.0.2.7 1\nDIST', 'x'.repeat(200)])(
    'do not serve who says %j',
    async (text) => {
      const { clients } = await listen();
      const { connect } = await import('node:net');
      const socket = connect(paths.socket);
      socket.on('error', () => {}).resume();
      open.push(socket);
      socket.write(text);
      await once(socket, 'close');
      expect(clients).toEqual([undefined]);
    },
  );

  it('leave the place to the first one', async () => {
    const { listening } = await listen();
    expect(await listenAsResident(paths)).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['one']);
    expect(listening.isFound()).toBe(true);
  });

  it('take their own files away, and the folder when it is empty', async () => {
    const { listening } = await listen();
    for (const path of [paths.note, paths.lock]) writeFileSync(path, '');
    listening.leave();
    expect(existsSync(folder)).toBe(false);
    listening.leave();
  });

  it('leave the files of a daemon that has taken their place', async () => {
    const { listening } = await listen();
    rmSync(paths.socket);
    const { listening: next } = await listen();
    listening.leave();
    expect([listening.isFound(), next.isFound(), readdirSync(folder)]).toEqual([false, true, ['one']]);
  });
});

describe('countResidents()', () => {
  it('counts those that listen, and removes the sockets of others', async () => {
    await listen();
    await listen(pathsOfSocket(join(folder, 'two')));
    await pretendDead(join(folder, 'dead'));
    writeFileSync(join(folder, 'dead.note'), '');
    expect(await countResidents(folder)).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(['dead.note', 'one', 'two']);
  });
});

/** Leaves a socket on which nobody listens. */
async function pretendDead(path: string): Promise<void> {
  const server = createServer();
  server.listen(`${path}-`);
  await once(server, 'listening');
  renameSync(`${path}-`, path);
  server.close();
  await once(server, 'close');
}

describe('sshClient()', () => {
  it('reads what sshd says', () => {
    const said = (text: string) => sshClient({ SSH_CONNECTION: text });
    expect(said('192.0.2.7 4711 192.0.2.1 22')).toEqual(somebody);
    expect(said('::ffff:192.0.2.7 4711 ::1 22')).toEqual(somebody);
    expect(said('fe80::1%eth0 1 fe80::2%eth0 22')).toEqual({ address: 'fe80::1', port: '1' });
    for (const text of ['', 'UNKNOWN 65535 UNKNOWN 65535', '192.0.2.7', '192.0.2.7 -1'])
      expect(said(text)).toBeUndefined();
    expect(sshClient({})).toBeUndefined();
  });
});
