import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../../src/logging/logger.ts';
import { closeAnswer } from '../../../../src/server/job/answer.ts';
import type { Compiled } from '../../../../src/server/job/answer.ts';
import { JobPlaces } from '../../../../src/server/job/job-places.ts';
import { runJob } from '../../../../src/server/job/run-job.ts';
import type { Job, JobTools } from '../../../../src/server/job/run-job.ts';
import { LogLimit } from '../../../../src/server/log/log-limit.ts';
import { openSpool } from '../../../../src/system/files/temporary-folder.ts';
import type { Spool } from '../../../../src/system/files/temporary-folder.ts';
import { StartError } from '../../../../src/system/processes/reaper.ts';
import { spawn, spawnByChildProcess } from '../../../../src/system/processes/spawn.ts';
import { packingOf } from '../../../../src/wire/packing.ts';
import { exited, killed } from '../../../../src/wire/wait-status.ts';
import { lives } from '../../../../src/system/processes/living-process.ts';
import { until } from '../../../support/daemon.ts';

const source = Buffer.from('int x;\n');

describe('runJob()', () => {
  let top: string;
  let spool: Spool;
  let lines: string[];

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'test-job-'));
    spool = openSpool(top, 'distccd-');
    lines = [];
  });
  afterEach(() => {
    void spool.remove();
    rmSync(top, { recursive: true, force: true });
  });

  const folders = (): string[] => readdirSync(spool.path).filter((name) => name !== 'daemon-lock');
  const note = (): string => readFileSync(join(top, 'note'), 'utf8');

  /** Runs a script in place of a compiler; `$NOTE` is a file that outlives the job. */
  async function run(script: string, job: Partial<Job> = {}, change: Partial<JobTools> = {}): Promise<Compiled> {
    const log = createLogger({ program: 'test', level: 'debug', sink: (line) => lines.push(line) });
    const command = {
      path: '/bin/sh',
      argv: ['sh', '-c', script],
      source: 'a.c',
      object: 'a.o',
      input: 'a.i',
      output: 'a.o',
    };
    const body = { name: 'DOTI', packing: packingOf(1), pieces: [source], length: source.length } as const;
    return runJob(
      {
        command,
        source: body,
        sourceWritten: () => {},
        signal: new AbortController().signal,
        log: new LogLimit(log).of('127.0.0.1'),
        ...job,
      },
      {
        places: new JobPlaces(spool),
        spawn: spawnByChildProcess,
        log,
        environment: ['PATH=/usr/bin:/bin', `NOTE=${join(top, 'note')}`],
        lifetimeMs: 60_000,
        graceMs: 60_000,
        ...change,
      },
    );
  }

  it('gives what the compiler left, and removes the folder before anybody reads it', async () => {
    let written = 0;
    const compiled = await run('cat a.i >a.o; echo out; echo err >&2', { sourceWritten: () => (written += 1) });
    expect(folders()).toEqual([]);
    const { status, stdout, stderr, object } = compiled;
    expect([status, written]).toEqual([0, 1]);
    expect([object, stdout, stderr].map((file) => file.read().toString())).toEqual(['int x;\n', 'out\n', 'err\n']);
    expect(lines.join('\n')).toContain('exec /bin/sh: sh -c cat a.i >a.o; echo out');
    closeAnswer(compiled);
  });

  it('gives no object of a compiler that failed', async () => {
    const compiled = await run('cat a.i >a.o; exit 3');
    expect([compiled.status, compiled.object.length]).toEqual([exited(3), 0]);
    closeAnswer(compiled);
  });

  it.each([
    ['in the usual way', spawn],
    ['by child_process', spawnByChildProcess],
  ])('kills what a compiler left behind that ended well, started %s', async (_, start) => {
    // A thread cannot change the directory, and mutants are tested in threads.
    if (start === spawn && !isMainThread) return;
    // It would not end by less than SIGKILL.
    const child = `sh -c 'trap "" TERM; echo $$ >"$NOTE"; exec sleep 600' & until [ -s "$NOTE" ]; do sleep 0.01; done`;
    closeAnswer(await run(child, {}, { spawn: start }));
    const left = Number(note());
    expect(left).toBeGreaterThan(0);
    await until(() => !lives(left), "the compiler's child is gone");
  });

  it('is over when it is given up, and with it the whole group of the compiler', async () => {
    const over = new AbortController();
    const running = run('sleep 600 & echo $! >"$NOTE"; wait', { signal: over.signal });
    const written = (): boolean => readdirSync(top).includes('note') && note().endsWith('\n');
    await until(written, 'the compiler runs');
    over.abort(new Error('nobody waits'));
    await expect(running).rejects.toThrow('nobody waits');
    await until(() => !lives(Number(note())), "the compiler's child is gone");
    expect(folders()).toEqual([]);
  });

  it('kills by force a compiler that is told to end and does not', async () => {
    const over = new AbortController();
    const running = run(
      'trap "" TERM; echo $$ >"$NOTE"; while :; do sleep 0.05; done',
      { signal: over.signal },
      { graceMs: 20 },
    );
    await until(() => readdirSync(top).includes('note'), 'the compiler runs');
    over.abort(new Error('nobody waits'));
    await expect(running).rejects.toThrow('nobody waits');
    expect(folders()).toEqual([]);
  });

  it('starts no compiler for long when it was given up before', async () => {
    const signal = AbortSignal.abort(new Error('nobody waits'));
    await expect(run('sleep 600', { signal })).rejects.toThrow('nobody waits');
    expect(folders()).toEqual([]);
  });

  it('is over when its time is, even if the compiler then ends well', async () => {
    const running = run('trap "exit 0" TERM; while :; do sleep 0.05; done', {}, { lifetimeMs: 200 });
    await expect(running).rejects.toThrow('the compiler ran too long');
    expect(folders()).toEqual([]);
  });

  it('gives the status of a compiler that dies by a signal', async () => {
    const compiled = await run('kill -SEGV $$');
    expect(compiled.status & 0x7f).toBe(killed(11) & 0x7f);
    closeAnswer(compiled);
  });

  it('leaves no descriptor open when a result is not a plain file', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    await expect(run('echo err >&2; ln -s /etc/hostname a.o')).rejects.toThrow('object of the compiler is not a plain');
    const before = open();
    for (let times = 0; times < 5; times += 1)
      await expect(run('echo err >&2; echo out; mkdir a.o')).rejects.toThrow('is not a plain file');
    expect(open()).toBeLessThanOrEqual(before);
    expect(folders()).toEqual([]);
  });

  it.each(['ENOENT', 'EACCES'])('answers as distcc does when the compiler cannot be started: %s', async (code) => {
    const refuse = (): never => {
      throw new StartError('/usr/bin/gcc', Object.assign(new Error(code), { code }));
    };
    const { status, stderr, stdout, object } = await run('', {}, { spawn: refuse });
    expect([status, stdout.length, object.length]).toEqual([exited(110), 0, 0]);
    const reason = code === 'ENOENT' ? 'No such file or directory' : 'EACCES';
    expect(stderr.read().toString()).toMatch(new RegExp(`failed to exec sh: ${reason}.*\n$`));
    expect(lines.join('\n')).toContain('failed to exec sh');
    expect(folders()).toEqual([]);
  });

  const broken = (code: string) => (): never => {
    throw Object.assign(new Error(`${code}: no`), { code });
  };

  it.each(['ENOSPC', 'EDQUOT', 'EROFS'])('names a full disk and its cure: %s', async (code) => {
    await expect(run('', {}, { spawn: broken(code) })).rejects.toThrow(`directory of this server (${code})`);
    const lend = broken(code);
    await expect(run('', {}, { places: new JobPlaces({ ...spool, lend }) })).rejects.toThrow(
      `directory of this server (${code})`,
    );
    expect(folders()).toEqual([]);
  });

  it('hides no other error', async () => {
    const lend = broken('EIO');
    await expect(run('', {}, { places: new JobPlaces({ ...spool, lend }) })).rejects.toThrow('EIO: no');
    await expect(run('', {}, { spawn: broken('EIO') })).rejects.toThrow('EIO: no');
  });

  it('only reports a folder that cannot be removed', async () => {
    const takeBack = (): Promise<void> => Promise.reject(new Error('it is busy'));
    closeAnswer(await run('true', {}, { places: new JobPlaces({ ...spool, takeBack }) }));
    expect(lines.join('\n')).toContain("it is busy, a job's folder: the next start of the daemon tries again");
  });
});
