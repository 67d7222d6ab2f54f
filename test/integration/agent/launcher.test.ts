import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { byteText } from '../../../src/system/byte-text.ts';
import { readForeignFile } from '../../../src/system/files/foreign-file.ts';
import { encodeCommand, encodeExit, readEnded, readFailed } from '../../../src/wire/agent/command.ts';
import { encodeSave, encodeWrite, saveFlags } from '../../../src/wire/agent/file.ts';
import { encodeFrame, kinds } from '../../../src/wire/agent/frame.ts';
import { encodeJob } from '../../../src/wire/agent/job.ts';
import { sourceExtensions } from '../../../src/compiler/names/source-name.ts';
import { ownOptions } from '../../../src/config/client-options.ts';
import { lives } from '../../../src/system/processes/living-process.ts';
import { exited, killed } from '../../../src/wire/wait-status.ts';
import { until } from '../../support/daemon.ts';
import { launcherSources, readLauncher } from '../../support/launcher.ts';
import { needs } from '../../support/needs.ts';
import { distccProgram } from '../client/sandbox.ts';
import type { Sandbox } from '../client/sandbox.ts';
import { PlayedAgent } from './played-agent.ts';
import type { Called } from './played-agent.ts';

const standIns = resolve(import.meta.dirname, '../../support/freebsd/include');

