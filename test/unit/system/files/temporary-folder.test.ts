import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isForgotten, openSpool, sweepSpools } from '../../../../src/system/files/temporary-folder.ts';

const systemCalls = join(import.meta.dirname, '../../../../dist/bin/system-calls.node');

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'spool-'));
});
afterEach(() => rmSync(top, { recursive: true }));

describe('openSpool()', () => {
  it('makes private folders and takes them back with everything in them', async () => {
    const spool = openSpool(top, 'distccd-');
    const one = spool.lend('job');
    const two = spool.lend('job');
    expect(one).not.toBe(two);
    expect(statSync(one).mode & 0o777).toBe(0o700);
    expect(statSync(spool.path).mode & 0o777).toBe(0o700);
    writeFileSync(join(one, 'a.o'), 'x');
    mkdirSync(join(two, 'deep/er'), { recursive: true });
    writeFileSync(join(two, 'deep/er/a.o'), 'x');
    symlinkSync('/etc', join(two, 'link'));
    await spool.takeBack(one);
    await spool.takeBack(two);
    await spool.takeBack(two);
    expect([existsSync(one), existsSync(two), existsSync('/etc/passwd')]).toEqual([false, false, true]);
    await spool.remove();
    expect(readdirSync(top)).toEqual([]);
  });
});

describe('remove()', () => {
  it('leaves the lock with what it cannot remove, for the next daemon to remove both', async () => {
    // As rm does where a program makes files until it has ended.
    const spool = openSpool(top, 'distccd-', (path) => {
      rmSync(path, { recursive: true });
      mkdirSync(join(path, 'late'), { recursive: true });
      return Promise.reject(new Error(`cannot remove "${path}"`));
    });
    await expect(spool.remove()).rejects.toThrow(`cannot remove "${spool.path}"`);
    expect(existsSync(join(spool.path, 'daemon-lock'))).toBe(true);
    expect(sweepSpools(top, 'distccd-')).toEqual([spool.path]);
    expect(readdirSync(top)).toEqual([]);
  });

  it('lends nothing afterwards, and waits for what is being taken back', async () => {
    const spool = openSpool(top, 'distccd-');
    const job = spool.lend('job');
    mkdirSync(join(job, 'deep/er'), { recursive: true });
    let taken = false;
    const taking = spool.takeBack(job).then(() => (taken = true));
    await spool.remove();
    expect(taken).toBe(true);
    await taking;
    expect(() => spool.lend('job')).toThrow('ended');
    expect(readdirSync(top)).toEqual([]);
  });
});

describe('lend()', () => {
  it('gives names that the client of another job cannot guess', async () => {
    const spool = openSpool(top, 'distccd-');
    const names = Array.from({ length: 100 }, () => basename(spool.lend('job')));
    for (const name of names) expect(name).toMatch(/^job-[0-9a-f]{16}$/);
    expect(new Set(names).size).toBe(100);
    await spool.remove();
  });

  it('continues when somebody cleaned the temporary directory', async () => {
    const spool = openSpool(top, 'distccd-');
    rmSync(spool.path, { recursive: true });
    expect(existsSync(spool.lend('job'))).toBe(true);
    await spool.remove();
    expect(readdirSync(top)).toEqual([]);
  });
});

describe('sweepSpools()', () => {
  it('removes what a dead daemon left, and nothing else', () => {
    const dead = join(top, 'distccd-dead');
    mkdirSync(join(dead, '1'), { recursive: true });
    writeFileSync(join(dead, 'daemon-lock'), '');
    writeFileSync(join(dead, '1/a.i'), 'int x;');
    mkdirSync(join(top, 'other'));
    // Somebody's own folder may have such a name too.
    mkdirSync(join(top, 'distccd-notes'));
    writeFileSync(join(top, 'distccd-notes/lock'), '');
    mkdirSync(join(top, 'target'));
    symlinkSync('target', join(top, 'distccd-link'));
    expect(sweepSpools(top, 'distccd-')).toEqual([dead]);
    expect(readdirSync(top).sort()).toEqual(['distccd-link', 'distccd-notes', 'other', 'target']);
    expect(readdirSync(join(top, 'distccd-notes'))).toEqual(['lock']);
    expect(readdirSync(join(top, 'target'))).toEqual([]);
  });

  it('leaves the folder of a living daemon alone, until it is dead', async () => {
    const living = join(top, 'distccd-living');
    mkdirSync(living);
    // The lock must be another process's: a process never conflicts with itself.
    const script = `
      const descriptor = require('node:fs').openSync(process.argv[1] + '/daemon-lock', 'w');
      require(process.argv[2]).lockf(descriptor, 2);
      console.log('locked');
      setInterval(() => {}, 1000);`;
    const daemon = spawn(process.execPath, ['-e', script, living, systemCalls], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(daemon.stdout, 'data');
    expect(sweepSpools(top, 'distccd-')).toEqual([]);
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    expect(sweepSpools(top, 'distccd-')).toEqual([living]);
  });

  it('judges by the age of the lock file where nothing can be locked: three hours without a sign are too many', () => {
    const ages = { 'distccd-living': 2.9, 'distccd-dead': 3.1 };
    for (const [name, hours] of Object.entries(ages)) {
      const then = Date.now() / 1000 - hours * 3600;
      mkdirSync(join(top, name));
      writeFileSync(join(top, name, 'daemon-lock'), '');
      utimesSync(join(top, name, 'daemon-lock'), then, then);
    }
    // Not a spool at all.
    mkdirSync(join(top, 'distccd-notes'));
    expect(sweepSpools(top, 'distccd-', isForgotten)).toEqual([join(top, 'distccd-dead')]);
    expect(readdirSync(top).sort()).toEqual(['distccd-living', 'distccd-notes']);
  });
});
