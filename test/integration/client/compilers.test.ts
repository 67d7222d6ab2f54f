import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { distccdProgram, makeMasquerade, makeOpenFolder, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { hasSsh, SshServer } from '../../support/ssh-server.ts';
import { Sandbox } from './sandbox.ts';
import type { Result } from './sandbox.ts';
import { startStockDaemon, stockDaemonProgram } from './stock-daemon.ts';
import type { StockDaemon } from './stock-daemon.ts';

const hasStock = needs(stockDaemonProgram, 'distcc');
const other = 'gcc-11';
const enabled = needs('gcc', 'gcc') && needs(other, other) && process.platform === 'linux';

/** What a compiler calls itself in objects. */
const versionOf = (compiler: string): string =>
  /\.ident\s+"(.*)"/.exec(
    execFileSync(compiler, ['-S', '-o', '-', '-x', 'c', '/dev/null'], { encoding: 'utf8' }),
  )?.[1] ?? '';

/** The first one only finds out that it listens. */
const connectionsOf = (stock: StockDaemon): number => (stock.log().match(/connection from/g)?.length ?? 0) - 1;

const made = (text: string): number => text.match(/COMPILE_OK/g)?.length ?? 0;

describe.skipIf(!enabled)('a host with another compiler of the same name', () => {
  const top = mkdtempSync(join(tmpdir(), 'test-compilers-'));
  const triple = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
  const [mine, theirs] = [versionOf('gcc'), versionOf(other)];
  const sentence = `has another ${triple}-gcc: "${theirs}" there, "${mine}" here`;
  const names = ['gcc', `${triple}-gcc`, 'g++', `${triple}-g++`, 'clang'];
  let box: Sandbox;
  let wrong: TestDaemon;
  let good: TestDaemon;

  /** A directory in which gcc is a script. */
  function folderWith(name: string, script: string): string {
    const folder = join(top, name);
    mkdirSync(folder, { recursive: true });
    chmodSync(top, 0o755);
    for (const program of ['gcc', `${triple}-gcc`]) {
      writeFileSync(join(folder, program), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, program), 0o755);
    }
    return folder;
  }

  beforeAll(async () => {
    wrong = await startDaemon({ compilers: names, path: folderWith('wrong', `exec ${other} "$@"`) });
    good = await startDaemon({ compilers: names });
  });
  afterAll(async () => {
    await wrong.end();
    await good.end();
    rmSync(top, { recursive: true, force: true });
  });
  beforeEach(() => {
    box = new Sandbox({ agent: true });
    box.write('a.c', 'int f(int x) { return x; }\n');
  });
  afterEach(() => box.remove());

  const gcc = (
    hosts: string,
    more: NodeJS.ProcessEnv = {},
    words: readonly string[] = ['-c', 'a.c'],
  ): Promise<Result> => box.run(['gcc', ...words], { DISTCC_HOSTS: hosts, ...more });

  const at = (daemon: { readonly port: number }, options = ''): string => `127.0.0.1:${daemon.port}/4${options}`;
  const said = (result: Result): number => result.stderr.split(sentence).length - 1;

  it.each(['', ',lzo'])(
    'loses its first object, is named once with both versions, and the job is done elsewhere%s',
    async (options) => {
      const expected = box.localResult(['gcc', '-c', 'a.c'], 'a.o');
      const before = [made(wrong.log()), made(good.log())] as const;
      const first = await gcc(`${at(wrong, options)} ${at(good, options)}`);
      expect([first.status, said(first), box.read('a.o').equals(expected)]).toEqual([0, 1, true]);
      expect(first.stderr).toContain('DISTCC_MISMATCH=allow');
      await good.logs(/COMPILE_OK/);
      for (const _ of [1, 2]) {
        const next = await gcc(`${at(wrong, options)} ${at(good, options)}`);
        expect([next.status, next.stderr, box.read('a.o').equals(expected)]).toEqual([0, '', true]);
      }
      await until(() => made(good.log()) === before[1] + 3, 'three jobs at the right host');
      expect(made(wrong.log())).toBe(before[0] + 1);
    },
  );

  it('is used all the same with DISTCC_MISMATCH=allow, and at once', async () => {
    const expected = box.localResult([other, '-c', 'a.c'], 'a.o');
    await gcc(at(wrong));
    const allowed = await gcc(at(wrong), { DISTCC_MISMATCH: 'allow' });
    expect([allowed.status, allowed.stderr, box.read('a.o').equals(expected)]).toEqual([0, '', true]);
  });

  it('is told by its assembler text too', async () => {
    const result = await gcc(`${at(wrong)} ${at(good)}`, {}, ['-S', 'a.c']);
    expect([result.status, said(result)]).toEqual([0, 1]);
    expect(box.read('a.s').toString()).toContain(mine);
  });

  it('is found by the line that it is asked with, where warnings are errors', async () => {
    const before = made(wrong.log());
    const result = await gcc(`${at(wrong)} ${at(good)}`, {}, ['-Werror', '-m64', '-c', 'a.c']);
    expect([result.status, said(result)]).toEqual([0, 1]);
    expect(made(wrong.log())).toBe(before + 1);
    expect(wrong.log()).toContain('asked.c');
  });

  it.skipIf(!hasStock)('is found by the next object when the first names no version', async () => {
    const stock = await startStockDaemon(folderWith('silent', `exec ${other} "$@"`));
    try {
      const silent = await gcc(at(stock), {}, ['-fno-ident', '-c', 'a.c']);
      expect([silent.status, silent.stderr]).toEqual([0, '']);
      expect(said(await gcc(at(stock)))).toBe(1);
    } finally {
      await stock.end();
    }
  });

  it('gets jobs of its other compilers', async () => {
    await gcc(at(wrong));
    box.write('b.cc', 'int g(int x) { return x; }\n');
    const expected = box.localResult(['g++', '-c', 'b.cc'], 'b.o');
    const before = made(wrong.log());
    const result = await box.run(['g++', '-c', 'b.cc'], { DISTCC_HOSTS: at(wrong) });
    expect([result.status, result.stderr, box.read('b.o').equals(expected)]).toEqual([0, '', true]);
    await until(() => made(wrong.log()) === before + 1, 'a job of g++');
  });

  it('tells what its compiler is, and then gets no job of it at all', async () => {
    const own = await startDaemon({ compilers: names, path: folderWith('twice', `exec ${other} "$@"`) });
    try {
      // The host has to have been met, with a compiler that is the same.
      await box.run(['g++', '-x', 'c++', '-c', 'a.c'], { DISTCC_HOSTS: at(own) });
      await gcc(at(own), { DISTCC_BACKOFF_PERIOD: '0' });
      await own.logs(new RegExp(`COMPILE_OK.*${triple}-gcc`));
      let before = -1;
      // It looks at the compiler while and after it has done that job.
      for (let round = 0; before !== made(own.log()) && round < 100; round += 1) {
        before = made(own.log());
        const result = await gcc(at(own), { DISTCC_BACKOFF_PERIOD: '0' });
        expect([result.status, said(result)]).toEqual([0, 0]);
      }
      expect(own.log()).toMatch(/closed without a job/);
      expect(own.log()).not.toMatch(/ERROR/);
    } finally {
      await own.end();
    }
  });

  it('is not one that only says to be another version', async () => {
    const script = `case "$*" in *ersion*) echo '99.1';; *) exec /usr/bin/gcc "$@";; esac`;
    const own = await startDaemon({ compilers: names, path: folderWith('faked', script) });
    try {
      for (const round of [1, 2, 3]) {
        const result = await gcc(at(own));
        expect([round, result.status, result.stderr]).toEqual([round, 0, '']);
      }
      await until(() => made(own.log()) === 3, 'three jobs');
    } finally {
      await own.end();
    }
  });

  it('is one of the same version that makes other code, as soon as it has been looked at', async () => {
    const own = await startDaemon({ compilers: names, path: folderWith('plain', 'exec /usr/bin/gcc -fno-pie "$@"') });
    try {
      let text = '';
      for (let round = 0; round < 100 && text === ''; round += 1) text = (await gcc(at(own))).stderr;
      expect(text).toContain(`both are "${mine}", and the one there makes other code of the same source`);
    } finally {
      await own.end();
    }
  });

  it.skipIf(!hasStock)('is found with a stock server, which gets the usual jobs and nothing else', async () => {
    const stock: StockDaemon = await startStockDaemon(folderWith('stock', `exec ${other} "$@"`));
    try {
      const expected = box.localResult(['gcc', '-c', 'a.c'], 'a.o');
      const first = await gcc(`${at(stock)} ${at(good)}`);
      expect([first.status, said(first), box.read('a.o').equals(expected)]).toEqual([0, 1, true]);
      const next = await gcc(`${at(stock)} ${at(good)}`);
      expect([next.status, next.stderr, box.read('a.o').equals(expected)]).toEqual([0, '', true]);
      await until(() => made(stock.log()) === 1, 'one job at the stock server');
      expect(connectionsOf(stock)).toBe(1);
    } finally {
      await stock.end();
    }
  });

  it.skipIf(!hasStock)('is not a stock server with the same one, which gets each job once', async () => {
    const stock = await startStockDaemon();
    try {
      for (const _ of [1, 2, 3]) expect(await gcc(at(stock))).toMatchObject({ status: 0, stderr: '' });
      await until(() => made(stock.log()) === 3, 'three jobs');
      expect(connectionsOf(stock)).toBe(3);
    } finally {
      await stock.end();
    }
  });

  it.skipIf(!needs('clang', 'clang'))('is not one with the same clang', async () => {
    const before = made(good.log());
    for (const _ of [1, 2, 3]) {
      const result = await box.run(['clang', '-c', 'a.c'], { DISTCC_HOSTS: at(good) });
      expect([result.status, result.stderr]).toEqual([0, '']);
    }
    await until(() => made(good.log()) === before + 3, 'three jobs of clang');
  });

  /** Starts `distccd --inetd` for each connection. */
  async function superServer(path: string, temporary: string, masks: string): Promise<Server> {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      const words = [distccdProgram, '--inetd', '--allow', '127.0.0.1', '--masquerade-dir', masks];
      const env = { ...process.env, TMPDIR: temporary, PATH: `${path}:/usr/bin:/bin` };
      const child = spawn(process.execPath, words, { stdio: [socket, socket, 'ignore'], env });
      child.on('exit', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  it('is found under inetd, where a process serves one client', async () => {
    const place = mkdtempSync(join(top, 'inetd-'));
    const temporary = makeOpenFolder(place, 'tmp');
    const server = await superServer(
      folderWith('super', `exec ${other} "$@"`),
      temporary,
      makeMasquerade(place, names),
    );
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
      const { port } = server.address() as AddressInfo;
      const result = await gcc(`${at({ port })} ${at(good)}`);
      expect([result.status, said(result)]).toEqual([0, 1]);
    } finally {
      server.close();
    }
  });

  it('is answered at once where its compiler is permitted and not installed, and gets other jobs', async () => {
    const own = await startDaemon({ compilers: [...names, 'gcc-99'] });
    try {
      const PATH = `${folderWith('here', 'exec /usr/bin/gcc "$@"')}:${process.env['PATH'] ?? ''}`;
      writeFileSync(join(top, 'here', 'gcc-99'), '#!/bin/sh\nexec /usr/bin/gcc "$@"\n', { mode: 0o755 });
      await box.run(['g++', '-x', 'c++', '-c', 'a.c'], { DISTCC_HOSTS: at(own) });
      for (const round of [1, 2]) {
        const missing = await box.run(['gcc-99', '-c', 'a.c'], { DISTCC_HOSTS: at(own), PATH });
        const told = missing.stderr.split('has no gcc-99, or cannot run it: until it is installed there').length - 1;
        expect([round, missing.status, told]).toEqual([round, 0, round === 1 ? 1 : 0]);
      }
      // Nothing was asked of it before that, and no toolchain was looked for.
      expect(own.log().match(/failed to exec gcc-99: No such file or directory/g)).toHaveLength(1);
      const before = made(own.log());
      expect(await box.run(['g++', '-x', 'c++', '-c', 'a.c'], { DISTCC_HOSTS: at(own) })).toMatchObject({ stderr: '' });
      await until(() => made(own.log()) === before + 1, 'a job of g++');
    } finally {
      await own.end();
    }
  });

  it.skipIf(!hasSsh())('is found over ssh', async () => {
    const place = mkdtempSync(join(top, 'ssh-'));
    const server = await SshServer.start(join(place, 'keys'));
    try {
      chmodSync(place, 0o755);
      const temporary = makeOpenFolder(place, 'tmp');
      const path = folderWith('overssh', `exec ${other} "$@"`);
      const variables = `TMPDIR='${temporary}' DISTCCD_PATH='${path}:/usr/bin:/bin'; export TMPDIR DISTCCD_PATH; unset XDG_RUNTIME_DIR`;
      const command = `exec '${process.execPath}' '${distccdProgram}' "$@" --resident 0 --enable-tcp-insecure`;
      const script = `${box.script('distccd-there', `${variables}\n${command}`)}/distccd-there`;
      const result = await gcc(`@127.0.0.1/4:${script} ${at(good)}`, { DISTCC_SSH: server.commands.good });
      expect([result.status, said(result)]).toEqual([0, 1]);
    } finally {
      await server.stop();
    }
  });
});
