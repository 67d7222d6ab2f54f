import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobPlaces } from '../../../../src/server/job/job-places.ts';
import { openSpool } from '../../../../src/system/files/temporary-folder.ts';
import { limits } from '../../../../src/wire/limits.ts';
import { until } from '../../../support/daemon.ts';
import type { Spool } from '../../../../src/system/files/temporary-folder.ts';

let top: string;
let spool: Spool;
let places: JobPlaces;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'test-places-'));
  spool = openSpool(top, 'distccd-');
  places = new JobPlaces(spool);
});
afterEach(async () => {
  await spool.remove();
  rmSync(top, { recursive: true, force: true });
});

const folders = (): string[] => readdirSync(spool.path).filter((name) => name.startsWith('job-'));

// A thread cannot change the directory, and mutants are tested in threads.
describe.runIf(isMainThread)('the folders of JobPlaces', () => {
  it('are used again, empty', async () => {
    const first = places.lend();
    writeFileSync(join(first.path, 'a.o'), 'object');
    symlinkSync('/etc/passwd', join(first.path, 'link'));
    await places.takeBack(first);
    const second = places.lend();
    expect(second.path).toBe(first.path);
    expect(readdirSync(second.path)).toEqual([]);
    expect(existsSync('/etc/passwd')).toBe(true);
  });

  it('are not lent to two jobs at a time', async () => {
    const [first, second] = [places.lend(), places.lend()];
    await Promise.all([places.takeBack(first), places.takeBack(second)]);
    const again = [places.lend().path, places.lend().path, places.lend().path];
    expect(new Set(again).size).toBe(3);
  });

  it.each<[string, (path: string) => void]>([
    ['a folder in it', (path) => mkdirSync(join(path, 'below'))],
    ['another mode', (path) => chmodSync(path, 0o755)],
    ['no right for its owner', (path) => chmodSync(path, 0o500)],
    [
      'many files',
      (path) => {
        for (let at = 0; at < 100; at += 1) writeFileSync(join(path, `${at}`), '');
      },
    ],
    [
      'a long directory',
      (path) => {
        for (let at = 0; at < 60; at += 1) writeFileSync(join(path, `${at}`.padEnd(250, 'x')), '');
        for (let at = 0; at < 60; at += 1) rmSync(join(path, `${at}`.padEnd(250, 'x')));
        for (let at = 0; at < 100; at += 1) writeFileSync(join(path, `${at}`), '');
      },
    ],
    ['something of another name in its place', (path) => (rmSync(path, { recursive: true }), symlinkSync(top, path))],
  ])('are removed where a compiler left %s', async (_, leave) => {
    const folder = places.lend();
    leave(folder.path);
    await places.takeBack(folder);
    expect(folders()).toEqual([]);
    expect(existsSync(top)).toBe(true);
    expect(places.lend().path).not.toBe(folder.path);
  });

  it('are removed where something may still be at work in them', async () => {
    const folder = places.lend();
    folder.isSpoiled = true;
    await places.takeBack(folder);
    expect(folders()).toEqual([]);
  });

  it('are made anew where somebody has removed them', async () => {
    const [first, second] = [places.lend(), places.lend()];
    await Promise.all([places.takeBack(first), places.takeBack(second)]);
    rmSync(first.path, { recursive: true });
    rmSync(second.path, { recursive: true });
    const fresh = places.lend().path;
    expect([first.path, second.path]).not.toContain(fresh);
    expect(statSync(fresh).mode & 0o777).toBe(0o700);
  });

  it('are not kept without end', async () => {
    const all = Array.from({ length: 100 }, () => places.lend());
    for (const folder of all) await places.takeBack(folder);
    expect(folders()).toHaveLength(64);
  });
});

// Elsewhere they have names.
describe.runIf(process.platform === 'linux')('the files of JobPlaces for what compilers say', () => {
  const inode = (path: string): number => statSync(path).ino;

  it('have no names, and are used again, empty', () => {
    const folder = places.lend().path;
    const first = places.outputs.lend(folder);
    expect(readdirSync(folder)).toEqual([]);
    const inodes = new Set([inode(first.stdout), inode(first.stderr)]);
    writeFileSync(first.stderr, 'a.c:1: error');
    const said = first.take(true);
    expect(said.stdout.length).toBe(0);
    expect(said.stderr.read().toString()).toBe('a.c:1: error');
    said.stderr.close();
    said.stderr.close();
    const second = places.outputs.lend(folder);
    expect(new Set([inode(second.stdout), inode(second.stderr)])).toEqual(inodes);
    writeFileSync(second.stderr, 'b');
    const again = second.take(true);
    expect([again.stdout.length, again.stderr.read().toString()]).toEqual([0, 'b']);
    again.stderr.close();
  });

  it('are not used by another job while their text is still read', () => {
    const folder = places.lend().path;
    const first = places.outputs.lend(folder);
    writeFileSync(first.stderr, 'first');
    const { stderr } = first.take(true);
    const second = places.outputs.lend(folder);
    writeFileSync(second.stdout, 'second');
    writeFileSync(second.stderr, 'second');
    expect(stderr.read().toString()).toBe('first');
    stderr.close();
    second.drop();
  });

  it('are not used again where the compiler may still write', () => {
    const folder = places.lend().path;
    const first = places.outputs.lend(folder);
    const writer = openSync(first.stderr, 'a');
    const written = inode(first.stderr);
    first.take(false);
    const second = places.outputs.lend(folder);
    writeFileSync(writer, 'late');
    closeSync(writer);
    expect([inode(second.stdout), inode(second.stderr)]).not.toContain(written);
    expect(readFileSync(second.stderr, 'utf8')).toBe('');
    second.drop();
  });

  it('are not used again with another mode or name', () => {
    const folder = places.lend().path;
    const first = places.outputs.lend(folder);
    const kept = inode(first.stdout);
    const compiler = openSync(first.stderr, 'r');
    fchmodSync(compiler, 0);
    closeSync(compiler);
    first.take(true);
    const second = places.outputs.lend(folder);
    expect([inode(second.stdout), inode(second.stderr)]).toContain(kept);
    for (const path of [second.stdout, second.stderr]) expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const path of [second.stdout, second.stderr]) writeFileSync(path, 'x');
    expect(() => linkSync(second.stdout, join(folder, 'name'))).toThrow();
    second.drop();
  });

  it.each(['stdout', 'stderr'] as const)('are refused when too large to send, and nothing stays open: %s', (which) => {
    const folder = places.lend().path;
    const outputs = places.outputs.lend(folder);
    const inodes = new Set([inode(outputs.stdout), inode(outputs.stderr)]);
    truncateSync(outputs[which], limits.bodyLength + 1);
    writeFileSync(outputs[which === 'stdout' ? 'stderr' : 'stdout'], 'x');
    expect(() => outputs.take(false)).toThrow(/larger than \d+ bytes/);
    const isOpen = (): boolean =>
      readdirSync('/proc/self/fd').some((name) => {
        const about = statSync(`/proc/self/fd/${name}`, { throwIfNoEntry: false });
        return about?.nlink === 0 && inodes.has(about.ino);
      });
    return until(() => !isOpen(), 'both are closed');
  });
});
