import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../src/wire/request.ts';
import { until } from '../../support/daemon.ts';
import { TestService } from '../../support/service-manager.ts';
import type { ServiceSetup } from '../../support/service-manager.ts';
import { connectTo } from '../../support/wire-client.ts';

let service: TestService;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-'));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

function start(setup: ServiceSetup): TestService {
  service = new TestService({ compilers: folder, ...setup });
  return service;
}

function fakeCompiler(script: string): void {
  writeFileSync(join(folder, 'fakecc'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'fakecc'), 0o755);
}

const job = (compiler = 'gcc'): readonly Buffer[] =>
  encodeRequest({
    version: 1,
    argv: [compiler, '-c', 'a.c', '-o', 'a.o'],
    source: Buffer.from('# 1 "a.c"\nint a;\n'),
  });

async function compileOn(port: number, host = '127.0.0.1', compiler = 'gcc'): Promise<string> {
  const { socket, answer } = await connectTo(port, host, host);
  for (const chunk of job(compiler)) socket.write(chunk);
  return (await answer).toString('latin1');
}

function compileOver(path: string, compiler?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', reject).on('end', () => resolve(text));
    for (const chunk of job(compiler)) socket.write(chunk);
  });
}

const compiled = /^DONE00000001STAT00000000/;

describe('the sockets of a service manager', () => {
  it('are served: IPv4, IPv6 and a Unix socket, whose users are let in and named', async () => {
    const path = join(folder, 'socket');
    start({ sockets: ['tcp', 'tcp6', path], options: ['--allow', '127.0.0.1', '--allow', '::1'] });
    await service.says('listening on Unix socket "name2"');
    const [four = 0, six = 0] = service.ports;
    expect(service.log).toContain(`listening on 127.0.0.1:${four}`);
    expect(service.log).toContain(`listening on [::1]:${six}`);
    expect(await compileOn(four)).toMatch(compiled);
    expect(await compileOn(six, '::1')).toMatch(compiled);
    expect(await compileOver(path)).toMatch(compiled);
    await service.says(`client: uid ${process.getuid?.()} COMPILE_OK`);
    expect(await compileOver(path, 'not-a-compiler')).toContain('is not permitted');
    await service.says(`refused a job of uid ${process.getuid?.()}:`);
  });

  it('are served without detaching, and win over --port and --listen with a warning', async () => {
    start({ sockets: ['tcp'], options: ['--port', '1', '--listen', '127.0.0.1', '--allow-private'] });
    await service.says('listening on');
    expect(service.log).toContain('--port and --listen have no effect: the service manager gave the sockets to serve');
    expect(await compileOn(service.ports[0] ?? 0)).toMatch(compiled);
    expect(service.ended).toBeUndefined();
  });

  it.each([
    ['file', 'no socket'],
    ['datagram', 'a datagram socket'],
    ['connected', 'a socket that does not listen'],
  ])('must listen: a %s is refused', async (kind, what) => {
    start({ sockets: ['tcp', kind], names: ['one', 'two'] });
    expect(await service.ends()).toBe(102);
    expect(service.log).toBe(
      `distccd: ERROR: descriptor 4 ("two") of the service manager is ${what}: distccd needs a socket unit with ListenStream= and Accept=no\n`,
    );
  });

  it('are not ours when they were given to another process', async () => {
    start({ sockets: ['tcp'], notForUs: true, options: ['--no-detach', '--idle-exit', '5'] });
    expect(await service.ends()).toBe(101);
    expect(service.log).toContain('--idle-exit needs a service manager that holds the sockets');
  });

  it('reach no compiler, nor do the variables', async () => {
    fakeCompiler('env | cut -d= -f1 | sort | tr "\\n" " "; ls -l /proc/self/fd | sed "s/.* -> //" | tr "\\n" " "');
    start({ sockets: ['tcp'], notify: join(folder, 'notify'), notifyDescriptor: true, watchdog: 60_000_000 });
    await service.hears('READY=1');
    const answer = await compileOn(service.ports[0] ?? 0, '127.0.0.1', 'fakecc');
    expect(answer).toContain('PATH');
    expect(answer).not.toMatch(/LISTEN|NOTIFY|WATCHDOG/);
    expect(answer).not.toContain('socket:');
    const { started } = service;
    expect(execFileSync('ls', ['-l', `/proc/${started[0]}/fd`]).toString()).toContain('socket:');
  });
});

