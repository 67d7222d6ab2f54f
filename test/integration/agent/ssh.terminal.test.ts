import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node-pty';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { distccdProgram, until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';

const able = process.platform === 'linux' && needs('gcc', 'gcc');

describe.skipIf(!able).each([
  ['resident', true],
  ['private', false],
])('ssh and the terminal of a job, with a %s agent', (_kind, agent) => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox({ agent });
    box.write('a.c', 'int main(void) { return 0; }\n');
  });
  afterEach(() => box.remove());

  const environment = (script: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv =>
    box.environment({ DISTCC_HOSTS: '@far', DISTCC_SSH: `${box.script('ssh', script)}/ssh`, ...more });

  it('may ask something where the job has a terminal', async () => {
    const out = join(box.top, 'out');
    const serve = `shift; export TMPDIR=/tmp; '${process.execPath}' '${distccdProgram}' --inetd --enable-tcp-insecure`;
    const script = `printf 'password: ' >/dev/tty; read word </dev/tty; echo "$word" >"$OUT"; ${serve}`;
    const env = environment(script, { DISTCC_FALLBACK: '0', OUT: out });
    const terminal = spawn(distccProgram, ['gcc', '-c', 'a.c'], { cwd: box.work, env });
    let [shown, ended] = ['', -1];
    terminal.onData((text) => (shown += text));
    terminal.onExit(({ exitCode }) => (ended = exitCode));
    await until(() => shown.includes('password: '), 'ssh asks');
    terminal.write('secret\r');
    await until(() => ended !== -1, 'the job has ended');
    expect([ended, readFileSync(out, 'utf8')]).toEqual([0, 'secret\n']);
  });

  it('cannot ask where stdin is not the terminal, and does not wait for an answer either', async () => {
    const script = '(read word </dev/tty) 2>/dev/null || echo "nobody to ask" >&2; exit 255';
    const env = environment(script);
    const shell = `'${distccProgram}' gcc -c a.c -o a.o </dev/null`;
    const terminal = spawn('sh', ['-c', shell], { cwd: box.work, env, cols: 200 });
    let [shown, ended] = ['', -1];
    terminal.onData((text) => (shown += text));
    terminal.onExit(({ exitCode }) => (ended = exitCode));
    await until(() => ended !== -1, 'the job has ended');
    expect([ended, shown.split('\r\n')[0]]).toEqual([0, 'nobody to ask']);
  });
});