describe.skipIf(!needs('cc', 'gcc'))('the launcher', () => {
  let played: PlayedAgent;
  let box: Sandbox;

  beforeEach(async () => {
    played = await PlayedAgent.start();
    ({ box } = played);
  });
  afterEach(() => played.end());

  const call = (words: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Called> => played.call(words, more);

  it('has the words that are for distcc itself', () => {
    const text = readLauncher('distcc.c');
    const own = [...(/ours\[\] = \{([^}]*)\}/.exec(text)?.[1] ?? '').matchAll(/"([^"]*)"/g)].map(([, word]) => word);
    expect(new Set(own)).toEqual(new Set(Object.keys(ownOptions)));
  });

  it('has the names of sources and objects, by which it knows that a compiler was left out', () => {
    const listed = /files\[\] = \{([^}]*)\}/.exec(readLauncher('alone.c'))?.[1] ?? '';
    const extensions = [...listed.matchAll(/"([^"]*)"/g)].map(([, extension]) => extension);
    expect(extensions).toEqual([...sourceExtensions, '.o']);
  });

  it('has the numbers of the messages', () => {
    const text = readLauncher('launcher.h');
    for (const [name, number] of Object.entries(kinds)) expect(text).toMatch(new RegExp(`\\b${name} = ${number}\\b`));
  });

  it('says what it was called for, byte for byte as encodeJob() does', async () => {
    const words = ['gcc', '-c', 'ä b\n.c', ''];
    const { line, job, child, ended } = await call(words, { STRANGE: 'x=y\n', EMPTY: '' });
    expect(job.words).toEqual([distccProgram, ...words].map(byteText));
    expect(job).toMatchObject({
      pid: child.pid,
      directory: box.work,
      umask: process.umask(),
      terminals: [false, false, false],
    });
    expect(job.variables).toEqual(expect.arrayContaining(['STRANGE=x=y\n', 'EMPTY=', `DISTCC_DIR=${box.own}`]));
    const header = encodeFrame(kinds.JOB, line.frames[0]?.content ?? Buffer.alloc(0));
    expect(encodeJob(job).equals(header)).toBe(true);
    line.socket.end(encodeExit(exited(0)));
    await ended;
  });

  it.each([
    [exited(0), { status: 0, signal: null }],
    [exited(37), { status: 37, signal: null }],
    [killed(15), { status: null, signal: 'SIGTERM' }],
    [killed(11), { status: null, signal: 'SIGSEGV' }],
  ])('ends with the wait status %i', async (status, end) => {
    const { line, ended } = await call(['gcc']);
    line.socket.write(encodeExit(status));
    expect(await ended).toMatchObject(end);
  });

  it('writes what it is given', async () => {
    const { line, ended } = await call(['gcc']);
    const big = Buffer.alloc(1_000_000, 'x');
    line.socket.write(encodeWrite(2, Buffer.from('to stderr\n')));
    line.socket.write(encodeWrite(1, big));
    line.socket.write(encodeExit(exited(0)));
    expect(await ended).toMatchObject({ status: 0, stderr: 'to stderr\n', stdout: big.toString() });
  });

  const sh = (script: string, changes: readonly string[] = [], number = 1) => ({
    number,
    argv: ['sh', '-c', script],
    changes,
  });

  it('starts a preprocessor, and says where its output is or sends it', async () => {
    const { line, child, ended } = await call(['gcc'], { GONE: '1' });
    const script = 'cat; printf "%s|%s" "$NEW" "${GONE-none}"; echo said >&2; exit 3';
    line.socket.write(encodeCommand('PREPROCESS', sh(script, ['NEW=a b', 'GONE'], 0)));
    await until(() => line.frames.length === 2, 'the preprocessor ends');
    const { status, size, messages: said, ...where } = readEnded(line.frames[1]?.content ?? Buffer.alloc(0));
    expect([status, size, said]).toEqual([exited(3), 8, 5]);
    const memory = Buffer.alloc(size);
    expect(readForeignFile({ pid: child.pid ?? 0, ...where }, memory)).toBe(true);
    expect(memory.toString()).toBe('a b|none');
    expect(readForeignFile({ pid: child.pid ?? 0, ...where, inode: where.inode + 1 }, memory)).toBe(false);
    line.socket.write(encodeFrame(kinds.SEND_TEXT));
    await until(() => line.frames.length === 4, 'the text is sent, and an empty piece');
    expect(line.frames[2]).toEqual({ kind: kinds.TEXT, content: Buffer.from('a b|none') });
    line.socket.write(encodeFrame(kinds.SHOW));
    line.socket.write(encodeExit(exited(0)));
    expect(await ended).toMatchObject({ stderr: 'said\n', stdout: '' });
  });

  it('sends a text that is longer than what a socket holds', async () => {
    const { line, ended } = await call(['gcc']);
    const script = 'head -c 3000001 /dev/zero | tr "\\0" x';
    line.socket.write(encodeCommand('PREPROCESS', sh(script, [], 0)));
    line.socket.write(encodeFrame(kinds.SEND_TEXT));
    await until(() => line.frames.at(-1)?.content.length === 0, 'the text is sent');
    const texts = line.frames.filter(({ kind }) => kind === kinds.TEXT).map(({ content }) => content);
    expect(Buffer.concat(texts).equals(Buffer.alloc(3_000_001, 'x'))).toBe(true);
    line.socket.write(encodeExit(exited(0)));
    await ended;
  });

  it('says why a program cannot be started', async () => {
    const { line, ended } = await call(['gcc']);
    const command = { ...sh(''), argv: ['/nowhere/gcc'] };
    for (const kind of ['PREPROCESS', 'RUN'] as const) line.socket.write(encodeCommand(kind, command));
    await until(() => line.frames.length === 3, 'both have failed');
    expect(line.frames.slice(1).map(({ content }) => readEnded(content).status)).toEqual([2 << 16, 2 << 16]);
    line.socket.write(encodeCommand('EXEC', command));
    await until(() => line.frames.length === 4, 'all have failed');
    expect(readFailed(line.frames[3]?.content ?? Buffer.alloc(0))).toBe(2);
    line.socket.write(encodeExit(exited(0)));
    await ended;
  });

  it('does the job without an agent that goes away before it hears that a compiler cannot be started', async () => {
    box.write('a.c', 'int main(void) { return 0; }\n');
    const { line, child, ended } = await call(['gcc', '-c', 'a.c', '-o', 'a.o'], { DISTCC_HOSTS: 'localhost' });
    child.kill('SIGSTOP');
    line.socket.write(encodeCommand('RUN', { ...sh(''), argv: ['/nowhere/gcc'] }), () => line.socket.destroy());
    await until(() => !line.open, 'the agent has gone');
    child.kill('SIGCONT');
    expect(await ended).toMatchObject({ status: 0, stderr: '' });
    expect(box.has('a.o')).toBe(true);
  });

  /** Has another program do something before it becomes the launcher, which then runs a script. */
  async function runAfter(preparation: string, script: string) {
    const words = ['-e', `${preparation}; exec @ARGV`, distccProgram, 'gcc'];
    const { ended } = box.start(words, {}, { program: 'perl' });
    await until(() => played.lines[0]?.frames.length === 1, 'it calls');
    played.lines[0]?.socket.write(encodeCommand('RUN', sh(script)));
    return { line: played.lines[0], ended };
  }

  it('hears how a compiler ended also when its caller ignores the end of children', async () => {
    const { line, ended } = await runAfter('$SIG{CHLD} = "IGNORE"', 'exit 7');
    await until(() => line?.frames.length === 2, 'it has run');
    expect(readEnded(line?.frames[1]?.content ?? Buffer.alloc(0)).status).toBe(exited(7));
    line?.socket.write(encodeExit(exited(7)));
    expect(await ended).toMatchObject({ status: 7 });
  });

  it('ends its compiler, and itself, by the alarm that its caller has set', async () => {
    const { ended } = await runAfter('alarm 2', 'echo $$ >sleeper; exec sleep 1000');
    expect((await ended).signal).toBe('SIGALRM');
    expect(() => process.kill(Number(box.read('sleeper').toString()), 0)).toThrow('ESRCH');
  });

  it('gives a script without an interpreter line to sh', async () => {
    writeFileSync(box.path('script'), 'echo "$0 $1"\n', { mode: 0o755 });
    const { line, ended } = await call(['gcc']);
    line.socket.write(encodeCommand('EXEC', { number: 0, argv: ['./script', 'one'], changes: [] }));
    expect(await ended).toMatchObject({ status: 0, stdout: './script one\n' });
  });

  it('runs a command with its own stdin and stdout, and says how it ended', async () => {
    const running = box.start(['gcc'], {}, { input: 'typed' });
    await until(() => played.lines[0]?.frames.length === 1, 'it calls');
    played.lines[0]?.socket.write(encodeCommand('RUN', sh('cat; kill -9 $$')));
    await until(() => played.lines[0]?.frames.length === 2, 'it has run');
    expect(readEnded(played.lines[0]?.frames[1]?.content ?? Buffer.alloc(0)).status).toBe(killed(9));
    played.lines[0]?.socket.write(encodeExit(exited(137)));
    expect(await running.ended).toMatchObject({ status: 137, stdout: 'typed' });
  });

  it('becomes a command that keeps the connection open until it ends', async () => {
    const { line, child, ended } = await call(['gcc']);
    line.socket.write(encodeCommand('EXEC', sh('echo $$; until test -e go; do sleep 0.05; done; exit 5', [], 0)));
    await new Promise((next) => setTimeout(next, 100));
    expect(line.open).toBe(true);
    box.write('go', '');
    expect(await ended).toMatchObject({ status: 5, stdout: `${child.pid}\n` });
    await until(() => !line.open, 'the connection closes');
  });

  it('does the job without an agent that goes away or cannot be understood', async () => {
    box.write('a.c', 'int main(void) { return 0; }\n');
    const first = await call(['gcc', '-c', 'a.c', '-o', 'a.o'], { DISTCC_HOSTS: 'localhost' });
    first.line.socket.destroy();
    expect(await first.ended).toMatchObject({ status: 0, stderr: '' });
    played.lines = [];
    const second = await call(['gcc', '-c', 'a.c', '-o', 'b.o'], { DISTCC_HOSTS: 'localhost' });
    second.line.socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(10)));
    expect(await second.ended).toMatchObject({ status: 0, stderr: '' });
    expect([box.has('a.o'), box.has('b.o')]).toEqual([true, true]);
  });

  it('does all that follows a file with a new name that cannot be made', async () => {
    const { line, ended } = await call(['gcc']);
    const object = { flags: 0, number: 2, path: 'a.o', bytes: Buffer.from('object') };
    const text = { flags: saveFlags.newName, number: 1, path: 'none/a.i', bytes: Buffer.alloc(100_000) };
    for (const save of [text, object]) line.socket.write(encodeSave(save));
    line.socket.write(encodeExit(exited(3)));
    expect(await ended).toMatchObject({ status: 3, stderr: '' });
    expect(box.read('a.o').toString()).toBe('object');
  });

  it.each([
    ['may write only short files', 'ulimit -f 8'],
    ['may open no file beside its connection', 'ulimit -n 11'],
  ])('that %s says that an output cannot be saved, and leaves nothing of it', async (_case, limit) => {
    const script = `${limit}; exec '${distccProgram}' gcc`;
    const { ended } = box.start(['-c', script], {}, { program: '/bin/sh' });
    await until(() => played.lines[0]?.frames.length === 1, 'it says what it was called for');
    const [line] = played.lines;
    const object = { flags: 0, number: 1, path: 'a.o', bytes: Buffer.alloc(100_000) };
    line?.socket.write(encodeSave(object));
    await until(() => line?.frames.at(-1)?.kind === kinds.SAVED, 'it says why not');
    line?.socket.write(encodeFrame(kinds.GO_ON));
    line?.socket.write(encodeExit(exited(3)));
    expect(await ended).toMatchObject({ status: 3, signal: null });
    expect(readdirSync(box.work)).toEqual([]);
  });

  it("lets a file that is too long end what it runs, which is that program's own affair", async () => {
    const script = `ulimit -f 8; exec '${distccProgram}' gcc`;
    const { ended } = box.start(['-c', script], {}, { program: '/bin/sh' });
    await until(() => played.lines[0]?.frames.length === 1, 'it says what it was called for');
    const [line] = played.lines;
    line?.socket.write(encodeCommand('RUN', sh('exec head -c 100000 /dev/zero >long')));
    await until(() => line?.frames.length === 2, 'it says how that has ended');
    expect(readEnded(line?.frames[1]?.content ?? Buffer.alloc(0)).status & 0x7f).toBe(25);
    line?.socket.write(encodeExit(exited(0)));
    await ended;
  });

  it.each(['SIGINT', 'SIGQUIT'] as const)('ends its preprocessor when it is interrupted by %s', async (signal) => {
    const { line, child, ended } = await call(['gcc']);
    line.socket.write(encodeCommand('PREPROCESS', sh('sleep 1000 & echo $! >sleeper; wait')));
    await until(() => box.has('sleeper') && box.read('sleeper').length > 0, 'it runs');
    child.kill(signal);
    expect((await ended).signal).toBe(signal);
    await until(() => !lives(Number(box.read('sleeper').toString())), 'it has ended');
    await until(() => !line.open, 'nobody has its output any more');
  });

  it('waits for the compiler that it ends when it is interrupted', async () => {
    const { line, child, ended } = await call(['gcc']);
    const script = 'trap "sleep 0.3; echo clean >cleaned; exit 1" TERM; echo >began; while :; do sleep 0.05; done';
    line.socket.write(encodeCommand('RUN', sh(script)));
    await until(() => box.has('began'), 'it runs');
    child.kill('SIGINT');
    expect((await ended).signal).toBe('SIGINT');
    expect(box.read('cleaned').toString()).toBe('clean\n');
  });

  it('kills a compiler that does not want to end', async () => {
    const { line, child, ended } = await call(['gcc']);
    line.socket.write(encodeCommand('RUN', sh('trap "" TERM; echo $$ >began; while :; do sleep 0.05; done')));
    await until(() => box.has('began') && box.read('began').length > 0, 'it runs');
    child.kill('SIGTERM');
    expect((await ended).signal).toBe('SIGTERM');
    expect(() => process.kill(Number(box.read('began').toString()), 0)).toThrow('ESRCH');
  });

  it("keeps the user's Node variables from its own programs, and gives them to compilers", async () => {
    const path = `${box.script('cc1', 'echo "$NODE_OPTIONS $OPENSSL_CONF ${_DISTCC_NODE_OPTIONS-none}"')}:${process.env['PATH']}`;
    const more = { NODE_OPTIONS: '-r /nowhere/x', OPENSSL_CONF: '/nowhere/y', PATH: path, DISTCC_AGENT: '0' };
    const result = await box.run(['cc1'], { ...more, DISTCC_HOSTS: 'localhost' });
    expect(result).toMatchObject({ status: 0, stderr: '', stdout: '-r /nowhere/x /nowhere/y none\n' });
    expect(await box.run(['--version'], more)).toMatchObject({ status: 0, stderr: '' });
  });

  it.each(['gcc', 'clang'].filter((name) => needs(name, name)))(
    'compiles with %s without a warning, for FreeBSD with stand-ins for its headers',
    (compiler) => {
      const words = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Werror'];
      const standInsForFreeBsd = ['-D__FreeBSD__', '-isystem', standIns];
      for (const system of [[], standInsForFreeBsd])
        execFileSync(compiler, [...words, ...system, '-O2', ...launcherSources, '-o', box.path('launcher')]);
    },
  );
});
