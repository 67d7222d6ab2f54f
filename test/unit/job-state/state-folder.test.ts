import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeJobRecord, readJobRecord } from '../../../src/job-state/job-record.ts';
import type { JobRecord } from '../../../src/job-state/job-record.ts';
import { SpareFiles } from '../../../src/job-state/spare-files.ts';
import { listJobs, openStateFile, sweepStateFolder } from '../../../src/job-state/state-folder.ts';
import { deadPid } from '../../support/running.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-folder-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fail = (error: unknown): never => {
  throw error;
};

function put(record: JobRecord): string {
  const path = join(folder, `binstate_${record.pid}`);
  writeFileSync(path, encodeJobRecord(record));
  return path;
}

const mine: JobRecord = { pid: process.pid, file: 'a.c', host: 'beta', slot: 1, phase: 'Send' };

describe('openStateFile()', () => {
  it('makes the folder, shows each phase in the file of its process, and removes it', () => {
    const state = openStateFile(join(folder, 'deep/state'), 77, fail);
    const path = join(folder, 'deep/state/binstate_77');
    expect(existsSync(path)).toBe(false);
    state.show('remote', 'Connect', { file: 'a.c', host: '127.0.0.1', slot: 2 });
    state.show('remote', 'Send');
    expect(readJobRecord(readFileSync(path))).toEqual({
      record: { pid: 77, file: 'a.c', host: '127.0.0.1', slot: 2, phase: 'Send' },
    });
    state.remove();
    expect(readdirSync(join(folder, 'deep/state'))).toEqual([]);
  });

  it('uses files of jobs that have ended again, until they are cleared away', () => {
    const spares = new SpareFiles();
    const [one, other] = [77, 78].map((pid) => openStateFile(folder, pid, fail, spares));
    one?.show('local', 'Compile', { file: 'one.c' });
    other?.show('local', 'Compile', { file: 'other.c' });
    const inodes = readdirSync(folder).map((name) => statSync(join(folder, name)).ino);
    one?.remove();
    other?.remove();
    expect(readdirSync(folder).filter((name) => name.startsWith('binstate_'))).toEqual([]);
    expect(listJobs(folder, Date.now())).toEqual({ jobs: [], complaints: [] });
    const next = openStateFile(folder, 79, fail, spares);
    next.show('remote', 'Send', { file: 'next.c' });
    const path = join(folder, 'binstate_79');
    expect(readJobRecord(readFileSync(path))).toMatchObject({ record: { pid: 79, file: 'next.c', phase: 'Send' } });
    expect(inodes).toContain(statSync(path).ino);
    next.remove();
    spares.clear();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('makes a new file when the folder of the spare one has been removed', () => {
    const spares = new SpareFiles();
    const states = join(folder, 'state');
    for (const pid of [77, 78]) {
      const state = openStateFile(states, pid, fail, spares);
      state.show('local', 'Compile');
      expect(readdirSync(states)).toEqual([`binstate_${pid}`]);
      state.remove();
      rmSync(states, { recursive: true });
    }
    spares.clear();
  });

  it('keeps what was known of the other side', () => {
    const state = openStateFile(folder, 78, fail);
    state.know('local', { slot: 5 });
    state.show('remote', 'Send', { file: 'a.c', host: 'far', slot: 1 });
    state.show('local', 'Preprocess', { host: 'localhost' });
    const path = join(folder, 'binstate_78');
    expect(readJobRecord(readFileSync(path))).toMatchObject({
      record: { file: '', host: 'localhost', slot: 5, phase: 'Preprocess' },
    });
    state.show('remote', 'Compile');
    expect(readJobRecord(readFileSync(path))).toMatchObject({ record: { file: 'a.c', host: 'far', slot: 1 } });
  });

  it('replaces an old file, and keeps what its other names have', () => {
    const other = join(folder, 'precious');
    writeFileSync(other, 'precious');
    const path = join(folder, 'binstate_77');
    linkSync(other, path);
    const state = openStateFile(folder, 77, fail);
    state.show('local', 'Compile');
    expect(readFileSync(other, 'utf8')).toBe('precious');
    expect(readJobRecord(readFileSync(path))).toMatchObject({ record: { pid: 77, phase: 'Compile' } });
    state.remove();
  });

  it('reports once that it cannot write, and goes on', () => {
    writeFileSync(join(folder, 'plain'), '');
    const faults: unknown[] = [];
    const state = openStateFile(join(folder, 'plain/state'), 79, (error) => faults.push(error));
    state.show('local', 'Compile');
    state.show('local', 'Compile');
    state.remove();
    expect(faults).toHaveLength(1);
  });
});

describe.each([
  ['link', (path: string, other: string) => symlinkSync(other, path), 'is a symbolic link'],
  ['named pipe', (path: string) => void execFileSync('mkfifo', [path]), 'is not a regular file'],
  ['folder', (path: string) => mkdirSync(path), 'is not a regular file'],
])('a %s in place of a state file', (_kind, plant, sentence) => {
  it('is neither followed nor waited for, and the job goes on', () => {
    const other = join(folder, 'precious');
    writeFileSync(other, 'precious');
    const path = join(folder, 'binstate_77');
    plant(path, other);
    const faults: unknown[] = [];
    const state = openStateFile(folder, 77, (error) => faults.push(error));
    state.show('local', 'Compile');
    state.show('local', 'Compile');
    state.remove();
    expect(faults).toMatchObject([{ name: 'UnsafeFile', message: `"${path}" ${sentence}` }]);
    expect(readFileSync(other, 'utf8')).toBe('precious');
    expect(listJobs(folder, Date.now())).toEqual({
      jobs: [],
      complaints: [`passing over a state file: "${path}" ${sentence}`],
    });
    expect(readdirSync(folder).sort()).toEqual(['binstate_77', 'precious']);
  });
});

describe('listJobs()', () => {
  it('lists living jobs by host, then by slot', () => {
    put(mine);
    put({ ...mine, pid: process.ppid, host: 'alpha', slot: 9 });
    put({ ...mine, pid: 1, host: 'beta', slot: 0 });
    const { jobs, complaints } = listJobs(folder, Date.now());
    expect(jobs.map(({ host, slot }) => [host, slot])).toEqual([
      ['alpha', 9],
      ['beta', 0],
      ['beta', 1],
    ]);
    expect(complaints).toEqual([]);
  });

  it('leaves out jobs whose client is gone, and removes their file after a few seconds', () => {
    const path = put({ ...mine, pid: deadPid() });
    const other = put(mine);
    const now = Date.now();
    utimesSync(path, now / 1000, now / 1000 - 4);
    utimesSync(other, now / 1000, now / 1000 - 6);
    expect(listJobs(folder, now, () => true).jobs).toHaveLength(1);
    expect(existsSync(path)).toBe(true);
    expect(listJobs(folder, now + 2000, () => true).jobs).toHaveLength(1);
    expect([path, other].map((file) => existsSync(file))).toEqual([false, true]);
  });

  it('keeps the file where the folder may be shared with a machine on which the client lives', () => {
    const path = put({ ...mine, pid: deadPid() });
    expect(listJobs(folder, Date.now() + 10_000, () => false)).toEqual({ jobs: [], complaints: [] });
    expect(existsSync(path)).toBe(true);
  });

  it('deletes a file that is older than a minute', () => {
    const path = put(mine);
    const now = Date.now();
    utimesSync(path, now / 1000, now / 1000 - 59);
    expect(listJobs(folder, now).jobs).toHaveLength(1);
    utimesSync(path, now / 1000, now / 1000 - 61);
    expect(listJobs(folder, now).jobs).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  it('skips files that are being written and other files, and complains about wrong ones', () => {
    writeFileSync(join(folder, 'binstate_5'), '');
    writeFileSync(join(folder, 'other'), 'x');
    writeFileSync(join(folder, 'binstate_6'), Buffer.alloc(400, 1));
    expect(listJobs(folder, Date.now())).toEqual({
      jobs: [],
      complaints: [`wrong magic number: ${join(folder, 'binstate_6')}`],
    });
  });
});

describe('sweepStateFolder()', () => {
  it('removes what dead clients left and nothing else', () => {
    put({ ...mine, pid: deadPid() });
    put(mine);
    writeFileSync(join(folder, 'binstate_x'), '');
    writeFileSync(join(folder, 'notes'), '');
    writeFileSync(join(folder, `spare_${deadPid()}_0`), '');
    writeFileSync(join(folder, `spare_${process.ppid}_0`), '');
    writeFileSync(join(folder, `spare_${process.pid}_0`), '');
    sweepStateFolder(folder);
    const living = [`binstate_${process.pid}`, `spare_${process.pid}_0`];
    expect(readdirSync(folder).sort()).toEqual([...living, 'binstate_x', 'notes'].sort());
  });

  it('does not mind a folder that is missing', () => {
    expect(() => sweepStateFolder(join(folder, 'none'))).not.toThrow();
  });
});
