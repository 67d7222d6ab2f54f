import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { distccdProgram, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { hasSsh, SshServer } from '../../support/ssh-server.ts';
import { about, doctor, faultsIn, hasCompilers, quiet, usual } from './doctor-report.ts';
import { answer, startFakeServer } from './fake-server.ts';
import { Sandbox } from './sandbox.ts';
import { startStockDaemon, stockDaemonProgram } from './stock-daemon.ts';
import type { StockDaemon } from './stock-daemon.ts';

describe.skipIf(!hasCompilers)('distcc --doctor', () => {
  let box: Sandbox;
  let ours: TestDaemon;

  beforeAll(async () => {
    ours = await startDaemon({ compilers: usual });
  });
  afterAll(() => ours.end());
  beforeEach(() => void (box = new Sandbox({ agent: true })));
  afterEach(() => box.remove());

  it('finds all well with a server of ours', async () => {
    const host = `127.0.0.1:${ours.port}/3`;
    const result = await doctor(box, `${host} localhost/2`, { LC_ALL: 'C.UTF-8' });
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
    expect(lines).toContain(
      '✓ slots 3 by the host list; the server does not tell its own number or its load, as with --stats',
    );
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
    const result = await doctor(box, host);
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
    const { stdout } = await doctor(box, `127.0.0.1:${ours.port}`);
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
    const result = await doctor(box, hosts.join(' '));
    first.close();
    await last.end();
    const places = hosts.map((host) => result.stdout.split('\n').indexOf(host));
    expect(places.every((line) => line > 0)).toBe(true);
    expect([...places].sort((one, other) => one - other)).toEqual(places);
    expect(about(hosts[0] ?? '', result)).toContain('ok object byte for byte the same as here, C and C++');
  });

  it('examines the hosts that are named, with what the list says of them', async () => {
    const hosts = `127.0.0.1:${ours.port}/7,lzo,down other.invalid`;
    const result = await doctor(box, hosts, {}, ['127.0.0.1']);
    expect(about(`127.0.0.1:${ours.port}/7,lzo,down`, result)).toContain('ok compression lzo, by the host list');
    expect(result.stdout).not.toContain('\nother.invalid\n');
    const strange = await doctor(box, hosts, {}, ['a::']);
    expect(strange).toMatchObject({ status: 106, stdout: '' });
    expect(strange.stderr).toContain('the command, word 1');
    expect(await doctor(box, hosts, {}, ['--json'])).toMatchObject({ status: 101, stdout: '' });
  });

  it('ends quietly when nobody reads what it prints', async () => {
    for (const words of [['--doctor'], ['--help']]) {
      const { child, ended } = box.start(words, { DISTCC_HOSTS: `127.0.0.1:${ours.port}`, ...quiet });
      child.stdout?.destroy();
      expect(await ended).toMatchObject({ status: 107, stderr: '' });
    }
  });

  it('passes over hosts that are marked down', async () => {
    const result = await doctor(box, 'other.invalid,down');
    expect(about('other.invalid,down', result)).toEqual([
      '-- host list marked down, so it gets no jobs: take ",down" away to use it',
    ]);
  });

  it('tells of the agent, and why that gives a host no jobs', async () => {
    let works = false;
    const moody = await startFakeServer((request) => (works ? answer({})(request) : Buffer.from('nonsense')));
    box.write('a.c', 'int a;\n');
    // A launcher does not wait long for the agent that it starts, and does the first job without it on a busy machine.
    await box.run(['gcc', '-c', 'a.c'], { DISTCC_HOSTS: 'localhost' });
    await until(() => box.agents().length === 1, 'the agent runs');
    await box.run(['gcc', '-c', 'a.c'], { DISTCC_HOSTS: moody.host });
    works = true;
    const result = await doctor(box, moody.host);
    await moody.end();
    expect(about('this machine', result)).toContainEqual(
      expect.stringMatching(/^ok agent process \d+, [12] jobs? done$/),
    );
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
      const result = await doctor(box, host);
      expect(result).toMatchObject({ status: 0, stderr: '' });
      const lines = about(host, result);
      expect(faultsIn(lines)).toEqual([]);
      expect(lines).toContain(`ok protocol ${options === '' ? 1 : 2}; sources are preprocessed here for it`);
      expect(lines).toContain('ok object byte for byte the same as here, C and C++');
    });

    it('names a client that is not allowed', async () => {
      const strict = await startStockDaemon(undefined, { allow: '10.0.0.1' });
      const host = `127.0.0.1:${strict.port}`;
      const result = await doctor(box, host);
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
      const result = await doctor(box, host, { CC: 'own-cc', PATH });
      expect(faultsIn(about(host, result))).toEqual([
        expect.stringMatching(
          /^NO C it has no own-cc, or cannot run it: install it there, the same version as here \(GCC: .*\)$/,
        ),
      ]);
    });

    it('names a compiler that is not permitted', async () => {
      const strict = await startStockDaemon(undefined, { everything: false });
      const PATH = `${box.script('own-cc', 'exec gcc "$@"')}:${process.env['PATH']}`;
      const host = `127.0.0.1:${strict.port}`;
      const result = await doctor(box, host, { CC: 'own-cc', PATH });
      await strict.end();
      expect(faultsIn(about(host, result))).toContainEqual(
        expect.stringMatching(
          /^NO C the server closed the connection without an answer, .*"own-cc": run update-distcc-symlinks there/,
        ),
      );
    });
  });

  describe.skipIf(!hasSsh())('with hosts that are reached by ssh', () => {
    let server: SshServer;
    beforeEach(async () => void (server = await SshServer.start(join(box.top, 'keys'))));
    afterEach(() => server.stop());

    it('finds all well', async () => {
      const folder = box.script('distccd-there', `exec '${process.execPath}' '${distccdProgram}' "$@" --resident 0`);
      const host = `@127.0.0.1/4:${folder}/distccd-there`;
      const result = await doctor(box, host, { DISTCC_SSH: server.commands.good });
      expect(faultsIn(about(host, result))).toEqual([]);
      expect(about(host, result)[0]).toBe(`ok ssh logs in to "127.0.0.1" and starts "${folder}/distccd-there" there`);
      expect(about(host, result)).toContain('ok object byte for byte the same as here, C and C++');
    });

    it("shows ssh's own answer", async () => {
      const asked = await doctor(box, 'me@127.0.0.1', { DISTCC_SSH: server.commands.strange });
      expect(faultsIn(about('me@127.0.0.1', asked))).toEqual([
        expect.stringMatching(
          /^NO ssh ssh answers: .*Host key verification failed\.: make "ssh me@127\.0\.0\.1 true" work without a question/,
        ),
      ]);
      const missing = await doctor(box, '@127.0.0.1:/no/such/distccd', { DISTCC_SSH: server.commands.good });
      expect(faultsIn(about('@127.0.0.1:/no/such/distccd', missing))).toEqual([
        expect.stringMatching(/^NO ssh ssh answers: .*\/no\/such\/distccd.*: install distccd there, or write its path/),
      ]);
      const none = await doctor(box, '@127.0.0.1', { DISTCC_SSH: '/no/such/ssh' });
      expect(faultsIn(about('@127.0.0.1', none))[0]).toContain('cannot run "/no/such/ssh": No such file or directory');
    });
  });
});
