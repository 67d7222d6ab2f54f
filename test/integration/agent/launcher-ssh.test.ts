import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCarry, encodeKeep, readAnswer } from '../../../src/wire/agent/carry.ts';
import type { CarryMessage } from '../../../src/wire/agent/carry.ts';
import { encodeCommand, encodeExit } from '../../../src/wire/agent/command.ts';
import { encodeFrame, kinds } from '../../../src/wire/agent/frame.ts';
import { lives } from '../../../src/system/processes/living-process.ts';
import { encodeResponse } from '../../../src/wire/response.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { distccdProgram, until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';
import { heard, PlayedAgent } from './played-agent.ts';
import type { Called } from './played-agent.ts';

const gcc = ['gcc', '-c', 'a.c', '-o', 'a.o'];
const noAnswer = 'no answer: ssh has to log in without asking for anything, and to find distccd there';
const able = process.platform === 'linux' && needs('gcc', 'gcc');

/** What scripts have started: a test that fails leaves nothing. */
const known: number[] = [];
afterEach(() => {
  for (const pid of known.splice(0)) if (lives(pid)) process.kill(pid, 'SIGKILL');
});

/** The processes whose numbers a script has written into a file, which ends with a newline then. */
async function startedBy(path: string): Promise<number[]> {
  await until(
    () => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'),
    'the script has said whom it started',
  );
  const pids = readFileSync(path, 'utf8').trim().split(/\s+/).map(Number);
  known.push(...pids);
  return pids;
}

