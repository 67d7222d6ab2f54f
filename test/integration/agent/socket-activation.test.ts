import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/daemon.ts';
import { objectWith } from '../../support/object-file.ts';
import { readLauncher } from '../../support/launcher.ts';
import { needs } from '../../support/needs.ts';
import { answer, startFakeServer } from '../client/fake-server.ts';
import type { FakeServer } from '../client/fake-server.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';

const gcc = ['gcc', '-c', 'a.c', '-o', 'a.o'];
const agentProgram = join(dirname(distccProgram), 'distcc-agent');
const units = resolve(import.meta.dirname, '../../../packaging/systemd/user');
const service = readFileSync(join(units, 'distcc-agent.service'), 'utf8');

const socket = readFileSync(join(units, 'distcc-agent.socket'), 'utf8');

const able = process.platform === 'linux' && needs('systemd-socket-activate', 'systemd') && needs('gcc', 'gcc');

describe.skipIf(!able)('distcc-agent on a socket of systemd', () => {
  let box: Sandbox;
  let folder: string;
  let socketPath: string;
  let server: FakeServer;
  let started: ChildProcess[];

  beforeEach(async () => {
    box = new Sandbox({ agent: true });
    box.write('a.c', 'int main(void) { return 0; }\n');
    folder = join(box.own, 'agent');
    socketPath = join(folder, 'agent.sock');
    mkdirSync(folder, { mode: 0o700 });
    started = [];
    server = await startFakeServer(answer({ object: objectWith('object') }));
  });
  afterEach(async () => {
    for (const child of started.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await server.end();
    box.remove();
  });

  /** systemd's own program listens, and becomes the agent when somebody connects, with nothing of our environment. */
  async function listenForAgent({ program = agentProgram, path = socketPath, idle = 60 } = {}): Promise<ChildProcess> {
    const words = ['-l', path, '-E', `DISTCC_AGENT_IDLE=${idle}`, process.execPath, program, path];
    const child = spawn('systemd-socket-activate', words, { stdio: 'ignore' });
    started.push(child);
    await until(() => listens(path, child.pid ?? 0), 'systemd listens for the agent');
    return child;
  }

  /** Whether that process listens at the path, without connecting to it: a socket is there before it listens. */
  function listens(path: string, pid: number): boolean {
    const sockets = readFileSync('/proc/net/unix', 'utf8').split('\n');
    const ours = sockets.filter((line) => line.endsWith(` ${path}`)).map((line) => line.trim().split(/\s+/));
    // The kernel's flag of a socket that accepts connections.
    const inodes = new Set(ours.filter(([, , , flags]) => flags === '00010000').map((fields) => fields[6]));
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]);
      } catch {
        return false;
      }
    });
  }

  async function compile(more: NodeJS.ProcessEnv = {}): Promise<void> {
    const result = await box.run(gcc, { DISTCC_HOSTS: server.host, DISTCC_FALLBACK: '0', ...more });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(box.read('a.o')).toEqual(objectWith('object'));
  }

  const isAgent = ({ pid }: ChildProcess): boolean =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(process.execPath);

  /** Has the agent started as a launcher does, but waits for it as long as it takes. */
  async function visit(path = socketPath): Promise<void> {
    const connection = createConnection({ path });
    connection.resume();
    await once(connection, 'close');
  }

  it('is started once by 64 launchers, and by none of them itself', async () => {
    const child = await listenForAgent();
    const runs = Array.from({ length: 64 }, (_, at) => {
      box.write(`${at}.c`, `int at_${at};\n`);
      return box.run(['gcc', '-c', `${at}.c`, '-o', `${at}.o`], { DISTCC_HOSTS: server.host, DISTCC_FALLBACK: '0' });
    });
    const results = await Promise.all(runs);
    expect(results.filter(({ status, stderr }) => status !== 0 || stderr !== '')).toEqual([]);
    expect(box.agents()).toEqual([child.pid]);
  });

  it('is reached by later launchers without that socket', async () => {
    const child = await listenForAgent();
    await visit();
    await compile();
    rmSync(socketPath);
    await compile();
    expect(box.agents()).toEqual([child.pid]);
  });

  it('is found in $XDG_RUNTIME_DIR', async () => {
    const path = join(box.top, 'run/distcc/agent.sock');
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const child = await listenForAgent({ path });
    await visit(path);
    const here = { DISTCC_DIR: undefined, HOME: box.top, XDG_RUNTIME_DIR: join(box.top, 'run') };
    await compile(here);
    const { stdout } = await box.run(['--agent-status', '--json'], here);
    expect(stdout).toContain(`"pid":${child.pid},`);
  });

  it('is not started by a question about agents', async () => {
    const child = await listenForAgent();
    for (const option of ['--agent-status', '--agent-stop']) await box.run([option], {});
    expect(isAgent(child)).toBe(false);
    expect(existsSync(socketPath)).toBe(true);
  });

  it('ends when told to or when nobody comes, leaves the socket, and is started again', async () => {
    const first = await listenForAgent();
    await visit();
    await compile();
    await box.run(['--agent-stop'], {});
    if (first.exitCode === null) await once(first, 'exit');
    expect(first.exitCode).toBe(0);
    expect(existsSync(socketPath)).toBe(true);
    const second = await listenForAgent({ idle: 1 });
    await visit();
    // It may have ended by now; only as an agent it ends at all.
    if (second.exitCode === null) await once(second, 'exit');
    expect(second.exitCode).toBe(0);
    expect(box.agents()).toEqual([]);
  });

  it('of another version is not used by the launcher, whose own agent stops it and leaves the socket', async () => {
    const other = join(box.top, 'other-agent');
    const text = readFileSync(agentProgram, 'utf8');
    const [, version = ''] = /agentVersion = "([^"]+)"/.exec(text) ?? [];
    expect(version).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{8}$/);
    writeFileSync(other, text.replaceAll(version, '0.0.9-01234567'));
    chmodSync(other, 0o755);
    symlinkSync(resolve(import.meta.dirname, '../../../node_modules'), join(box.top, 'node_modules'));
    const child = await listenForAgent({ program: other });
    // One that is slow to start would listen only after the launcher's own one has looked for others.
    await visit();
    await compile();
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    expect(box.agents()).toHaveLength(1);
    expect(box.agents()).not.toContain(child.pid);
    expect(existsSync(socketPath)).toBe(true);
  });

  it('turns callers away while a launcher has started another one, and takes over when that ends', async () => {
    await compile();
    const [before] = box.agents();
    const child = await listenForAgent();
    await visit();
    await visit();
    expect(box.agents()).toEqual([before]);
    await box.run(['--agent-stop'], {});
    await until(() => box.agents()[0] === child.pid, 'the agent of the socket takes over');
    await compile();
    expect(box.agents()).toEqual([child.pid]);
  });

  it('is started by the launcher where nobody listens on the socket any more', async () => {
    const child = await listenForAgent();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await compile();
    expect(box.agents()).toHaveLength(1);
  });
});

