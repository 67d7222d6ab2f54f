import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/free-port.mjs';
import { startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { about, doctor, faultsIn, hasCompilers, quiet, triple, usual } from './doctor-report.ts';
import { distccProgram, Sandbox } from './sandbox.ts';

describe.skipIf(!hasCompilers)('distcc --doctor on the usual mistakes', () => {
  let box: Sandbox;
  let ours: TestDaemon;

  beforeAll(async () => {
    ours = await startDaemon({ compilers: usual });
  });
  afterAll(() => ours.end());
  beforeEach(() => void (box = new Sandbox({ agent: true })));
  afterEach(() => box.remove());

  it('a name that does not resolve', async () => {
    const result = await doctor(box, 'no-such-host.invalid');
    expect(faultsIn(about('no-such-host.invalid', result))).toEqual([
      expect.stringMatching(
        /^NO name failed to resolve host no-such-host\.invalid: .*: correct the name in the host list/,
      ),
    ]);
  });

  it('an address where nothing listens', async () => {
    const host = `127.0.0.1:${await freePort()}`;
    expect(faultsIn(about(host, await doctor(box, host)))).toEqual([
      `NO port nothing listens at ${host} (Connection refused): start distccd there and have it listen on that address, or correct the host list`,
    ]);
  });

  it('a port of another program', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const place = server.address();
    const host = `127.0.0.1:${typeof place === 'object' ? place?.port : ''}`;
    const result = await doctor(box, host);
    server.close();
    expect(faultsIn(about(host, result))).toEqual([
      'NO protocol what answers there is not distccd, or another version of it: it said "SSH-2.0-OpenSSH_9.2": correct the port in the host list',
    ]);
  });

  it('an address that is not allowed', async () => {
    const strict = await startDaemon({ compilers: usual, options: ['--allow', '10.0.0.1'] });
    const host = `127.0.0.1:${strict.port}`;
    const result = await doctor(box, host);
    await strict.end();
    expect(faultsIn(about(host, result))).toEqual([
      expect.stringMatching(/^NO access .*it does not allow 127\.0\.0\.1/),
    ]);
  });

  it('a compiler that is not permitted there', async () => {
    const PATH = `${box.script('own-cc', 'exec gcc "$@"')}:${process.env['PATH']}`;
    const host = `127.0.0.1:${ours.port}`;
    const result = await doctor(box, host, { CC: 'own-cc', PATH });
    expect(faultsIn(about(host, result))).toEqual([
      expect.stringMatching(/^NO C refused: the compiler "own-cc" is not permitted here: .*update-distcc-symlinks/),
    ]);
    expect(about(host, result)).toContain('ok object byte for byte the same as here, C++');
  });

  it.skipIf(!needs('clang', 'clang'))('a compiler of another version', async () => {
    const path = join(box.top, 'others');
    mkdirSync(path);
    for (const name of ['gcc', `${triple}-gcc`]) symlinkSync('/usr/bin/clang', join(path, name));
    for (const name of ['g++', `${triple}-g++`]) symlinkSync('/usr/bin/clang++', join(path, name));
    const other = await startDaemon({ compilers: usual, path });
    const host = `127.0.0.1:${other.port}`;
    const result = await doctor(box, host);
    await other.end();
    const faults = faultsIn(about(host, result));
    expect(faults).toContainEqual(
      expect.stringMatching(
        /^NO compiler ".*gcc" for C is another version: .*clang.* there, GCC: .* here: install the same version on both/,
      ),
    );
    expect(about(host, result)).toContain('-- object C and C++ differ from here, as the compilers do');
  });

  it('a firewall that drops', async () => {
    const net = ['-r', '-n', 'sh', '-c'];
    // What goes to other addresses of the loopback is dropped as coming from nowhere.
    const drop = 'ip link set lo up && ip addr add 192.0.2.1/32 dev lo && ip route add 192.0.2.0/24 dev lo';
    if (!needs('unshare', 'util-linux') || !needs('ip', 'iproute2')) return;
    if (spawnSync('unshare', [...net, drop]).status !== 0) return;
    const script = `${drop} && exec "$0" --doctor`;
    const environment = { DISTCC_HOSTS: '192.0.2.9', ...quiet };
    const result = await box.run([...net, script, distccProgram], environment, { program: 'unshare' });
    expect(faultsIn(about('192.0.2.9', result))).toEqual([
      'NO port no answer from 192.0.2.9:3632 in 4 s: the address is wrong, the machine is off, or a firewall drops the connection: ' +
        'correct the host list, or open this TCP port there for this machine',
    ]);
  });

  it('no host list', async () => {
    const result = await doctor(box, undefined, { DISTCC_DIR: box.path('nothing') });
    // The machine may have a list of its own.
    const line = about('this machine', result)[0] ?? '';
    if (!line.includes('/etc/distcc/hosts:'))
      expect(line).toMatch(/^NO host list there is none, so nothing is distributed: set DISTCC_HOSTS, or write /);
    expect(about('this machine', await doctor(box, ''))[0]).toMatch(
      /^NO host list \$DISTCC_HOSTS has no hosts, .*"server1\/8/,
    );
  });

  it("Debian's list of a fresh installation", async () => {
    const lines = about('this machine', await doctor(box, '--randomize +zeroconf'));
    expect(lines[0]).toMatch(/^NO host list \$DISTCC_HOSTS has no hosts/);
    expect(lines[1]).toMatch(/^-- host list \$DISTCC_HOSTS, word 2 \("\+zeroconf"\): /);
  });

  it('a list without volunteers, and one that cannot be read', async () => {
    expect(about('this machine', await doctor(box, 'localhost/4 a,down'))[0]).toMatch(
      /^NO host list \$DISTCC_HOSTS has no other machine that may be used, so nothing is distributed/,
    );
    expect(about('this machine', await doctor(box, 'a::'))[0]).toMatch(/^NO host list it cannot be used, .*word 1/);
  });

  it('everything is compiled with -march=native', async () => {
    const result = await doctor(box, `127.0.0.1:${ours.port}`, { CFLAGS: '-O2 -march=native', CXXFLAGS: '-O2' });
    expect(result.status).toBe(100);
    const lines = about('this machine', result);
    expect(faultsIn(lines)).toEqual([
      'NO CFLAGS every compile with it stays here: "-march=native" means another processor on another machine: ' +
        'name the processor in place of "native": "gcc -march=native -Q --help=target" shows the name',
    ]);
    expect(lines).toContain('ok CXXFLAGS compiles with it can be distributed');
  });

  it('links to distcc that come too late in PATH', async () => {
    const links = join(box.top, 'links');
    mkdirSync(links);
    for (const name of ['gcc', 'cc']) symlinkSync(distccProgram, join(links, name));
    const host = `127.0.0.1:${ours.port}`;
    const late = await doctor(box, host, { PATH: `${process.env['PATH']}:${links}` });
    expect(faultsIn(about('this machine', late))).toEqual([
      expect.stringMatching(
        new RegExp(`^NO PATH .* comes before ${links}, so "g?cc" is not distcc: put ${links} first$`),
      ),
    ]);
    const first = await doctor(box, host, { PATH: `${links}:${process.env['PATH']}` });
    expect(about('this machine', first)).toContain(`ok PATH "cc" is distcc, in ${links}`);
  });

  it.skipIf(!needs('/usr/bin/distcc', 'distcc'))('links to another distcc', async () => {
    const links = join(box.top, 'links');
    mkdirSync(links);
    symlinkSync('/usr/bin/distcc', join(links, 'cc'));
    const result = await doctor(box, '', { PATH: `${links}:${process.env['PATH']}` });
    expect(about('this machine', result)).toContainEqual(
      expect.stringMatching(/^-- PATH "cc" is distcc, in .*, but another one: \/usr\/bin\/distcc says "distcc 3\.4 /),
    );
  });

  it('variables that stop distribution', async () => {
    const result = await doctor(box, `127.0.0.1:${ours.port}`, {
      DISTCC_HOST: 'a',
      DISTCC_IO_TIMEOUT: 'soon',
      DISTCC_PREPROCESS: 'here',
      _DISTCC_SAFEGUARD: '1',
    });
    expect(about('this machine', result)).toEqual(
      expect.arrayContaining([
        'NO variables _DISTCC_SAFEGUARD is set, so every job is compiled here: unset it',
        'NO variables DISTCC_HOST is not a variable of distcc: write DISTCC_HOSTS, or unset it',
        expect.stringMatching(/^NO variables no job is distributed: Bad DISTCC_IO_TIMEOUT value: soon/),
        expect.stringMatching(/^-- variables DISTCC_PREPROCESS=here: this machine preprocesses every source/),
      ]),
    );
  });

  it('no compiler here at all', async () => {
    const PATH = join(box.top, 'only-node');
    mkdirSync(PATH);
    symlinkSync(process.execPath, join(PATH, 'node'));
    const strict = await startDaemon({ compilers: usual, options: ['--allow', '10.0.0.1'] });
    const [open, shut] = [`127.0.0.1:${ours.port}`, `127.0.0.1:${strict.port}`];
    const result = await doctor(box, `${open} ${shut}`, { PATH, CC: undefined, CXX: undefined });
    await strict.end();
    expect(about('this machine', result)).toContain('NO C there is no "cc" here: install it, or name another in CC');
    expect(about(open, result)).toContain('ok access this machine, 127.0.0.1, is allowed');
    expect(about(shut, result).at(-1)).toMatch(/^NO access .*it does not allow 127\.0\.0\.1/);
  });

  it.each([
    [
      { DISTCC_DIR: '/no/such/folder' },
      '"/no/such/folder/agent" cannot be made in "/no/such/folder": make it, or set DISTCC_DIR',
    ],
    [
      { DISTCC_DIR: '', XDG_RUNTIME_DIR: '', HOME: '/no/home' },
      '"/no/home/.distcc/agent" cannot be made in "/no/home": make it, or set DISTCC_DIR',
    ],
    [
      { DISTCC_DIR: '', XDG_RUNTIME_DIR: '', HOME: '' },
      'none of DISTCC_DIR, XDG_RUNTIME_DIR and HOME names a folder for it: set HOME',
    ],
  ])('no place for an agent: %j', async (environment, why) => {
    expect(about('this machine', await doctor(box, 'a,down', environment))).toContain(
      `NO agent none can run, so every job starts a process of its own: ${why}`,
    );
  });

  it('a folder of the agent that others may enter', async () => {
    const folder = join(box.own, 'agent');
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    expect(about('this machine', await doctor(box, 'a,down'))).toContain(
      `NO agent none can run, so every job starts a process of its own: "${folder}" is open to other accounts: chmod 700 it`,
    );
  });

  it('a compiler that is missing here', async () => {
    const result = await doctor(box, `127.0.0.1:${ours.port}`, { CC: 'no-such-gcc' });
    expect(faultsIn(about('this machine', result))).toEqual([
      'NO C there is no "no-such-gcc" here: install it, or name another in CC',
    ]);
  });
});