describe.skipIf(!able).each([
  ['resident', true],
  ['private', false],
])('a host that is reached by ssh, with a %s agent', (_kind, agent) => {
  let box: Sandbox;
  let out: string;

  beforeEach(() => {
    box = new Sandbox({ agent });
    box.write('a.c', 'int main(void) { return 0; }\n');
    out = join(box.top, 'out');
  });
  afterEach(() => box.remove());

  const serve = `shift; export TMPDIR=/tmp; '${process.execPath}' '${distccdProgram}' --inetd --enable-tcp-insecure`;
  const hosts = (script: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    DISTCC_HOSTS: '@far',
    DISTCC_SSH: `${box.script('ssh', script)}/ssh`,
    OUT: out,
    ...more,
  });

  it.each(['@far', '@far,lzo'])(
    'is asked in the directory and with the environment of the job, byte for byte: %s',
    (host) => {
      const script = `pwd >"$OUT"; cat /proc/$$/environ >>"$OUT"; ${serve}`;
      const shell =
        `a=$(printf 'h\\344 x'); mkdir "$a"; cp a.c "$a"; cd "$a"; export STRANGE="$a" NEWLINE="x\ny"\n` +
        `(pwd; cat /proc/self/environ) >"$OUT.expected"; exec '${distccProgram}' gcc -c a.c`;
      const env = box.environment(hosts(script, { DISTCC_HOSTS: host, DISTCC_FALLBACK: '0' }));
      const { status, stderr } = spawnSync('sh', ['-c', shell], { cwd: box.work, env, encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const variables = (path: string): string[] =>
        readFileSync(path, 'latin1')
          .split(/[\n\0]/)
          .sort();
      expect(variables(out)).toEqual(variables(`${out}.expected`));
      expect(readFileSync(out, 'latin1')).toContain('STRANGE=h\u00e4 x\0');
    },
  );

  it('is asked by an ssh that has the descriptors of the build and no other', () => {
    // A shell has descriptors of its own; what it becomes has not.
    const list = 'exec ls -l /proc/self/fd';
    const shell = `(${list} >"$OUT.expected" 9<a.c); exec '${distccProgram}' gcc -c a.c 9<a.c`;
    const env = box.environment(hosts(`${list} >"$OUT"`));
    expect(spawnSync('sh', ['-c', shell], { cwd: box.work, env }).status).toBe(0);
    const others = (path: string): string[] =>
      [...readFileSync(path, 'utf8').matchAll(/ (\d+) -> (.*)/g)]
        .filter(([, fd, to = '']) => Number(fd) > 2 && !to.endsWith('/fd'))
        .map(([line]) => line);
    expect(others(out)).toEqual(others(`${out}.expected`));
    expect(others(out).some((line) => line.endsWith(`9 -> ${box.path('a.c')}`))).toBe(true);
  });

  it('has the messages of ssh on the stderr of its job, once; the job is done here when ssh ends early', async () => {
    const { status, stderr } = await box.run(gcc, hosts('echo "not today" >&2; exit 255'));
    expect(status).toBe(0);
    const lines = stderr.trimEnd().split('\n');
    expect(lines[0]).toBe('not today');
    expect(lines[1]).toContain(`ERROR: @far: ${noAnswer} (the connection was closed)`);
    expect(lines).toHaveLength(3);
    expect(box.has('a.o')).toBe(true);
  });

  it('is told apart from one whose ssh is missing', async () => {
    const { status, stderr } = await box.run(gcc, { DISTCC_HOSTS: '@far', DISTCC_SSH: 'no-such-ssh -x' });
    expect(status).toBe(0);
    expect(stderr).toContain('ERROR: @far: failed to exec no-such-ssh: No such file or directory\n');
  });

  it('is given up when ssh is silent, and ssh ends with all that it started', async () => {
    const more = hosts('sleep 1000 & echo "$$ $!" >"$OUT"; wait', { DISTCC_IO_TIMEOUT: '1' });
    const { status, stderr } = await box.run(gcc, more);
    expect(status).toBe(0);
    expect(stderr).toContain(`ERROR: @far: ${noAnswer} (IO timeout: no byte was moved for 1 s)`);
    const started = await startedBy(out);
    await until(() => !started.some(lives), 'all of it has ended');
  });

  it('is given up when the job is interrupted, and ssh ends with all that it started', async () => {
    const { child, ended } = box.start(gcc, hosts('sleep 1000 & echo "$$ $!" >"$OUT"; wait'));
    const started = await startedBy(out);
    child.kill('SIGTERM');
    expect((await ended).signal).toBe('SIGTERM');
    await until(() => !started.some(lives), 'all of it has ended');
    expect(box.has('a.o')).toBe(false);
  });

  it('may leave an ssh that lives on after the answer: nobody waits for it', async () => {
    const script = `${serve}; exec >/dev/null 2>&1 </dev/null; sleep 1000 & echo "$$ $!" >"$OUT"; wait`;
    const { status, stderr } = await box.run(gcc, hosts(script, { DISTCC_FALLBACK: '0' }));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const started = await startedBy(out);
    expect(started.every(lives)).toBe(true);
  });
});

describe.skipIf(!able)('the launcher with ssh', () => {
  let played: PlayedAgent;
  beforeEach(async () => {
    played = await PlayedAgent.start();
  });
  afterEach(() => played.end());

  const carry = (script: string, more: Partial<CarryMessage> = {}): Buffer =>
    encodeCarry({
      way: { kind: 'ssh', command: ['sh', '-c', script] },
      connectMs: 5000,
      idleMs: 20_000,
      body: 'text',
      ending: 'object',
      tells: false,
      token: 'DOTI',
      head: Buffer.from('head'),
      ...more,
    });
  const command = (kind: 'PREPROCESS' | 'RUN', script: string): Buffer =>
    encodeCommand(kind, { number: 1, argv: ['sh', '-c', script], changes: [] });

  /** Has a launcher do what an agent says; gives it, and a way to say more. */
  async function play(...said: readonly Buffer[]): Promise<Called> {
    const called = await played.call(['gcc']);
    called.line.socket.write(Buffer.concat(said));
    return called;
  }

  it('has ended and reaped a broken one before anything else is started, also one that ignores that', async () => {
    const stuck = `trap '' TERM; echo $$ >stuck; exec >&- <&-; while :; do sleep 0.1; done`;
    const zombies = 'cat /proc/[0-9]*/stat 2>/dev/null | awk -v of=$PPID \'$4 == of && $3 == "Z"\'; exit 3';
    const { line, ended } = await play(command('PREPROCESS', 'printf text'), carry('exit 1'));
    expect(readAnswer(await heard(line, 2, 'ANSWER')).step).toBe('exchanging');
    line.socket.write(carry(stuck));
    expect(readAnswer(await heard(line, 3, 'ANSWER')).step).toBe('exchanging');
    line.socket.write(command('RUN', zombies));
    await heard(line, 4, 'ENDED');
    const [ssh = 0] = await startedBy(played.box.path('stuck'));
    expect(lives(ssh)).toBe(false);
    line.socket.write(encodeExit(exited(3)));
    expect(await ended).toMatchObject({ status: 3, stdout: '', stderr: '' });
  });

  it.each<readonly [string, readonly Buffer[]]>([
    ['is told how to end', [encodeExit(exited(0))]],
    ['has something else to do', [command('RUN', 'true'), encodeExit(exited(0))]],
    ['is left to an agent of its own', [encodeFrame(kinds.PRIVATE)]],
  ])('ends it when it waits for a body and %s', async (_how, then) => {
    const waiting = carry('echo $$ >waiting; exec sleep 1000', { body: 'kept' });
    const { line, ended } = await play(command('PREPROCESS', 'printf text'), waiting);
    const [ssh = 0] = await startedBy(played.box.path('waiting'));
    expect(lives(ssh)).toBe(true);
    line.socket.write(Buffer.concat(then));
    await until(() => !lives(ssh), 'ssh has ended');
    await ended;
  });

  it('ends it when its agent dies', async () => {
    const { line, ended } = await play(command('PREPROCESS', 'printf text'), carry('echo $$ >here; exec sleep 1000'));
    const [ssh = 0] = await startedBy(played.box.path('here'));
    line.socket.destroy();
    await until(() => !lives(ssh), 'ssh has ended');
    await ended;
  });

  it('ends it and the preprocessor when it is interrupted', async () => {
    const busy = (name: string): string => `echo $$ >${name}; exec sleep 1000`;
    const { child, ended } = await play(command('PREPROCESS', busy('cpp')), carry(busy('ssh')));
    const [[cpp = 0], [ssh = 0]] = [await startedBy(played.box.path('cpp')), await startedBy(played.box.path('ssh'))];
    child.kill('SIGINT');
    expect((await ended).signal).toBe('SIGINT');
    await until(() => !lives(ssh) && !lives(cpp), 'both have ended');
  });

  it('sends a long body and takes a long answer at the same time', async () => {
    const object = Buffer.alloc(3_000_000, 'o');
    const none = Buffer.alloc(0);
    const response = Buffer.concat(encodeResponse({ version: 1, status: 0, stderr: none, stdout: none, object }));
    played.box.write('response', response.toString('latin1'));
    const text = 'x'.repeat(4_000_000);
    const { line, ended } = await play(
      command('PREPROCESS', 'printf text'),
      carry('cat response & exec cat >came', { body: 'kept' }),
      encodeKeep(Buffer.from(text)),
    );
    expect(readAnswer(await heard(line, 2, 'ANSWER'))).toMatchObject({ step: 'done', size: response.length });
    line.socket.write(encodeExit(exited(0)));
    await ended;
    expect(`headDOTI003d0900${text}`.startsWith(played.box.read('came').toString())).toBe(true);
  });
});