describe('--idle-exit', () => {
  it('ends with status 0 when nobody comes, and the next client starts the service again', async () => {
    start({ sockets: ['tcp'], options: ['--idle-exit', '1'], restart: true, notify: join(folder, 'notify') });
    expect(await service.ends()).toBe(0);
    expect(service.heard).toContain('STOPPING=1');
    expect(await compileOn(service.ports[0] ?? 0)).toMatch(compiled);
    expect(service.started).toHaveLength(2);
  });

  it('loses no connection that arrives while it ends', async () => {
    start({ sockets: ['tcp'], options: ['--idle-exit', '1'], restart: true });
    await service.says('listening on');
    const port = service.ports[0] ?? 0;
    const answers: Promise<string>[] = [];
    // Clients come around the moment at which the idle time of the one before is over.
    for (let round = 0; round < 4; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 990));
      for (let nth = 0; nth < 12; nth += 1) {
        answers.push(compileOn(port));
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      await Promise.all(answers);
    }
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(compiled);
  });

  it('is refused without such sockets', async () => {
    start({ sockets: [], options: ['--no-detach', '--idle-exit', '5'] });
    expect(await service.ends()).toBe(101);
    expect(service.log).toBe(
      'distccd: ERROR: --idle-exit needs a service manager that holds the sockets and starts distccd again: leave it out, or enable distccd.socket\n',
    );
  });
});

describe('what the service manager hears', () => {
  it('names in its status what does not keep jobs apart here', async () => {
    start({ sockets: ['tcp'], notify: join(folder, 'notify'), options: ['--fence', 'none'] });
    await service.hears(/^STATUS=0 running, 0 waiting, 0 done; a compiler could get at .*: --fence none$/);
  });

  it.each([
    ['over $NOTIFY_SOCKET', false],
    ['through a descriptor named notify', true],
  ])('is the whole life, from the process itself: %s', async (_way, notifyDescriptor) => {
    fakeCompiler('sleep 1.5');
    start({ sockets: ['tcp'], notify: join(folder, 'notify'), notifyDescriptor });
    await service.hears('READY=1');
    expect(service.heard.indexOf('STATUS=0 running, 0 waiting, 0 done')).toBeGreaterThan(-1);
    expect(service.log).toContain('listening on');
    const answer = compileOn(service.ports[0] ?? 0, '127.0.0.1', 'fakecc');
    await service.hears('STATUS=1 running, 0 waiting, 0 done');
    await answer;
    await service.hears('STATUS=0 running, 0 waiting, 1 done');
    service.signal('SIGHUP');
    await service.hears(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    const clock = Number(execFileSync('python3', ['-c', 'import time; print(time.monotonic_ns() // 1000)']).toString());
    const began = Number(/USEC=(\d+)/.exec(service.heard.find((line) => line.startsWith('RELOADING')) ?? '')?.[1]);
    expect(clock - began).toBeGreaterThan(0);
    expect(clock - began).toBeLessThan(60_000_000);
    await until(() => service.heard.filter((line) => line === 'READY=1').length === 2, 'ready again');
    service.signal('SIGTERM');
    expect(await service.ends()).toBe(0);
    expect(service.heard.at(-1)).toBe('STOPPING=1');
  });

  it('comes by systemd-notify where the address is abstract', async () => {
    const program = join(folder, 'systemd-notify');
    writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${join(folder, 'said')}\n`);
    chmodSync(program, 0o755);
    chmodSync(folder, 0o777);
    start({ sockets: ['tcp'], notify: `@distccd-test-${process.pid}` });
    await service.says('listening on');
    const said = (): string => execFileSync('cat', [join(folder, 'said')]).toString();
    await until(() => said().includes(' READY=1'), 'the program runs');
    expect(said()).toContain(`@distccd-test-${process.pid} READY=1\n`);
  });

  it('says nothing of being ready when the start fails', async () => {
    start({ sockets: ['tcp'], notify: join(folder, 'notify'), environment: { TMPDIR: '/nonexistent' } });
    expect(await service.ends()).toBe(107);
    expect(service.heard.filter((line) => line.startsWith('READY'))).toEqual([]);
  });

  it('is WATCHDOG=1 in time, and silence when the loop that serves is stuck', async () => {
    start({ sockets: ['tcp'], notify: join(folder, 'notify'), watchdog: 300_000 });
    await service.hears('READY=1');
    const fed = (): number => service.heard.filter((line) => line === 'WATCHDOG=1').length;
    await until(() => fed() > 5, 'it is fed');
    service.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = fed();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(fed()).toBe(before);
    service.signal('SIGCONT');
    await until(() => fed() > before, 'it is fed again');
  });
});
