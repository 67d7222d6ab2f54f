import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import { encodeRequest } from '../../../src/wire/request.ts';
import { readResponse } from '../../../src/wire/response.ts';
import type { CompileResponse } from '../../../src/wire/response.ts';
import { distccdProgram, startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { fence, hasRoots, isKernel, kernelHas, runScript } from '../../support/fence.ts';
import type { Said } from '../../support/fence.ts';
import { needs } from '../../support/needs.ts';
import { converse } from '../../support/wire-client.ts';

const support = resolve(import.meta.dirname, '../../support');

let place: string;
let own: string;
let other: string;

/** What a daemon answers when a compiler of that name is to compile something. */
async function answerOf({ port }: TestDaemon, compiler: string): Promise<CompileResponse | undefined> {
  const source = Buffer.from('int x;\n');
  const decoder = new Decoder(readResponse(1));
  decoder.feed(await converse(port, encodeRequest({ version: 1, argv: [compiler, '-c', 'a.c'], source })));
  return decoder.result?.value;
}

/** What a shell inside the fence prints, in the machine's root, in the folder of one of two jobs. */
const shell = (script: string, paths: readonly string[] = []): Said =>
  runScript(['-', String(paths.length), ...paths], own, script);

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'fence-'));
  [own, other] = [join(place, 'spool/one'), join(place, 'spool/two')];
  for (const folder of [own, other, join(place, 'tools')]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(other, 'secret.i'), 'int secret;\n');
  writeFileSync(join(place, 'tools/part'), 'a part of a compiler\n');
});
afterEach(() => rmSync(place, { recursive: true }));

const landlock = kernelHas('Landlock', spawnSync(fence, ['--check']).status !== 1);
const roots = hasRoots();
const python = needs('python3', 'python3');
const scopes = kernelHas('scopes of signals (Linux 6.12)', isKernel(6, 12));

