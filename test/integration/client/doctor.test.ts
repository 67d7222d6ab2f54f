import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { distccdProgram, freePort, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { hasSsh, SshServer } from '../../support/ssh-server.ts';
import { distccProgram, Sandbox } from './sandbox.ts';
import type { Result } from './sandbox.ts';
import { startFakeServer, answer } from './fake-server.ts';
import { startStockDaemon, stockDaemonProgram } from './stock-daemon.ts';
import type { StockDaemon } from './stock-daemon.ts';

const enabled = needs('gcc', 'gcc') && needs('g++', 'g++');
const triple = enabled ? execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim() : '';
/** Names by which a client of ours calls the compilers. */
const usual = ['gcc', 'g++', `${triple}-gcc`, `${triple}-g++`];
const quiet = { CC: 'gcc', CXX: 'g++', CFLAGS: undefined, CXXFLAGS: undefined, CPPFLAGS: undefined };

/** The lines about one machine, without their indentation, as "MARK ABOUT TEXT". */
function about(machine: string, { stdout }: Result): string[] {
  const lines = stdout.split('\n');
  const from = lines.indexOf(machine) + 1;
  if (from === 0) throw new Error(`nothing about ${machine} in ${stdout}`);
  const length = lines.slice(from).findIndex((line) => !line.startsWith('  '));
  return lines.slice(from, from + length).map((line) => line.trim().replaceAll(/ +/g, ' '));
}

const faultsIn = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('NO '));

