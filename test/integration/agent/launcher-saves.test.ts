import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeExit } from '../../../src/wire/agent/command.ts';
import { encodeSave, encodeWrite, readSaved, saveFlags } from '../../../src/wire/agent/file.ts';
import { encodeFrame, kinds } from '../../../src/wire/agent/frame.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';
import { buildLonelyLauncher, heard, lonelyVersion, PlayedAgent } from './played-agent.ts';
import type { Called, Line } from './played-agent.ts';

const able = process.platform === 'linux' && needs('cc', 'gcc') && needs('python3', 'python3');

const save = (path: string, text: string, flags = 0, number = 1): Buffer =>
  encodeSave({ flags, number, path, bytes: Buffer.from(text) });

const goOn = encodeFrame(kinds.GO_ON);
const exit = (status: number): Buffer => encodeExit(exited(status));

/** Gives a folder a default ACL, by which the umask counts for nothing there; where there are none it does nothing. */
const setDefaultAcl = `
import os, struct, sys
entries = [(1, 7), (4, 7), (0x20, 0)]
acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', tag, permissions, 2**32 - 1) for tag, permissions in entries)
try: os.setxattr(sys.argv[1], 'system.posix_acl_default', acl)
except OSError: pass
`;

describe.skipIf(!able)('an output that the launcher writes', () => {
  let built: Sandbox;

  beforeAll(() => {
    built = new Sandbox();
    buildLonelyLauncher(built.path('distcc'));
  });
  afterAll(() => built.remove());

  let played: PlayedAgent;
  let box: Sandbox;

  beforeEach(async () => {
    played = await PlayedAgent.start();
    ({ box } = played);
  });
  afterEach(() => played.end());

  const call = (): Promise<Called> => played.call(['gcc', '-c', 'a.c']);

  /** Has a launcher call that can do nothing without this agent but become the compiler, which ends with 42. */
  async function callLonely(): Promise<Called> {
    await played.end();
    played = await PlayedAgent.start(lonelyVersion);
    ({ box } = played);
    const path = `${box.script('gcc', 'exit 42')}:${process.env['PATH']}`;
    return played.call(['gcc', '-c', 'a.c'], { PATH: path }, { program: built.path('distcc') });
  }

  /** Has sh do something before it becomes the launcher. */
  const callAfter = (script: string): Promise<Called> =>
    played.call(['-c', `${script}; exec "$0" gcc -c a.c`, distccProgram], {}, { program: 'sh' });

  const modeOf = (name: string): string => (fs.statSync(box.path(name)).mode & 0o7777).toString(8);
  const names = (): string[] => fs.readdirSync(box.work).sort();

  /** The middle of a file has come: the bytes that are missing never do. */
  async function halfSaved(line: Line, flags: number): Promise<void> {
    const before = names();
    const bytes = save('a.o', 'half of it\n'.repeat(20_000), flags);
    line.socket.write(bytes.subarray(0, bytes.length / 2));
    const begun = (): boolean => names().some((name) => !before.includes(name) && fs.statSync(box.path(name)).size > 0);
    await until(begun, 'it is being written');
  }

  it.each([
    ['a umask', ''],
    ['a default ACL', 'python3 -c "$SET" folder'],
  ])('writes a whole file, with the mode that a compiler gives it by %s', async (_case, prepare) => {
    fs.mkdirSync(box.path('folder'));
    box.write('a.c', 'int x;\n');
    const text = 'object '.repeat(50_000);
    const script = `${prepare}\numask 027; gcc -c a.c -o folder/plain.o; exec "$0" gcc`;
    const { line, ended } = await played.call(['-c', script, distccProgram], { SET: setDefaultAcl }, { program: 'sh' });
    line.socket.write(Buffer.concat([save('folder/a.o', text), exit(0)]));
    expect(await ended).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
    expect(box.read('folder/a.o').toString()).toBe(text);
    expect(modeOf('folder/a.o')).toBe(modeOf('folder/plain.o'));
    expect(fs.readdirSync(box.path('folder')).sort()).toEqual(['a.o', 'plain.o']);
  });

  it.skipIf(!needs('strace', 'strace'))('is taken away when an interrupt comes as soon as it is there', async () => {
    const { line, child, ended, job } = await call();
    const words = ['-e', 'trace=open,openat', '-e', 'inject=open,openat:signal=SIGTERM', '-p', String(job.pid)];
    const strace = spawn('strace', words);
    let said = '';
    strace.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes('attached'), 'strace watches the launcher');
    line.socket.write(Buffer.concat([save('a.o', 'object'), exit(0)]));
    expect((await ended).signal).toBe('SIGTERM');
    expect(said).toContain('.tmp');
    expect(fs.readdirSync(box.path('.')).filter((name) => name.startsWith('.distcc-'))).toEqual([]);
    expect(child.pid).toBe(job.pid);
  });

  it('puts another file in the place of the old one, whose other names keep what they had', async () => {
    box.write('a.o', 'old');
    fs.linkSync(box.path('a.o'), box.path('kept.o'));
    const { line, ended } = await call();
    line.socket.write(Buffer.concat([save('a.o', 'new'), exit(0)]));
    expect((await ended).status).toBe(0);
    expect([box.read('a.o').toString(), box.read('kept.o').toString()]).toEqual(['new', 'old']);
    expect(names()).toEqual(['a.o', 'kept.o']);
  });

  it.each([
    ['a full disk', 'a.o', 27],
    ['a missing folder', 'none/a.o', 2],
    ['a folder of that name', 'folder', 21],
  ])('by %s tells why, keeps what was there, and passes over all up to GO_ON', async (_case, output, reason) => {
    fs.mkdirSync(box.path('folder'));
    box.write('a.o', 'old');
    // A limit for the size of files stands for the disk.
    const { line, ended } = await callAfter("trap '' XFSZ; ulimit -f 8");
    const late = [encodeWrite(1, Buffer.from('late\n')), save('b.o', 'late'), exit(9)];
    line.socket.write(Buffer.concat([save(output, 'x'.repeat(100_000), 0, 7), ...late]));
    expect(readSaved(await heard(line, 1, 'SAVED'))).toEqual({ errno: reason, number: 7 });
    line.socket.write(Buffer.concat([goOn, encodeWrite(1, Buffer.from('told\n')), exit(3)]));
    expect(await ended).toEqual({ status: 3, signal: null, stdout: 'told\n', stderr: '' });
    expect(box.read('a.o').toString()).toBe('old');
    expect(names()).toEqual(['a.o', 'folder']);
  });

  it('writes into a fifo, which stays one', async () => {
    execFileSync('mkfifo', [box.path('a.o')]);
    const reader = box.start(['a.o'], {}, { program: 'cat' });
    const { line, ended } = await call();
    line.socket.write(Buffer.concat([save('a.o', 'x'.repeat(200_000)), exit(0)]));
    expect((await ended).status).toBe(0);
    expect((await reader.ended).stdout).toBe('x'.repeat(200_000));
    expect([fs.lstatSync(box.path('a.o')).isFIFO(), names()]).toEqual([true, ['a.o']]);
  });

  it('writes to a device, which stays one', async () => {
    // A user who may make a device makes one for this test, which may be damaged.
    const { line, ended } = await callAfter('mknod full c 1 7 2>/dev/null || ln -s /dev/full full');
    line.socket.write(save('full', 'object'));
    expect(readSaved(await heard(line, 1, 'SAVED'))).toEqual({ errno: 28, number: 1 });
    line.socket.write(Buffer.concat([goOn, exit(0)]));
    expect((await ended).status).toBe(0);
    expect([fs.statSync(box.path('full')).isCharacterDevice(), names()]).toEqual([true, ['full']]);
  });

  it.each([
    ['that leads to nothing is followed', undefined, 0, 'new'],
    ['to an empty file is followed', '', 0, 'new'],
    ['to a file with bytes is replaced', 'old', 0, 'old'],
    ['to a file with bytes is followed with THROUGH_LINKS', 'old', saveFlags.throughLinks, 'new'],
  ])('a link %s', async (_case, before, flags, after) => {
    if (before !== undefined) box.write('target', before);
    fs.symlinkSync('target', box.path('a.o'));
    const { line, ended } = await call();
    line.socket.write(Buffer.concat([save('a.o', 'new', flags), exit(0)]));
    expect((await ended).status).toBe(0);
    expect([box.read('target').toString(), box.read('a.o').toString()]).toEqual([after, 'new']);
    expect([fs.lstatSync(box.path('a.o')).isSymbolicLink(), names()]).toEqual([after === 'new', ['a.o', 'target']]);
  });

  it.each([
    ['an empty file', ''],
    ['a file with bytes', 'old'],
  ])('gives %s the mode that a compiler would', async (_case, before) => {
    box.write('a.c', 'int x;\n');
    for (const name of ['a.o', 'plain.o']) {
      box.write(name, before);
      fs.chmodSync(box.path(name), 0o751);
    }
    execFileSync('gcc', ['-c', 'a.c', '-o', 'plain.o'], { cwd: box.work });
    const { line, ended } = await call();
    line.socket.write(Buffer.concat([save('a.o', 'new'), exit(0)]));
    expect((await ended).status).toBe(0);
    expect(modeOf('a.o')).toBe(modeOf('plain.o'));
  });

  it('with NEW_NAME makes a file for the user alone, and never touches what has the name', async () => {
    box.write('old', 'old');
    fs.symlinkSync('elsewhere', box.path('link'));
    const { line, ended } = await call();
    line.socket.write(save('new', 'new', saveFlags.newName));
    line.socket.write(save('old', 'new', saveFlags.newName, 2));
    expect(readSaved(await heard(line, 1, 'SAVED'))).toEqual({ errno: 17, number: 2 });
    line.socket.write(save('link', 'new', saveFlags.newName, 3));
    expect(readSaved(await heard(line, 2, 'SAVED'))).toEqual({ errno: 17, number: 3 });
    line.socket.write(exit(0));
    expect((await ended).status).toBe(0);
    expect([box.read('new').toString(), modeOf('new'), box.read('old').toString()]).toEqual(['new', '600', 'old']);
    expect(names()).toEqual(['link', 'new', 'old']);
  });

  it('with NEW_NAME leaves nothing of a file for which there is no room', async () => {
    const { line, ended } = await callAfter("trap '' XFSZ; ulimit -f 8");
    line.socket.write(save('kept', 'x'.repeat(100_000), saveFlags.newName));
    expect(readSaved(await heard(line, 1, 'SAVED'))).toEqual({ errno: 27, number: 1 });
    line.socket.write(exit(0));
    expect((await ended).status).toBe(0);
    expect(names()).toEqual([]);
  });

  const ways = [
    ['', 0],
    [' with NEW_NAME', saveFlags.newName],
  ] as const;

  it.each(ways)('%s leaves nothing of a file in whose middle the agent dies', async (_case, flags) => {
    const { line, ended } = await callLonely();
    await halfSaved(line, flags);
    line.socket.destroy();
    expect(await ended).toEqual({ status: 42, signal: null, stdout: '', stderr: '' });
    expect(names()).toEqual([]);
  });

  it.each(ways)('%s leaves nothing of a file in whose middle it is interrupted', async (_case, flags) => {
    const { child, line, ended } = await call();
    await halfSaved(line, flags);
    child.kill('SIGTERM');
    expect(await ended).toEqual({ status: null, signal: 'SIGTERM', stdout: '', stderr: '' });
    expect(names()).toEqual([]);
  });

  it('keeps the old file when it is interrupted in the middle of the new one', async () => {
    box.write('a.o', 'old');
    const { child, line, ended } = await call();
    await halfSaved(line, 0);
    child.kill('SIGINT');
    expect((await ended).signal).toBe('SIGINT');
    expect([names(), box.read('a.o').toString()]).toEqual([['a.o'], 'old']);
  });
});