describe.skipIf(!landlock)("distccd-fence in the machine's root", () => {
  it('lets a compiler do all it likes in the folder of its job', () => {
    const { status, said } = shell(
      'mkdir d && echo text >d/a && mv d/a b && ln -s b c && cat c && rm -r b c d && ls -A',
    );
    expect({ status, said }).toEqual({ status: 0, said: 'text\n' });
  });

  it('leaves the rest of the machine as it is', () => {
    const { status, said } = shell(
      'ls /usr/bin | grep -x gcc && head -n 1 /etc/passwd && cat /proc/self/comm && : >/dev/null',
    );
    expect({ status, said }).toEqual({
      status: 0,
      said: `gcc\n${readFileSync('/etc/passwd', 'utf8').split('\n')[0]}\ncat\n`,
    });
  });

  it.each([
    ['read', 'cat ../two/secret.i'],
    ['replace', 'echo lies >../two/secret.i'],
    ['remove', 'rm -f ../two/secret.i'],
    ['take', 'mv ../two/secret.i .'],
    ['link', 'ln ../two/secret.i mine'],
    ['list', 'ls ../two'],
    ['find', 'ls ..'],
    ['find by another way', 'ls "$PWD/../../spool"'],
    ['add to', 'echo more >../two/more'],
    ['run a program of', 'cp /bin/true ../two/program'],
  ])('does not let it %s another job', (_what, script) => {
    const { status, said } = shell(script);
    expect(said).toMatch(/Permission denied|Invalid cross-device link/);
    expect(status).not.toBe(0);
    expect(readFileSync(join(other, 'secret.i'), 'utf8')).toBe('int secret;\n');
  });

  it('does not let it go there by a link beside the temporary directory', () => {
    const [deep, beside] = [join(place, 'deep/tmp'), join(place, 'deep/way')];
    for (const folder of [join(deep, 'spool/one'), join(deep, 'spool/two')]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(deep, 'spool/two/secret.i'), 'int secret;\n');
    symlinkSync('tmp', beside);
    own = join(deep, 'spool/one');
    expect(shell(`cat ${beside}/spool/two/secret.i ${deep}/spool/two/secret.i`).said).toMatch(
      /^(?:.*Permission denied\n){2}$/,
    );
  });

  it('lets it use a toolchain in the temporary directory that the daemon names', () => {
    expect(shell('cat ../../tools/part').said).toContain('Permission denied');
    expect(shell('cat ../../tools/part', [join(place, 'tools')])).toEqual({
      status: 0,
      signal: null,
      said: 'a part of a compiler\n',
    });
  });

  it.skipIf(!scopes)("does not let it signal another job's compiler, nor look where that works", async () => {
    const neighbour = spawn('sleep', ['60'], { cwd: other, stdio: 'ignore' });
    try {
      const { said } = shell(`kill -9 ${neighbour.pid}; ls /proc/${neighbour.pid}/cwd/`);
      expect(said.match(/not permitted|Permission denied/g)).toHaveLength(2);
      expect(neighbour.exitCode ?? neighbour.signalCode).toBe(null);
    } finally {
      neighbour.kill();
      await once(neighbour, 'exit');
    }
  });

  it('does not let it close a folder or a file to anybody by its name', () => {
    const { said } = shell('chmod 0 ..; chmod 0 ../two; chmod 0 ../two/secret.i');
    expect(said.match(/not permitted/g)).toHaveLength(3);
  });

  it.skipIf(!python)('does not let it hear of names', () => {
    const watching = `import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
seen = libc.inotify_add_watch(libc.inotify_init(), b"${join(place, 'spool')}", 0xfff)
print(os.strerror(ctypes.get_errno()) if seen < 0 else "watches")`;
    expect(shell(`python3 -c '${watching}'`).said).toBe('Operation not permitted\n');
  });

  it.skipIf(!python)('does not let it talk to the services of this machine', () => {
    const asking = `import socket
for family in socket.AF_UNIX, socket.AF_INET:
    try: socket.socket(family); print("socket")
    except OSError as error: print(error.strerror)
socket.socketpair(); print("pair")
try: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); print("datagrams")
except OSError as error: print(error.strerror)`;
    expect(shell(`python3 -c '${asking}'`).said).toBe(
      'Operation not permitted\nOperation not permitted\npair\nOperation not permitted\n',
    );
  });

  it('lets it change its own limits, priority and processors, and those of no other process', () => {
    const { said } =
      shell(`prlimit --pid ${process.pid} --nofile=64:64; prlimit --pid $$ --nofile; renice 5 -p ${process.pid}
      ionice -c 3 -p ${process.pid}; taskset -cp 0 ${process.pid}; chrt -p -b 0 ${process.pid}; echo; ulimit -n 64; nice -n 3 ionice -c 3 taskset -c 0 nice`);
    expect(said.match(/(?:not permitted|denied)$/gm)?.length).toBeGreaterThanOrEqual(6);
    // 19 is the highest.
    expect(said.split('\n\n').at(-1)).toBe(`${Math.min(getPriority() + 3, 19)}\n`);
  });

  it.skipIf(!roots)('closes other names of the temporary directory too', () => {
    // In a mount namespace of its own, of which only root may make one.
    const [deep, view] = [join(place, 'deep/tmp'), join(place, 'deep/view')];
    for (const folder of [join(deep, 'spool/one'), join(deep, 'spool/two'), view])
      mkdirSync(folder, { recursive: true });
    writeFileSync(join(deep, 'spool/two/secret.i'), 'int secret;\n');
    const secret = 'spool/two/secret.i';
    const script = `mount --bind ${deep} ${view} && cat ${view}/${secret} && cd ${deep}/spool/one &&
      exec ${fence} - 0 /bin/sh sh -c 'cat ${view}/${secret}; cat ${deep}/${secret}'`;
    const { stdout, stderr } = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', script], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('int secret;\n');
    expect(stderr.match(/Permission denied/g)).toHaveLength(2);
  });

  it('gives no rights by a program, no core and no file above 1 GB', () => {
    const { said } = shell('grep NoNewPrivs /proc/self/status; ulimit -c; ulimit -f; ulimit -Hf');
    // The shell counts in blocks of 512 bytes.
    expect(said).toBe('NoNewPrivs:\t1\n0\n2097152\n2097152\n');
  });

  it('says that a compiler is not there as distcc does', () => {
    const { status, stderr } = spawnSync(fence, ['-', '0', '/gone/gcc', 'gcc'], { cwd: own, encoding: 'utf8' });
    expect(status).toBe(110);
    expect(stderr).toMatch(/^distccd\[\d+\] ERROR: failed to exec gcc: No such file or directory\n$/);
  });

  it.each([
    [[]],
    [['-']],
    [['-', '0']],
    [['-', '2', '/a', '/b', '/c']],
    [['-', '-1', 'a', 'b', 'c']],
    [['root', '0', 'a', 'b']],
    [['-', '0x', 'a', 'b']],
  ])('refuses the words %j', (words) => {
    expect(spawnSync(fence, words, { cwd: own }).status).toBe(101);
  });

  it('compiles all the same in a kernel without Landlock, and tells so when asked', () => {
    const without = join(place, 'without');
    execFileSync('gcc', ['-O', join(support, 'without.c'), '-o', without]);
    const there = (...words: string[]): unknown =>
      spawnSync(without, ['landlock', fence, ...words], { cwd: own }).status;
    expect(spawnSync(fence, ['--check']).status).toBe(2);
    expect(there('--check')).toBe(1);
    expect(there('-', '0', '/bin/cat', 'cat', '../two/secret.i')).toBe(0);
    expect(there('-', '0', '/bin/false', 'false')).toBe(1);
  });
});