describe.skipIf(!enabled)('distcc --doctor', () => {
  let box: Sandbox;
  let ours: TestDaemon;

  beforeAll(async () => {
    ours = await startDaemon({ compilers: usual });
  });
  afterAll(() => ours.end());
  beforeEach(() => void (box = new Sandbox({ agent: true })));
  afterEach(() => box.remove());

  const doctor = (hosts: string | undefined, more: NodeJS.ProcessEnv = {}, words: readonly string[] = []) =>
    box.run(['--doctor', ...words], { DISTCC_HOSTS: hosts, ...quiet, ...more });

  it('finds all well with a server of ours', async () => {
    const host = `127.0.0.1:${ours.port}/3`;
    const result = await doctor(`${host} localhost/2`, { LC_ALL: 'C.UTF-8' });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    const lines = about(host, result);
    expect(lines.slice(0, 9)).toEqual([
      '✓ name 127.0.0.1 is an address',
      `✓ port 127.0.0.1:${ours.port} answers`,
      '✓ access this machine, 127.0.0.1, is allowed',
      expect.stringMatching(/^✓ protocol 1; /),
      expect.stringMatching(/^✓ C ".*gcc" compiles there, in \d+ ms$/),
      expect.stringMatching(/^✓ C\+\+ ".*g\+\+" compiles there, in \d+ ms$/),
      expect.stringMatching(/^✓ compiler the same as here: GCC: /),
      '✓ object byte for byte the same as here, C and C++',
      '✓ compression none, by the host list; lzo would work, with ",lzo" after the host',
    ]);
    expect(lines).toContainEqual(
      expect.stringMatching(/^✓ network round trip [\d.]+ ms, (?:about|at least) \d+(?:\.\d)? MB\/s$/),
    );
    expect(lines).toContain('✓ slots 3 by the host list; the server does not tell its own number or its load');
    expect(about('localhost/2', result)).toEqual(['• slots this machine, 2 jobs at a time']);
    expect(about('this machine', result)[0]).toBe(
      '✓ host list $DISTCC_HOSTS: 2 hosts, 5 jobs at a time, so "make -j5"',
    );
    expect(result.stdout).toMatch(/\nall is well\n$/);
    expect(box.temporaries()).toEqual([]);
  });

  it('compares its slots with those of the server, whose page tells the load too', async () => {
    const stats = createServer((socket) => {
      const page = '<distccstats>\ndcc_max_kids 2\ndcc_load1 0.50\n</distccstats>\n';
      socket.on('error', () => {}).once('data', () => socket.end(page));
    });
    // The page is at the port after the server's, which somebody else may have.
    let server = await startDaemon({ compilers: usual });
    for (let tries = 0; tries < 9; tries += 1) {
      stats.listen(server.port + 1, '127.0.0.1');
      if (await once(stats, 'listening').catch(() => false)) break;
      await server.end();
      server = await startDaemon({ compilers: usual });
    }
    const host = `127.0.0.1:${server.port}/8`;
    const result = await doctor(host);
    stats.close();
    await server.end();
    expect(result.status).toBe(0);
    expect(about(host, result)).toEqual(
      expect.arrayContaining([
        '-- slots 8 by the host list, and the server does 2 at a time: write "/2"',
        'ok load 0.50',
      ]),
    );
  });

  it('marks in ASCII where the locale is not UTF-8', async () => {
    const { stdout } = await doctor(`127.0.0.1:${ours.port}`);
    expect(stdout).toMatch(/^ {2}ok port/m);
    expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
  });

  it('examines hosts in parallel and prints them in order', async () => {
    const last = await startFakeServer(answer({}));
    // The first host answers when the last one has been asked.
    const first = createServer((socket) => {
      const passOn = async (): Promise<void> => {
        await until(() => last.connections() > 0, 'the last host is asked');
        const further = connect(ours.port, '127.0.0.1');
        for (const end of [socket, further]) end.on('error', () => {});
        socket.pipe(further).pipe(socket);
      };
      void passOn();
    });
    first.listen(0, '127.0.0.1');
    await once(first, 'listening');
    const place = first.address();
    const hosts = [`127.0.0.1:${typeof place === 'object' ? place?.port : ''}`, 'no-such-host.invalid', last.host];
    const result = await doctor(hosts.join(' '));
    first.close();
    await last.end();
    const places = hosts.map((host) => result.stdout.split('\n').indexOf(host));
    expect(places.every((line) => line > 0)).toBe(true);
    expect([...places].sort((one, other) => one - other)).toEqual(places);
    expect(about(hosts[0] ?? '', result)).toContain('ok object byte for byte the same as here, C and C++');
  });

  it('examines the hosts that are named, with what the list says of them', async () => {
    const hosts = `127.0.0.1:${ours.port}/7,lzo,down other.invalid`;
    const result = await doctor(hosts, {}, ['127.0.0.1']);
    expect(about(`127.0.0.1:${ours.port}/7,lzo,down`, result)).toContain('ok compression lzo, by the host list');
    expect(result.stdout).not.toContain('\nother.invalid\n');
    const strange = await doctor(hosts, {}, ['a::']);
    expect(strange).toMatchObject({ status: 106, stdout: '' });
    expect(strange.stderr).toContain('the command, word 1');
    expect(await doctor(hosts, {}, ['--json'])).toMatchObject({ status: 101, stdout: '' });
  });

  it('ends quietly when nobody reads what it prints', async () => {
    for (const words of [['--doctor'], ['--help']]) {
      const { child, ended } = box.start(words, { DISTCC_HOSTS: `127.0.0.1:${ours.port}`, ...quiet });
      child.stdout?.destroy();
      expect(await ended).toMatchObject({ status: 107, stderr: '' });
    }
  });

  it('passes over hosts that are marked down', async () => {
    const result = await doctor('other.invalid,down');
    expect(about('other.invalid,down', result)).toEqual([
      '-- host list marked down, so it gets no jobs: take ",down" away to use it',
    ]);
  });

  it('tells of the agent, and why that gives a host no jobs', async () => {
    let works = false;
    const moody = await startFakeServer((request) => (works ? answer({})(request) : Buffer.from('nonsense')));
    box.write('a.c', 'int a;\n');
    await box.run(['gcc', '-c', 'a.c'], { DISTCC_HOSTS: moody.host });
    works = true;
    const result = await doctor(moody.host);
    await moody.end();
    expect(about('this machine', result)).toContainEqual(expect.stringMatching(/^ok agent process \d+, 1 job done$/));
    expect(about(moody.host, result)).toContainEqual(
      expect.stringMatching(/^-- agent gives it no jobs for \d+ s more, because it failed: .*bad answer/),
    );
  });

  describe.skipIf(!needs(stockDaemonProgram, 'distcc'))('with stock servers', () => {
    let stock: StockDaemon;
    beforeAll(async () => void (stock = await startStockDaemon()));
    afterAll(() => stock.end());

    it.each(['', ',lzo'])('finds all well%s', async (options) => {
      const host = `127.0.0.1:${stock.port}${options}`;
      const result = await doctor(host);
      expect(result).toMatchObject({ status: 0, stderr: '' });
      const lines = about(host, result);
      expect(faultsIn(lines)).toEqual([]);
      expect(lines).toContain(`ok protocol ${options === '' ? 1 : 2}; sources are preprocessed here for it`);
      expect(lines).toContain('ok object byte for byte the same as here, C and C++');
    });

    it('names a client that is not allowed', async () => {
      const strict = await startStockDaemon({ allow: '10.0.0.1' });
      const host = `127.0.0.1:${strict.port}`;
      const result = await doctor(host);
      await strict.end();
      expect(faultsIn(about(host, result))).toEqual([
        expect.stringMatching(
          /^NO access the server closes the connection at once, so it does not allow 127\.0\.0\.1, .*ALLOWEDNETS.*--allow/,
        ),
      ]);
      expect(result.status).toBe(100);
    });

    it('names a compiler that is missing', async () => {
      const PATH = `${box.script('own-cc', 'exec gcc "$@"')}:${process.env['PATH']}`;
      const host = `127.0.0.1:${stock.port}`;
      const result = await doctor(host, { CC: 'own-cc', PATH });
      expect(faultsIn(about(host, result))).toEqual([
        expect.stringMatching(
          /^NO C it has no own-cc, or cannot run it: install it there, the same version as here \(GCC: .*\)$/,
        ),
      ]);
    });

    it('names a compiler that is not permitted', async () => {
      const strict = await startStockDaemon({ everything: false });
      const PATH = `${box.script('own-cc', 'exec gcc "$@"')}:${process.env['PATH']}`;
      const host = `127.0.0.1:${strict.port}`;
      const result = await doctor(host, { CC: 'own-cc', PATH });
      await strict.end();
      expect(faultsIn(about(host, result))).toContainEqual(
        expect.stringMatching(
          /^NO C the server closed the connection without an answer, .*"own-cc": run update-distcc-symlinks there/,
        ),
      );
    });
  });

  describe('on the usual mistakes', () => {
    it('a name that does not resolve', async () => {
      const result = await doctor('no-such-host.invalid');
      expect(faultsIn(about('no-such-host.invalid', result))).toEqual([
        expect.stringMatching(
          /^NO name failed to resolve host no-such-host\.invalid: .*: correct the name in the host list/,
        ),
      ]);
    });

    it('an address where nothing listens', async () => {
      const host = `127.0.0.1:${await freePort()}`;
      expect(faultsIn(about(host, await doctor(host)))).toEqual([
        `NO port nothing listens at ${host} (Connection refused): start distccd there and have it listen on that address, or correct the host list`,
      ]);
    });

    it('a port of another program', async () => {
      const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n'));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const place = server.address();
      const host = `127.0.0.1:${typeof place === 'object' ? place?.port : ''}`;
      const result = await doctor(host);
      server.close();
      expect(faultsIn(about(host, result))).toEqual([
        'NO protocol what answers there is not distccd, or another version of it: it said "SSH-2.0-OpenSSH_9.2": correct the port in the host list',
      ]);
    });

    it('an address that is not allowed', async () => {
      const strict = await startDaemon({ compilers: usual, options: ['--allow', '10.0.0.1'] });
      const host = `127.0.0.1:${strict.port}`;
      const result = await doctor(host);
      await strict.end();
      expect(faultsIn(about(host, result))).toEqual([
        expect.stringMatching(/^NO access .*it does not allow 127\.0\.0\.1/),
      ]);
    });

    it('a compiler that is not permitted there', async () => {
      const PATH = `${box.script('own-cc', 'exec gcc "$@"')}:${process.env['PATH']}`;
      const host = `127.0.0.1:${ours.port}`;
      const result = await doctor(host, { CC: 'own-cc', PATH });
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
      const result = await doctor(host);
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
      const result = await doctor(undefined, { DISTCC_DIR: box.path('nothing') });
      // The machine may have a list of its own.
      const line = about('this machine', result)[0] ?? '';
      if (!line.includes('/etc/distcc/hosts:'))
        expect(line).toMatch(/^NO host list there is none, so nothing is distributed: set DISTCC_HOSTS, or write /);
      expect(about('this machine', await doctor(''))[0]).toMatch(
        /^NO host list \$DISTCC_HOSTS has no hosts, .*"server1\/8/,
      );
    });

    it("Debian's list of a fresh installation", async () => {
      const lines = about('this machine', await doctor('--randomize +zeroconf'));
      expect(lines[0]).toMatch(/^NO host list \$DISTCC_HOSTS has no hosts/);
      expect(lines[1]).toMatch(/^-- host list \$DISTCC_HOSTS, word 2 \("\+zeroconf"\): /);
    });

    it('a list without volunteers, and one that cannot be read', async () => {
      expect(about('this machine', await doctor('localhost/4 a,down'))[0]).toMatch(
        /^NO host list \$DISTCC_HOSTS has no other machine that may be used, so nothing is distributed/,
      );
      expect(about('this machine', await doctor('a::'))[0]).toMatch(/^NO host list it cannot be used, .*word 1/);
    });

    it('everything is compiled with -march=native', async () => {
      const result = await doctor(`127.0.0.1:${ours.port}`, { CFLAGS: '-O2 -march=native', CXXFLAGS: '-O2' });
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
      const late = await doctor(host, { PATH: `${process.env['PATH']}:${links}` });
      expect(faultsIn(about('this machine', late))).toEqual([
        expect.stringMatching(
          new RegExp(`^NO PATH .* comes before ${links}, so "g?cc" is not distcc: put ${links} first$`),
        ),
      ]);
      const first = await doctor(host, { PATH: `${links}:${process.env['PATH']}` });
      expect(about('this machine', first)).toContain(`ok PATH "cc" is distcc, in ${links}`);
    });

    it('variables that stop distribution', async () => {
      const result = await doctor(`127.0.0.1:${ours.port}`, {
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
      const result = await doctor(`${open} ${shut}`, { PATH, CC: undefined, CXX: undefined });
      await strict.end();
      expect(about('this machine', result)).toContain('NO C there is no "cc" here: install it, or name another in CC');
      expect(about(open, result)).toContain('ok access this machine, 127.0.0.1, is allowed');
      expect(about(shut, result).at(-1)).toMatch(/^NO access .*it does not allow 127\.0\.0\.1/);
    });

    it('a compiler that is missing here', async () => {
      const result = await doctor(`127.0.0.1:${ours.port}`, { CC: 'no-such-gcc' });
      expect(faultsIn(about('this machine', result))).toEqual([
        'NO C there is no "no-such-gcc" here: install it, or name another in CC',
      ]);
    });
  });

  describe.skipIf(!hasSsh())('with hosts that are reached by ssh', () => {
    let server: SshServer;
    beforeEach(async () => void (server = await SshServer.start(join(box.top, 'keys'))));
    afterEach(() => server.stop());

    it('finds all well', async () => {
      const folder = box.script('distccd-there', `exec '${process.execPath}' '${distccdProgram}' "$@" --resident 0`);
      const host = `@127.0.0.1/4:${folder}/distccd-there`;
      const result = await doctor(host, { DISTCC_SSH: server.commands.good });
      expect(faultsIn(about(host, result))).toEqual([]);
      expect(about(host, result)[0]).toBe(`ok ssh logs in to "127.0.0.1" and starts "${folder}/distccd-there" there`);
      expect(about(host, result)).toContain('ok object byte for byte the same as here, C and C++');
    });

    it("shows ssh's own answer", async () => {
      const asked = await doctor('me@127.0.0.1', { DISTCC_SSH: server.commands.strange });
      expect(faultsIn(about('me@127.0.0.1', asked))).toEqual([
        expect.stringMatching(
          /^NO ssh ssh answers: .*Host key verification failed\.: make "ssh me@127\.0\.0\.1 true" work without a question/,
        ),
      ]);
      const missing = await doctor('@127.0.0.1:/no/such/distccd', { DISTCC_SSH: server.commands.good });
      expect(faultsIn(about('@127.0.0.1:/no/such/distccd', missing))).toEqual([
        expect.stringMatching(/^NO ssh ssh answers: .*\/no\/such\/distccd.*: install distccd there, or write its path/),
      ]);
      const none = await doctor('@127.0.0.1', { DISTCC_SSH: '/no/such/ssh' });
      expect(faultsIn(about('@127.0.0.1', none))[0]).toContain('cannot run "/no/such/ssh": No such file or directory');
    });
  });
});
