import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives } from '../../../src/system/processes/living-process.ts';
import { distccdProgram, freePort, until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { Sandbox } from '../client/sandbox.ts';

const gcc = ['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'];
const noAnswer = 'no answer: ssh has to log in without asking for anything, and to find distccd there';

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'data');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe.skipIf(
  process.platform !== 'linux' ||
    !needs('gcc', 'gcc') ||
    !needs('sshd', 'openssh-server') ||
    !needs('ssh', 'openssh-client'),
)('distcc-agent with hosts that are reached by ssh', () => {
  let box: Sandbox;
  let sshd: ChildProcess;
  let keys: string;
  let host: string;

  const configure = (name: string, key: string, known: string, port: number): string => {
    const lines = ['Host *', `Port ${port}`, `IdentityFile ${keys}/${key}`, 'IdentitiesOnly yes', 'IdentityAgent none'];
    lines.push(`UserKnownHostsFile ${keys}/${known}`, 'GlobalKnownHostsFile /dev/null');
    writeFileSync(join(keys, name), `${lines.join('\n')}\n`);
    return `ssh -F ${keys}/${name}`;
  };

  let ssh: { readonly good: string; readonly strange: string; readonly locked: string };

  beforeEach(async () => {
    box = new Sandbox({ agent: true });
    box.write('a.c', '#include <stdio.h>\nint main(void) { return puts("a"); }\n');
    keys = join(box.top, 'keys');
    mkdirSync(keys, { mode: 0o700 });
    for (const [name, secret] of [
      ['host', ''],
      ['key', ''],
      ['locked', 'secret'],
    ] as const)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', secret, '-f', join(keys, name)]);
    const readKey = (name: string): string => readFileSync(join(keys, `${name}.pub`), 'utf8');
    writeFileSync(join(keys, 'authorized'), readKey('key') + readKey('locked'));
    const port = await freePort();
    writeFileSync(join(keys, 'known'), `[127.0.0.1]:${port} ${readKey('host')}`);
    const lines = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${keys}/host`,
      `AuthorizedKeysFile ${keys}/authorized`,
    ];
    lines.push('UsePAM no', 'StrictModes no', 'PermitRootLogin yes', 'PasswordAuthentication no', 'PidFile none');
    writeFileSync(join(keys, 'sshd_config'), `${lines.join('\n')}\nKbdInteractiveAuthentication no\n`);
    // Debian's service makes it for a daemon that root starts.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(keys, 'sshd_config')], { stdio: 'ignore' });
    while (!(await answers(port))) expect(sshd.exitCode).toBe(null);
    ssh = {
      good: configure('good', 'key', 'known', port),
      strange: configure('strange', 'key', 'nobody', port),
      locked: configure('with-locked', 'locked', 'known', port),
    };
    const folder = box.script('distccd-there', `exec '${process.execPath}' '${distccdProgram}' "$@"`);
    host = `@127.0.0.1/4:${folder}/distccd-there`;
  });
  afterEach(async () => {
    if (sshd.exitCode === null) {
      sshd.kill('SIGTERM');
      await once(sshd, 'exit');
    }
    box.remove();
  });

  it('yields the object of a local compile', async () => {
    const expected = box.localResult(gcc, 'a.o');
    for (const options of ['', ',lzo']) {
      const job = { DISTCC_HOSTS: `${host}${options}`, DISTCC_SSH: ssh.good, DISTCC_FALLBACK: '0' };
      expect(await box.run(['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'], job)).toMatchObject({ status: 0, stderr: '' });
      expect(box.read('a.o').equals(expected)).toBe(true);
    }
  });

  it.each([
    ['a host whose key is not known', 'strange', 'Host key verification failed.'],
    ['a key with a passphrase', 'locked', 'Permission denied (publickey)'],
  ] as const)('compiles here, asks nothing and says why at %s', async (_case, which, said) => {
    const result = await box.run(gcc, {
      DISTCC_HOSTS: host,
      DISTCC_SSH: ssh[which],
      DISPLAY: undefined,
      SSH_ASKPASS: undefined,
    });
    expect(result.status).toBe(0);
    expect(box.has('a.o')).toBe(true);
    const lines = result.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain(said);
    expect(lines[1]).toContain(`ERROR: ${host}: ${noAnswer} (the connection was closed)`);
    expect(lines[2]).toContain('running locally instead');
  });

  it("writes each ssh's messages to the stderr of its job", async () => {
    const names = Array.from({ length: 8 }, (_, at) => `job${at}`);
    const folder = box.script('loud', `echo "here is $WHO" >&2\nexec ${ssh.good} "$@"`);
    const more = { DISTCC_HOSTS: host, DISTCC_SSH: `${folder}/loud`, DISTCC_FALLBACK: '0' };
    const results = await Promise.all(
      names.map((name) => box.run(['gcc', '-c', 'a.c', '-o', `${name}.o`], { ...more, WHO: name })),
    );
    expect(results.map(({ status, stderr }) => [status, stderr])).toEqual(
      names.map((name) => [0, `here is ${name}\n`]),
    );
  });

  it("starts ssh in the job's directory with the job's environment", async () => {
    const script = `#!/bin/sh\npwd >seen\necho "$SSH_AUTH_SOCK $HOME $PATH" >>seen\nexec ${ssh.good} "$@"\n`;
    for (const name of ['tools/ssh-here', 'bin/ssh-there']) chmodSync(box.write(name, script), 0o755);
    // By a relative name, and by a relative directory in PATH.
    for (const [name, path] of [
      ['./tools/ssh-here', '/usr/bin:/bin'],
      ['ssh-there', 'bin:/usr/bin:/bin'],
    ] as const) {
      const job = { SSH_AUTH_SOCK: '/nowhere/agent', HOME: '/home/of-job', PATH: path };
      const result = await box.run(gcc, { DISTCC_HOSTS: host, DISTCC_SSH: name, DISTCC_FALLBACK: '0', ...job });
      expect(result).toMatchObject({ status: 0, stderr: '' });
      expect(box.read('seen').toString()).toBe(`${box.work}\n/nowhere/agent /home/of-job ${path}\n`);
    }
  });

  it('ends ssh, and what a wrapper started, with the launcher that is interrupted', async () => {
    const pids = join(box.top, 'pids');
    const folder = box.script('stuck', `sleep 1000 &\necho "$$ $!" >'${pids}'\nwait`);
    const { child, ended } = box.start(gcc, { DISTCC_HOSTS: host, DISTCC_SSH: `${folder}/stuck` });
    await until(() => existsSync(pids) && readFileSync(pids, 'utf8').endsWith('\n'), 'the wrapper runs');
    const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number);
    expect(started.every(lives)).toBe(true);
    child.kill('SIGTERM');
    expect((await ended).signal).toBe('SIGTERM');
    await until(() => !started.some(lives), 'all of it has ended');
    expect(box.has('a.o')).toBe(false);
  });
});