describe('the user units', () => {
  it('give Node the words that the launcher gives it', () => {
    const launcher = readLauncher('agent.c');
    const [, words = ''] = /argv\[\] = \{NODE, (.*?), path,/.exec(launcher) ?? [];
    const flags = [...words.matchAll(/"(.*?)"/g)].map(([, word]) => word);
    expect(flags.length).toBeGreaterThan(0);
    expect(service).toContain(
      `ExecStart=/usr/bin/node ${flags.join(' ')} /usr/bin/distcc-agent %t/distcc/agent.sock\n`,
    );
    expect(socket).toContain('\nListenStream=%t/distcc/agent.sock\n');
    expect(launcher).toContain('"agent.sock"');
  });

  it.skipIf(!needs('systemd-analyze', 'systemd'))('pass systemd-analyze', () => {
    const box = new Sandbox();
    for (const name of readdirSync(units))
      box.write(name, readFileSync(join(units, name), 'utf8').replaceAll('/usr/bin/node', process.execPath));
    const words = ['--user', '--man=no', 'verify', ...readdirSync(units).map((name) => box.path(name))];
    const { status, stderr } = spawnSync('systemd-analyze', words, {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], XDG_RUNTIME_DIR: box.top, HOME: box.top },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    box.remove();
  });
});
