import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { getPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives } from '../../../src/system/processes/living-process.ts';
import { distccdProgram, makeOpenFolder, until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { hasSsh, SshServer } from '../../support/ssh-server.ts';
import { Sandbox } from '../client/sandbox.ts';

describe.skipIf(!needs('gcc', 'gcc') || !hasSsh())('distcc with a distccd that ssh starts', () => {
  let box: Sandbox;
  let server: SshServer;
  /** The TMPDIR of distccd. */
  let there: string;

  beforeEach(async () => {
    box = new Sandbox({ agent: true });
    box.write('a.h', 'static inline int twice(int x) { return 2 * x; }\n');
    box.write('a.c', '#include <stdio.h>\n#include "a.h"\nint main(void) { return puts("a") + twice(1); }\n');
    server = await SshServer.start(join(box.top, 'keys'));
    there = makeOpenFolder(box.top, 'there');
    writeFileSync(join(there, 'log'), '', { mode: 0o666 });
    execFileSync('chmod', ['666', join(there, 'log')]);
  });
  afterEach(async () => {
    for (const pid of residents()) process.kill(pid, 'SIGKILL');
    await server.stop();
    box.remove();
  });

  /** A host of the list, whose distccd has these options. */
  const host = (
    options = '--resident 300',
    { name = 'distccd-there', program = distccdProgram, path = '/usr/local/bin:/usr/bin:/bin' } = {},
  ): string => {
    const command = `exec '${process.execPath}' '${program}' "$@" --log-file '${there}/log' ${options}`;
    const variables = `TMPDIR='${there}' DISTCCD_PATH='${path}'; export TMPDIR DISTCCD_PATH; unset XDG_RUNTIME_DIR`;
    return `@127.0.0.1/4:${box.script(name, `${variables}\n${command}`)}/${name}`;
  };

  const log = (): string => readFileSync(join(there, 'log'), 'utf8');

  /** The folder with the sockets of resident daemons. */
  const folder = (): string | undefined =>
    readdirSync(there)
      .filter((name) => /^distccd-\d+$/.test(name))
      .map((name) => join(there, name))[0];

  const sockets = (): string[] => {
    const found = folder();
    if (found === undefined) return [];
    const names = readdirSync(found).filter((name) => !name.startsWith('new-'));
    return names
      .map((name) => join(found, name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isSocket());
  };

  /** The processes whose environment says that they are resident daemons of this test. */
  const residents = (): number[] =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => {
        try {
          return pid > 0 && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`_DISTCCD_RESIDENT=${there}`);
        } catch {
          return false;
        }
      });

  /** The notes about the last starts. */
  const notes = (): string[] => {
    const place = folder() ?? '';
    const names = readdirSync(place).filter((name) => name.endsWith('.note'));
    return names.map((name) => join(place, name));
  };

  /** As if the last starts had been some time ago. */
  const age = (seconds: number): void => {
    const then = new Date(Date.now() - seconds * 1000);
    for (const path of notes()) utimesSync(path, then, then);
  };

  async function compile(
    at: string,
    more: NodeJS.ProcessEnv = {},
    words = ['gcc', '-O2', '-g', '-c', 'a.c', '-o', 'a.o'],
  ) {
    const own = join(box.top, 'client-log');
    rmSync(own, { force: true });
    const job = { DISTCC_HOSTS: at, DISTCC_SSH: server.commands.good, DISTCC_FALLBACK: '0', ...more };
    const result = await box.run(words, { ...job, DISTCC_VERBOSE: '1', DISTCC_LOG: own });
    const said = readFileSync(own, 'utf8');
    const how = /compiled from \d+ inputs/.test(said) ? 'from inputs' : 'preprocessed';
    return { status: result.status, stderr: result.stderr, how, said };
  }

  /** Compiles until a resident daemon has been found. */
  async function meet(at: string): Promise<void> {
    expect(await compile(at)).toMatchObject({ status: 0, how: 'preprocessed', stderr: '' });
    await until(() => sockets().length > 0, `a daemon stays: ${log()}`);
    expect(await compile(at)).toMatchObject({ status: 0, how: 'preprocessed', stderr: '' });
  }

  it('is compiled from inputs as soon as a daemon stays, with the object of a local compile', async () => {
    const expected = box.localResult(['gcc', '-O2', '-g', '-c', 'a.c', '-o', 'a.o'], 'a.o');
    for (const options of ['', ',lzo']) {
      const at = `${host()}${options}`;
      if (options === '') await meet(at);
      for (const time of [1, 2]) {
        rmSync(box.path('a.o'), { force: true });
        const { said, ...result } = await compile(at);
        expect([time, result, said]).toEqual([time, { status: 0, stderr: '', how: 'from inputs' }, said]);
        expect(box.read('a.o').equals(expected)).toBe(true);
      }
    }
    // The client's own address is in its log.
    expect(log()).toMatch(/127\.0\.0\.1:\d+ COMPILE_OK/);
    expect(residents()).toHaveLength(1);
  });

  it('ends by itself after a while without a job, and leaves nothing', async () => {
    const at = host('--resident 3');
    expect(await compile(at)).toMatchObject({ status: 0, stderr: '' });
    await until(() => residents().length > 0, 'a daemon is started');
    await until(() => log().includes('nobody came for 3 seconds'), `it ends: ${log()}`);
    await until(() => residents().length === 0, 'it has ended');
    expect(readdirSync(there)).toEqual(['log']);
    expect(box.temporaries()).toEqual([]);
  });

  it('starts another one for a job from inputs after the last one has ended', async () => {
    const at = host();
    await meet(at);
    expect(await compile(at)).toMatchObject({ status: 0, how: 'from inputs' });
    const [first = 0] = residents();
    process.kill(first, 'SIGTERM');
    await until(() => !lives(first), 'it has ended');
    expect(sockets()).toEqual([]);
    expect(await compile(at)).toMatchObject({ status: 0, how: 'from inputs', stderr: '' });
    expect(residents()).toHaveLength(1);
    expect(residents()).not.toContain(first);
  });

  it('loses no job when it is killed, and is not started again and again', async () => {
    const at = host();
    await meet(at);
    const [first = 0] = residents();
    process.kill(first, 'SIGKILL');
    await until(() => !lives(first), 'it has ended');
    // The socket is still there.
    expect(sockets()).toHaveLength(1);
    for (const _ of [1, 2]) expect(await compile(at)).toMatchObject({ status: 0, how: 'preprocessed', stderr: '' });
    expect(residents()).toEqual([]);
    expect(notes().map((path) => readFileSync(path, 'utf8'))).toEqual(['listening\n']);
    age(61);
    expect(await compile(at)).toMatchObject({ status: 0, how: 'from inputs', stderr: '' });
    expect(residents()).toHaveLength(1);
    // What the killed one had put there is gone.
    expect(readdirSync(there).filter((name) => name.startsWith('distccd-spool-'))).toHaveLength(1);
  });

  it.each(['--no-tree', '--resident 0', '--fence none'])('serves each job by itself with %s', async (options) => {
    const at = host(options);
    for (const _ of [1, 2]) expect(await compile(at)).toMatchObject({ status: 0, how: 'preprocessed', stderr: '' });
    expect(residents()).toEqual([]);
    expect(readdirSync(there)).toEqual(['log']);
  });

  it('is another one for other options', async () => {
    await meet(host());
    const other = host('--resident 300 --jobs 3', { name: 'other-there' });
    expect(await compile(other)).toMatchObject({ status: 0 });
    await until(() => sockets().length === 2, 'there are two');
    expect(residents()).toHaveLength(2);
  });

  it('refuses a folder that others can enter, and one that is a link', async () => {
    const at = host();
    expect(await compile(at)).toMatchObject({ status: 0 });
    await until(() => log().includes('serving jobs over ssh'), 'a daemon stays');
    const place = folder() ?? '';
    // The account that serves, where the tests are root's.
    const { uid, gid } = statSync(place);
    const [first = 0] = residents();
    process.kill(first, 'SIGTERM');
    await until(() => !existsSync(place), 'its folder is gone');
    execFileSync('install', ['-d', '-m', '755', '-o', `${uid}`, '-g', `${gid}`, place]);
    for (const planted of ['open', 'link']) {
      if (planted === 'link') {
        execFileSync('mv', [place, join(there, 'elsewhere')]);
        execFileSync('chmod', ['700', join(there, 'elsewhere')]);
        symlinkSync(join(there, 'elsewhere'), place);
      }
      expect(await compile(at)).toMatchObject({ status: 0, how: 'preprocessed', stderr: '' });
      expect([planted, residents()]).toEqual([planted, []]);
    }
  });

  it('stays only where it can compile from inputs, and is not started for each job to find out', async () => {
    // Without distccd-fence no job has a root of its own.
    const programs = makeOpenFolder(box.top, 'programs');
    for (const name of ['distccd', 'system-calls.node'])
      copyFileSync(join(dirname(distccdProgram), name), join(programs, name));
    const at = host('--resident 300', { program: join(programs, 'distccd') });
    expect(await compile(at)).toMatchObject({ status: 0, how: 'preprocessed', stderr: '' });
    await until(() => log().includes('not staying for the next jobs over ssh'), `it ends: ${log()}`);
    await until(() => residents().length === 0, 'it has ended');
    for (const seconds of [0, 61]) {
      age(seconds);
      expect(await compile(at)).toMatchObject({ status: 0, how: 'preprocessed', stderr: '' });
      expect(residents()).toEqual([]);
    }
    expect(log().match(/not staying/g)).toHaveLength(1);
  });

  it('ends the compiler when the client goes', async () => {
    const slow = join(there, 'slow');
    const script = `if test -e '${slow}'; then echo $$ >'${there}/pid'; exec sleep 1000; fi\nexec /usr/bin/gcc "$@"`;
    // A client names the compiler with its target.
    const triple = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
    box.script(`${triple}-gcc`, script);
    const at = host('--resident 300', { path: `${box.script('gcc', script)}:/usr/bin:/bin` });
    expect(await compile(at)).toMatchObject({ status: 0 });
    await until(() => log().includes('serving jobs over ssh'), 'a daemon stays');
    writeFileSync(slow, '');
    const job = { DISTCC_HOSTS: at, DISTCC_SSH: server.commands.good, DISTCC_FALLBACK: '0' };
    const { child, ended } = box.start(['gcc', '-c', 'a.c', '-o', 'a.o'], job);
    const pid = join(there, 'pid');
    await until(
      () => existsSync(pid) && readFileSync(pid, 'utf8').endsWith('\n'),
      `the compiler runs: ${log()} ${readdirSync(there).join()}`,
    );
    const compiler = Number(readFileSync(pid, 'utf8'));
    child.kill('SIGTERM');
    await ended;
    await until(() => !lives(compiler), 'the compiler has ended');
    await until(() => log().includes('CLI_DISCONN'), `the daemon knows why: ${log()}`);
  });

  it('lets ssh end as soon as a job is done', async () => {
    const { good } = server.commands;
    const [, name = ''] = host().split(':');
    const text = 'int number;\n';
    const words = ['gcc', '-c', 'a.c', '-o', 'a.o'];
    const token = (letters: string, value: number): string => letters + value.toString(16).padStart(8, '0');
    const argv = words.map((word) => token('ARGV', word.length) + word).join('');
    const request = `${token('DIST', 1)}${token('ARGC', words.length)}${argv}${token('DOTI', text.length)}${text}`;
    const [program = '', ...options] = good.split(' ');
    for (const time of [1, 2, 3]) {
      const child = spawn(program, [...options, '127.0.0.1', name, '--inetd', '--enable-tcp-insecure']);
      let answer = '';
      child.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      child.stdin.on('error', () => {});
      // Its stdin stays open, as that of a client that waits.
      child.stdin.write(request);
      await once(child, 'close');
      expect([time, child.exitCode, answer.slice(0, 24)]).toEqual([time, 0, 'DONE00000001STAT00000000']);
      expect([time, /CAPS.{8}(.*)$/.exec(answer)?.[1]?.split(' ')[0]]).toEqual([time, time === 1 ? 'later' : 'tree/1']);
      await until(() => sockets().length === 1, 'a daemon stays');
    }
    const [resident = 0] = residents();
    expect(lives(resident)).toBe(true);
    // It has none of ssh's descriptors, and no terminal.
    const open = readdirSync(`/proc/${resident}/fd`).map((fd) => [fd, readlinkSync(`/proc/${resident}/fd/${fd}`)]);
    expect(open.filter(([fd]) => Number(fd) < 3).map(([, to]) => to)).toEqual(['/dev/null', '/dev/null', '/dev/null']);
    // Its priority is lowered once.
    expect(getPriority(resident)).toBe(Math.min(19, getPriority(process.pid) + 5));
  });

  it('is not started by jobs that come together more than once', async () => {
    const at = host();
    const names = Array.from({ length: 4 }, (_, index) => `job${index}`);
    const job = { DISTCC_HOSTS: at, DISTCC_SSH: server.commands.good, DISTCC_FALLBACK: '0' };
    const results = await Promise.all(names.map((name) => box.run(['gcc', '-c', 'a.c', '-o', `${name}.o`], job)));
    expect(results.map(({ status, stderr }) => [status, stderr])).toEqual(names.map(() => [0, '']));
    await until(() => sockets().length > 0, `a daemon stays: ${log()}`);
    expect(residents()).toHaveLength(1);
  });

  it.skipIf(!needs('/usr/bin/distcc', 'distcc'))("is not noticed by Debian's client", async () => {
    const results: unknown[] = [];
    const one = async (name: string, options: string): Promise<void> => {
      const more = { DISTCC_HOSTS: `${host()}${options}`, DISTCC_SSH: server.commands.good, DISTCC_FALLBACK: '0' };
      const words = ['gcc', '-O2', '-c', 'a.c', '-o', `${name}.o`];
      const { status, stderr } = await box.run(words, more, { program: '/usr/bin/distcc' });
      results.push([status, stderr]);
    };
    const at = host();
    for (const options of ['', ',lzo']) {
      await Promise.all(['one', 'two'].map((name) => one(name + options, options)));
      await until(() => sockets().length === 1, `a daemon stays: ${at}`);
      await Promise.all(['three', 'four'].map((name) => one(name + options, options)));
    }
    expect(results).toEqual(Array.from({ length: 8 }, () => [0, '']));
    const expected = box.localResult(['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'], 'a.o');
    for (const name of ['one', 'four', 'one,lzo', 'four,lzo'])
      expect([name, box.read(`${name}.o`).equals(expected)]).toEqual([name, true]);
    await until(() => (log().match(/COMPILE_OK/g) ?? []).length === 8, `all are counted as done: ${log()}`);
    expect(log()).not.toMatch(/CLI_DISCONN|disconnected|ERROR/);
  });
});
