import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCommand, encodeExit, readEnded } from '../../../src/wire/agent/command.ts';
import { encodeAppend, encodeLook, encodeRead, readContent, readFound } from '../../../src/wire/agent/file.ts';
import { encodeFrame, kinds } from '../../../src/wire/agent/frame.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { distccProgram } from '../client/sandbox.ts';
import type { Sandbox } from '../client/sandbox.ts';
import { heard, PlayedAgent } from './played-agent.ts';
import type { Called } from './played-agent.ts';

const able = process.platform === 'linux' && needs('cc', 'gcc') && needs('python3', 'python3');

const exit = (status: number): Buffer => encodeExit(exited(status));

describe.skipIf(!able)("the caller's files that an agent asks the launcher for", () => {
  let played: PlayedAgent;
  let box: Sandbox;

  beforeEach(async () => {
    played = await PlayedAgent.start();
    ({ box } = played);
  });
  afterEach(() => played.end());

  const call = (): Promise<Called> => played.call(['gcc', '-c', 'a.c']);

  it('LOOK finds the programs of PATH in its order, tells which are distcc, and passes over what is not a program', async () => {
    const [first, second] = ['first', 'second'].map((name) => join(box.work, name));
    fs.mkdirSync(`${first}/cc`, { recursive: true });
    box.write('second/cc', '#!/bin/sh\n');
    box.write('cc', '#!/bin/sh\n');
    box.write('first/gcc', '#!/bin/sh\n');
    for (const name of ['cc', 'second/cc']) fs.chmodSync(box.path(name), 0o755);
    fs.symlinkSync(distccProgram, `${second}/gcc`);
    fs.symlinkSync('second/gcc', box.path('gcc'));
    const { line, ended } = await call();
    line.socket.write(encodeLook(`${first}:/nowhere:${second}/::second`, ['cc', 'gcc', 'none']));
    const found = readFound(await heard(line, 1, 'FOUND'));
    const told = found.map(({ name, entry, ours, real, inode }) => ({
      at: [name, entry],
      ours,
      real,
      same: inode === fs.statSync(real).ino,
    }));
    const program = (name: number, entry: number, real: string, ours: boolean) => ({
      at: [name, entry],
      ours,
      real,
      same: true,
    });
    expect(told).toEqual([
      program(0, 2, `${second}/cc`, false),
      program(0, 3, box.path('cc'), false),
      program(0, 4, `${second}/cc`, false),
      program(1, 2, distccProgram, true),
      program(1, 3, distccProgram, true),
      program(1, 4, distccProgram, true),
    ]);
    line.socket.write(exit(0));
    await ended;
  });

  it('READ gives a file, at most 1 MiB of it, the reason why not, and nothing of what has to be waited for', async () => {
    box.write('file', 'a b\n');
    box.write('long', 'x'.repeat(1_500_000));
    for (const name of ['unwritten', 'silent']) execFileSync('mkfifo', [box.path(name)]);
    // Somebody who has opened the fifo to write, and does not.
    const holder = box.start(['-c', 'exec 3<>silent; : >held; exec sleep 1000'], {}, { program: 'sh' });
    await until(() => box.has('held'), 'the fifo is open');
    const { line, ended } = await call();
    for (const name of ['file', 'long', 'none', '.', 'unwritten', 'silent']) line.socket.write(encodeRead(name));
    await heard(line, 6, 'CONTENT');
    const told = line.frames.slice(1).map(({ content }) => readContent(content));
    expect(told.map((one) => ('bytes' in one ? one.bytes.length : `error ${one.error}`))).toEqual([
      4,
      1024 * 1024,
      'error 2',
      'error 21',
      0,
      0,
    ]);
    expect(told[0]).toEqual({ error: 0, bytes: Buffer.from('a b\n') });
    holder.child.kill('SIGKILL');
    line.socket.write(exit(0));
    await ended;
  });

  const take = (source: string, output = ''): Buffer =>
    encodeCommand('TAKE', { number: 1, argv: ['cat'], changes: [], source, output });

  it('TAKE uses the source as its text, of whatever kind it is, or says why it cannot', async () => {
    const text = '# 1 "a.c"\nint x;\n'.repeat(10_000);
    box.write('a.i', text);
    execFileSync('mkfifo', [box.path('fifo.i')]);
    const { line, ended } = await call();
    line.socket.write(take('a.i', 'a.o'));
    expect(readEnded(await heard(line, 1, 'ENDED'))).toMatchObject({ status: 0, size: text.length });
    line.socket.write(encodeFrame(kinds.SEND_TEXT));
    expect((await heard(line, 2, 'TEXT')).toString()).toBe(text);
    await heard(line, 3, 'TEXT');
    const writer = box.start(['-c', 'printf fifo >fifo.i'], {}, { program: 'sh' });
    line.socket.write(take('fifo.i', 'a.o'));
    expect(readEnded(await heard(line, 4, 'ENDED'))).toMatchObject({ status: 0, size: 4, messages: 0 });
    await writer.ended;
    line.socket.write(Buffer.concat([take('none.i'), take('.')]));
    expect(readEnded(await heard(line, 5, 'ENDED')).status).toBe(2 << 16);
    expect(readEnded(await heard(line, 6, 'ENDED')).status).toBe(21 << 16);
    line.socket.write(exit(0));
    await ended;
  });

  it('TAKE and PREPROCESS tell of an output that is the source or cannot be written', async () => {
    box.write('a.i', 'int x;\n');
    box.write('old.o', 'old');
    fs.mkdirSync(box.path('folder'));
    fs.symlinkSync('a.i', box.path('link.o'));
    fs.linkSync(box.path('a.i'), box.path('same.o'));
    fs.symlinkSync('old.o', box.path('other.o'));
    const outputs = ['a.i', './a.i', 'link.o', 'same.o', 'folder', 'none/a.o', 'a.o', 'old.o', 'other.o', ''];
    const { line, ended } = await call();
    const preprocess = (output: string): Buffer =>
      encodeCommand('PREPROCESS', { number: 1, argv: ['true'], changes: [], source: 'a.i', output });
    for (const output of outputs) line.socket.write(Buffer.concat([take('a.i', output), preprocess(output)]));
    await heard(line, 2 * outputs.length, 'ENDED');
    const told = outputs.map((output, at) =>
      [1, 2].map((more) => {
        const { outputIsSource, notWritable } = readEnded(line.frames[2 * at + more]?.content ?? Buffer.alloc(0));
        return outputIsSource ? `${output} is the source` : notWritable ? `cannot write ${output}` : 'well';
      }),
    );
    const said = [
      ...outputs.slice(0, 4).map((output) => `${output} is the source`),
      ...outputs.slice(4, 6).map((output) => `cannot write ${output}`),
      ...outputs.slice(6).map(() => 'well'),
    ];
    expect(told).toEqual(said.map((one) => [one, one]));
    line.socket.write(exit(0));
    await ended;
  });

  const lines = (path: string): Buffer =>
    Buffer.concat(['one\n', 'two\n'].map((text) => encodeAppend(path, Buffer.from(text))));

  it('APPEND writes to the end of a file, which it makes if it is not there', async () => {
    box.write('old', 'old\n');
    for (const [name, text] of [
      ['old', 'old\none\ntwo\n'],
      ['new', 'one\ntwo\n'],
    ] as const) {
      played.lines = [];
      const { line, ended } = await call();
      line.socket.write(Buffer.concat([lines(name), exit(0)]));
      expect(await ended).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
      expect(box.read(name).toString()).toBe(text);
    }
  });

  it.each([
    ['a missing folder', 'none/log', 'No such file or directory'],
    ['a folder of that name', '.', 'Is a directory'],
    ['a fifo that nobody reads', 'fifo', 'No such device or address'],
  ])('APPEND by %s says so once, and has the lines on stderr', async (_case, path, reason) => {
    execFileSync('mkfifo', [box.path('fifo')]);
    const { child, line, ended } = await call();
    line.socket.write(Buffer.concat([lines(path), exit(0)]));
    const sentence = `distcc[${child.pid}] ERROR: failed to open logfile ${path}: ${reason}\n`;
    expect(await ended).toEqual({ status: 0, signal: null, stdout: '', stderr: `${sentence}one\ntwo\n` });
  });

  it('APPEND loses the lines that the reader of the log does not take, and the job continues', async () => {
    execFileSync('mkfifo', [box.path('log')]);
    // Somebody who has opened the fifo to read, and does not.
    const holder = box.start(['-c', 'exec 3<>log; : >held; exec sleep 1000'], {}, { program: 'sh' });
    await until(() => box.has('held'), 'the fifo is open');
    const { child, line, ended } = await call();
    const more = encodeAppend('log', Buffer.alloc(1024 * 1024, 'x'));
    line.socket.write(Buffer.concat([lines('log'), more, lines('log'), exit(0)]));
    const sentence = `distcc[${child.pid}] ERROR: failed to write logfile log: `;
    const { status, stderr } = await ended;
    // Each C library has words of its own for the reason.
    expect([status, stderr.startsWith(sentence), stderr.split('\n').length]).toEqual([0, true, 2]);
    holder.child.kill();
    await holder.ended;
  });

  it.skipIf(process.getuid?.() !== 0)('APPEND does not follow a link that another user has made', async () => {
    box.write('target', 'old\n');
    fs.symlinkSync('target', box.path('link'));
    execFileSync('chown', ['-h', '12345', box.path('link')]);
    const { child, line, ended } = await call();
    line.socket.write(Buffer.concat([lines('link'), exit(0)]));
    const { status, stderr } = await ended;
    // Each C library has words of its own for the reason.
    expect([status, stderr.split('\n').slice(1)]).toEqual([0, ['one', 'two', '']]);
    expect(stderr).toContain(`distcc[${child.pid}] ERROR: failed to open logfile link: `);
    expect(box.read('target').toString()).toBe('old\n');
  });

  describe('JOB', () => {
    const hostsOf = async (more: NodeJS.ProcessEnv) => {
      played.lines = [];
      const { job, line, ended } = await played.call(['gcc'], more);
      line.socket.write(exit(0));
      await ended;
      return job.hosts;
    };

    it("has the list of hosts of the user's folder, byte for byte, or why it cannot be read", async () => {
      const path = join(box.own, 'hosts');
      fs.writeFileSync(path, Buffer.from('one/4 two,lzo\n# \xe4\n', 'latin1'));
      expect(await hostsOf({})).toEqual({ path, text: 'one/4 two,lzo\n# \xe4\n', error: 0 });
      expect(await hostsOf({ DISTCC_HOSTS: 'three' })).toEqual({ path: '', text: '', error: 0 });
      fs.rmSync(path);
      fs.mkdirSync(path);
      expect(await hostsOf({})).toEqual({ path, text: '', error: 21 });
    });

    it("has the system's list when the user has none, or no list at all", async () => {
      const { path, text, error } = await hostsOf({});
      const there = fs.existsSync('/etc/distcc/hosts');
      expect([path, error]).toEqual(there ? ['/etc/distcc/hosts', 0] : ['', 2]);
      expect(text).toBe(there ? fs.readFileSync('/etc/distcc/hosts', 'latin1') : '');
    });

    it.each([
      ['', [true, true, true]],
      ['</dev/null', [false, true, true]],
      ['>out', [true, false, true]],
      ['2>err', [true, true, false]],
      ['<&- >&-', [false, false, true]],
    ])('tells which descriptors are terminals after "%s"', async (redirection, terminals) => {
      const inTerminal = 'import pty, sys; pty.spawn(sys.argv[1:])';
      const words = ['-c', inTerminal, 'sh', '-c', `exec "$0" gcc ${redirection}`, distccProgram];
      const { job, line, ended } = await played.call(words, {}, { program: 'python3' });
      expect(job.terminals).toEqual(terminals);
      line.socket.write(exit(0));
      await ended;
    });
  });
});
