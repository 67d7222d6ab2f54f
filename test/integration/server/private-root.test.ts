import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/daemon.ts';
import { fence, hasRoots, rootedJob, runScript } from '../../support/fence.ts';
import type { Said } from '../../support/fence.ts';
import { deadPid, pidsOf } from '../../support/running.ts';

let place: string;
let folder: string;
let root: string;
let words: string[];

const shell = (script: string): Said => runScript(words, folder, script);

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'rooted-'));
  mkdirSync(join(place, 'tools/lib'), { recursive: true });
  mkdirSync(join(place, 'tools/bin'));
  writeFileSync(join(place, 'tools/lib/part'), 'a part\n');
  ({ folder, root, words } = rootedJob(place, [join(place, 'tools/bin')]));
});
afterEach(() => rmSync(place, { recursive: true }));

/** A number of seconds that no other sleep has. */
const uniqueTime = (): string => `9${process.pid}.${Math.floor(Math.random() * 1e9)}`;
const sleepers = (time: string): number[] => pidsOf('sleep', time);

describe.skipIf(!hasRoots())('distccd-fence with a root for the job', () => {
  it('shows programs, libraries, toolchains and the folder of the job, and nothing else', () => {
    writeFileSync(join(folder, 'a.i'), 'int x;\n');
    const { said } = shell(
      'pwd; ls -A; ls -A / /etc /dev /usr/share /tmp; ls /home /root /var /run /proc /sys 2>/dev/null',
    );
    const [directory, own, ...lists] = said.trimEnd().split('\n');
    expect([directory, own]).toEqual(['/.job', 'a.i']);
    const top = lists.slice(lists.indexOf('/:') + 1, lists.indexOf('/dev:') - 1);
    const known = /^(?:\.job|s?bin|dev|etc|gnu|lib(?:x?32|64)?|nix|tmp|usr)$/;
    expect(top.filter((name) => !known.test(name))).toEqual([]);
    expect(said).toContain('/dev:\nnull\nurandom\n');
    const settings = lists.slice(lists.indexOf('/etc:') + 1, lists.indexOf('/tmp:') - 1);
    expect(
      settings.filter((name) => !['alternatives', 'ccache.conf', 'clang', 'env.d', 'ld.so.cache'].includes(name)),
    ).toEqual([]);
    expect(lists.slice(lists.indexOf('/tmp:') + 1, lists.indexOf('/usr/share:') - 1)).toEqual([
      place.slice('/tmp/'.length),
    ]);
  });

  it('shows what is found of it and what is not where it is in the machine', () => {
    expect(shell(`cat ${place}/tools/lib/part; ls ${place}; cat ${place}/spool/rooted/a.i`).said).toMatch(
      /^a part\ntools\ncat: .*: No such file or directory\n$/,
    );
  });

  it('lets it write in the folder of the job alone, and run nothing there', () => {
    const { said } = shell(
      'for at in / /etc /dev /tmp /usr /usr/bin /usr/lib; do touch $at/mine; done; : >/dev/null && echo null; cp /bin/true mine; ./mine',
    );
    expect(said.match(/Permission denied|Read-only file system/g)).toHaveLength(8);
    expect(said).toMatch(/^null$/m);
    expect(readdirSync(folder)).toEqual(['mine']);
  });

  it('is for reading in a kernel without Landlock too', () => {
    const without = join(place, 'without');
    execFileSync('gcc', ['-O', resolve(import.meta.dirname, '../../support/without.c'), '-o', without]);
    const script = 'exec 2>&1; for at in / /etc /dev /tmp /usr /usr/bin /usr/lib .; do touch $at/mine; done';
    const { stdout } = spawnSync(without, ['landlock', fence, ...words, '/bin/sh', 'sh', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin' },
    });
    expect(stdout.match(/Read-only file system/g)).toHaveLength(7);
    expect(readdirSync(folder)).toEqual(['mine']);
  });

  it('is made where systemd forbids openat2', () => {
    const without = join(place, 'without');
    execFileSync('gcc', ['-O', resolve(import.meta.dirname, '../../support/without.c'), '-o', without]);
    expect(spawnSync(without, ['openat2', fence, ...words, '/bin/true', 'true'], { cwd: folder }).status).toBe(0);
  });

  it('shows no process but its own', async () => {
    const neighbour = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      expect(shell(`echo $$ $PPID; kill -0 ${neighbour.pid}; kill -9 -1; echo alone`).said).toMatch(
        /^2 1\n.*No such process\n/,
      );
      expect(neighbour.exitCode ?? neighbour.signalCode).toBe(null);
    } finally {
      neighbour.kill();
      await once(neighbour, 'exit');
    }
  });

  it('makes it nobody, who can make no namespaces', () => {
    expect(shell('id -u; unshare --user true; unshare --mount true').said).toMatch(
      /^65534\n(?:unshare: .*Operation not permitted\n){2}$/,
    );
  });

  it('ends with all that the compiler started, whatever session and group that is in', () => {
    const time = uniqueTime();
    const { status, said } = shell(
      `setsid sleep ${time} >/dev/null 2>&1 & (setsid setsid sleep ${time} >/dev/null 2>&1 &); sleep 0.2; echo left`,
    );
    expect({ status, said }).toEqual({ status: 0, said: 'left\n' });
    expect(sleepers(time)).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('ends with the compiler on %s, though that would not', async (signal) => {
    const time = uniqueTime();
    const script = `trap "" TERM; setsid sleep ${time}`;
    const child = spawn(fence, [...words, '/bin/sh', 'sh', '-c', script], { cwd: folder, stdio: 'ignore' });
    await until(() => sleepers(time).length > 0, 'the compiler runs');
    child.kill(signal);
    await once(child, 'exit');
    expect(child.signalCode).toBe(signal);
    if (signal === 'SIGTERM') expect(sleepers(time)).toEqual([]);
    else await until(() => sleepers(time).length === 0, 'nothing is left');
  });

  it('runs nothing for a daemon that is not its parent any more', () => {
    const script = 'echo ran >mine';
    const run = (daemon: number): void => {
      runScript(['--daemon', String(daemon), ...words], folder, script);
    };
    run(deadPid());
    expect(readdirSync(folder)).toEqual([]);
    run(process.pid);
    expect(readdirSync(folder)).toEqual(['mine']);
  });

  it('ends as the compiler ends', () => {
    expect(shell('exit 3').status).toBe(3);
    for (const signal of ['SIGSEGV', 'SIGTERM', 'SIGKILL', 'SIGXFSZ'] as const) {
      expect(shell(`kill -${signal.slice(3)} $$`)).toMatchObject({ status: null, signal });
    }
  });

  it('says that a compiler is not there as distcc does', () => {
    const { status, stderr } = spawnSync(fence, [...words, '/gone/gcc', 'gcc'], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(110);
    expect(stderr).toMatch(/^distccd\[\d+\] ERROR: failed to exec gcc: No such file or directory\n$/);
  });

  it('passes over what is gone, and says what it cannot do', () => {
    const [, count = '', ...paths] = words;
    const gone = [root, String(Number(count) + 1), '/gone/path', ...paths];
    expect(runScript(gone, folder, 'echo there').said).toBe('there\n');
    const { status, stderr } = spawnSync(fence, ['/gone', '0', '/bin/true', 'true'], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(100);
    expect(stderr).toMatch(/ERROR: cannot make a root of \/gone: No such file or directory\n$/);
  });

  it('leaves the machine as it was', () => {
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    expect(shell('echo text >b; ls /.job').said).toBe('b\n');
    expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(mounts);
    expect(readdirSync(folder)).toEqual(['b']);
  });
});
