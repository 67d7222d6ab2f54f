import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives } from '../../../src/system/processes/living-process.ts';
import { distccdProgram, until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { hasSsh, SshServer } from '../../support/ssh-server.ts';
import type { SshCommands } from '../../support/ssh-server.ts';
import { Sandbox } from '../client/sandbox.ts';

const gcc = ['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'];
const noAnswer = 'no answer: ssh has to log in without asking for anything, and to find distccd there';

describe.skipIf(!needs('gcc', 'gcc') || !hasSsh())('distcc-agent with hosts that are reached by ssh', () => {
  let box: Sandbox;
  let server: SshServer;
  let ssh: SshCommands;
  let host: string;

  beforeEach(async () => {
    box = new Sandbox({ agent: true });
    box.write('a.c', '#include <stdio.h>\nint main(void) { return puts("a"); }\n');
    server = await SshServer.start(join(box.top, 'keys'));
    ssh = server.commands;
    const folder = box.script('distccd-there', `exec '${process.execPath}' '${distccdProgram}' "$@" --resident 0`);
    host = `@127.0.0.1/4:${folder}/distccd-there`;
  });
  afterEach(async () => {
    await server.stop();
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