describe.skipIf(!landlock)('distccd', () => {
  it("keeps each job's compiler from the files of the others", async () => {
    const programs = join(place, 'programs');
    mkdirSync(programs);
    for (const path of [place, programs]) chmodSync(path, 0o755);
    writeFileSync(
      join(programs, 'spycc'),
      '#!/bin/sh\nfind / -name daemon-lock 2>/dev/null | sed "s/.*/saw others/"\nls /usr/bin >/dev/null && echo "saw the tools"\nls\n',
    );
    chmodSync(join(programs, 'spycc'), 0o755);
    const daemon = await startDaemon({ compilers: ['spycc'], path: programs });
    try {
      expect(await answerOf(daemon, 'spycc')).toMatchObject({ status: 0, stdout: Buffer.from('saw the tools\na.i\n') });
      expect(daemon.log()).not.toContain('could get at the files of other jobs');
    } finally {
      await daemon.end();
    }
  });

  it('lets a compiler in the temporary directory itself do its work, wherever the list of commands names it', async () => {
    const tools = join(place, 'cross/bin');
    mkdirSync(tools, { recursive: true });
    mkdirSync(join(place, 'cross/lib'));
    for (const path of [place, join(place, 'cross'), tools, join(place, 'cross/lib')]) chmodSync(path, 0o777);
    writeFileSync(join(place, 'cross/lib/part'), 'a part\n');
    writeFileSync(join(tools, 'farcc'), '#!/bin/sh\ncat "$(dirname "$0")/../lib/part"\n');
    chmodSync(join(tools, 'farcc'), 0o755);
    writeFileSync(join(place, 'commands'), `${join(tools, 'farcc')}\n`);
    const daemon = await startDaemon({
      compilers: ['gcc'],
      environment: { DISTCC_CMDLIST: join(place, 'commands'), TMPDIR: place },
    });
    try {
      expect(await answerOf(daemon, 'farcc')).toMatchObject({ status: 0, stdout: Buffer.from('a part\n') });
    } finally {
      await daemon.end();
    }
  });

  /** What `--check` says, started by the words `before`, with `more` options. */
  function check(
    before: readonly string[],
    { directory, temporary }: Record<'directory' | 'temporary', string>,
    more: readonly string[] = [],
    daemon = distccdProgram,
  ): string {
    const masks = join(place, 'masks');
    mkdirSync(masks, { recursive: true });
    writeFileSync(join(masks, 'gcc'), '', { mode: 0o755 });
    for (const path of [place, masks]) chmodSync(path, 0o755);
    const options = [
      '--daemon',
      '--check',
      '--no-detach',
      '--log-stderr',
      '--listen',
      '127.0.0.1',
      '--masquerade-dir',
      masks,
      ...more,
    ];
    const [program = '', ...words] = [...before, process.execPath, daemon, ...options];
    return execFileSync(program, words, {
      cwd: directory,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TMPDIR: temporary },
    });
  }

  it.skipIf(!roots)('says what is missing where the kernel has no Landlock, gives no namespaces, or neither', () => {
    const without = join(place, 'without');
    execFileSync('gcc', ['-O', join(support, 'without.c'), '-o', without]);
    const places = { directory: place, temporary: tmpdir() };
    expect(check([], places)).not.toMatch(/compilers can|a compiler could/);
    expect(check([without, 'landlock'], places)).not.toMatch(/compilers can|a compiler could/);
    const noRoots = 'jobs have no roots of their own here: cannot make namespaces for the job: Operation not permitted';
    expect(check([without, 'namespaces'], places)).toContain(
      `warning: compilers can read all that the account can read: ${noRoots}\n`,
    );
    expect(check([without, 'namespaces', without, 'landlock'], places)).toContain(
      `warning: a compiler could get at the files of other jobs: this kernel has no Landlock; ${noRoots}\n`,
    );
  });

  it.skipIf(!roots)(
    'has no fence with --fence none, and says so, and serves only with all of it with --fence full',
    () => {
      const without = join(place, 'without');
      execFileSync('gcc', ['-O', join(support, 'without.c'), '-o', without]);
      const places = { directory: place, temporary: tmpdir() };
      expect(check([], places, ['--fence', 'none'])).toContain(
        'warning: a compiler could get at the files of other jobs: --fence none\n',
      );
      expect(check([], places, ['--fence', 'full'])).toContain('fence: each job has a root of its own\n');
      expect(() => check([without, 'namespaces'], places, ['--fence', 'full'])).toThrow(
        /--fence full cannot be had here: compilers can read all/,
      );
    },
  );

  it('warns, and would compile without it, where there is no fence, or one that does not work', () => {
    const program = join(place, 'bin/distccd');
    mkdirSync(dirname(program));
    for (const path of [place, dirname(program)]) chmodSync(path, 0o755);
    copyFileSync(distccdProgram, program);
    const places = { directory: place, temporary: tmpdir() };
    const open = 'warning: a compiler could get at the files of other jobs: ';
    expect(check([], places, [], program)).toContain(`${open}there is no "${dirname(program)}/distccd-fence"\n`);
    writeFileSync(join(place, 'bin/distccd-fence'), '#!/bin/sh\necho broken >&2\nexit 9\n', { mode: 0o755 });
    const said = check([], places, [], program);
    expect(said).toContain(`${open}"${dirname(program)}/distccd-fence" does not work here: broken\n`);
    expect(said).toContain('fence: none\n');
  });
});
