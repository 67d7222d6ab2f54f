import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives } from '../../../src/system/processes/living-process.ts';
import { startDaemon, until } from '../../support/daemon.ts';
import { objectWith } from '../../support/object-file.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { answer, startFakeServer } from '../client/fake-server.ts';
import type { Answer, FakeServer } from '../client/fake-server.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';
import { objectsIn, processesIn, startMake, writeMakefile } from './building.ts';

const gcc = ['gcc', '-c', 'a.c', '-o', 'a.o'];

describe.skipIf(process.platform !== 'linux' || !needs('gcc', 'gcc') || !needs('make', 'make'))('distcc-agent', () => {
  let box: Sandbox;
  let server: FakeServer | undefined;
  let daemon: TestDaemon | undefined;

  beforeEach(() => {
    box = new Sandbox({ agent: true });
    box.write('a.c', 'int main(void) { return 0; }\n');
  });
  afterEach(async () => {
    await server?.end();
    await daemon?.end();
    server = undefined;
    daemon = undefined;
    box.remove();
  });

  async function serve(say: Answer): Promise<FakeServer> {
    server = await startFakeServer(say);
    return server;
  }

  const objects = (): string[] => objectsIn(box);

  it('is started by the first job too where DISTCC_DIR does not exist yet', async () => {
    const { host } = await serve(answer({ object: objectWith('object') }));
    const own = join(box.own, 'new');
    const more = { DISTCC_HOSTS: host, DISTCC_DIR: own };
    expect(await box.run(['gcc', '-c', 'a.c', '-o', 'a.o'], more)).toMatchObject({ status: 0, stderr: '' });
    const { stdout } = await box.run(['--agent-status', '--json'], more);
    expect(statSync(own).mode & 0o777).toBe(0o700);
    const [{ pid, jobsDone }] = JSON.parse(stdout) as [{ pid: number; jobsDone: number }];
    process.kill(pid);
    expect(jobsDone).toBe(1);
  });

  it('is started once by 64 launchers', async () => {
    const { host, requests } = await serve(answer({ object: objectWith('object') }));
    const runs = Array.from({ length: 64 }, (_, at) =>
      box.run(['gcc', '-c', 'a.c', '-o', `a${at}.o`], { DISTCC_HOSTS: `${host}/16` }),
    );
    const results = await Promise.all(runs);
    expect(results.filter(({ status, stderr }) => status !== 0 || stderr !== '')).toEqual([]);
    const jobs = requests.filter(({ argv }) => argv.includes('a.c'));
    expect([objects().length, jobs.length, box.agents().length]).toEqual([64, 64, 1]);
    const [pid = 0] = box.agents();
    const status: unknown = JSON.parse((await box.run(['--agent-status', '--json'], {})).stdout);
    expect(status).toMatchObject([{ pid, jobs: [], jobsDone: 64, waiting: 0, slots: [] }]);
    // Nobody may wait for it: it has no descriptor of ours, no terminal, no directory.
    const open = [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(open).toEqual(['/dev/null', '/dev/null', '/dev/null']);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/');
    expect((await box.run(['--agent-stop'], {})).status).toBe(0);
    await until(() => !lives(pid), 'it ends');
    expect(box.states()).toEqual([]);
  });

  it(
    'may be killed at any time: the build does not notice, and all of it still goes to the server',
    { timeout: 120_000 },
    async () => {
      daemon = await startDaemon();
      writeMakefile(box, 48);
      const plain = new Map(
        Array.from({ length: 48 }, (_, at) => [
          `o${at}.o`,
          box.localResult(['gcc', '-O1', '-c', `o${at}.c`], `o${at}.o`),
        ]),
      );
      const build = startMake(box, 16, { DISTCC_HOSTS: `127.0.0.1:${daemon.port}/8` });
      const killed = new Set<number>();
      for (const least of [4, 16, 28]) {
        await until(() => objects().length >= least && box.agents().some((pid) => lives(pid)), 'the build goes on');
        for (const pid of box.agents().filter(lives)) {
          process.kill(pid, 'SIGKILL');
          killed.add(pid);
        }
      }
      expect(await build.ended).toEqual({ status: 0, text: '' });
      expect(killed.size).toBe(3);
      expect(objects().filter((name) => plain.get(name)?.equals(box.read(name)) !== true)).toEqual([]);
      expect(objects().length).toBe(48);
      // A job whose agent was killed may be compiled twice, but none has to stay here.
      const sources = (): Set<string | undefined> =>
        new Set(Array.from(daemon?.log().matchAll(/COMPILE_OK.* (o\d+\.c)$/gm) ?? [], ([, name]) => name));
      await until(() => sources().size === 48, 'the server has compiled all of it');
    },
  );

  it('removes the state files of clients that were killed, when it starts and when it ends', async () => {
    daemon = await startDaemon();
    const nobody = [4_194_301, 4_194_302].map((pid) => join(box.own, 'state', `binstate_${pid}`));
    mkdirSync(join(box.own, 'state'));
    for (const path of nobody) writeFileSync(path, 'left');
    expect((await box.run(gcc, { DISTCC_HOSTS: `127.0.0.1:${daemon.port}/8` })).status).toBe(0);
    expect(box.states()).toEqual([]);
    for (const path of nobody) writeFileSync(path, 'left');
    await box.run(['--agent-stop'], {});
    await until(() => box.states().length === 0, 'the agent has ended, and the state files with it');
  });

  it('may be stopped: the build goes on with another one', async () => {
    daemon = await startDaemon();
    writeMakefile(box, 8);
    const hosts = { DISTCC_HOSTS: `127.0.0.1:${daemon.port}/8` };
    expect((await box.run(gcc, hosts)).status).toBe(0);
    const [first = 0] = box.agents();
    process.kill(first, 'SIGSTOP');
    expect(await startMake(box, 8, hosts).ended).toEqual({ status: 0, text: '' });
    expect(lives(first)).toBe(false);
    expect((await box.run(gcc, hosts)).status).toBe(0);
    expect(box.agents().some((pid) => lives(pid))).toBe(true);
  });

  it('ends everything with an interrupted build, and leaves no half object', async () => {
    const path = `${box.script('slowcc', 'case "$*" in *-E*) sleep 0.2; cat a.c;; *) sleep 30; echo half >"$5";; esac')}:${process.env['PATH']}`;
    await serve(() => undefined);
    writeMakefile(box, 32, 'slowcc');
    const hosts = `${server?.host}/4 localhost/2`;
    const build = startMake(box, 16, { DISTCC_HOSTS: hosts, PATH: path });
    await until(() => (server?.requests.length ?? 0) >= 4, 'jobs are at work');
    await until(() => processesIn(box.work).length >= 17, 'and others wait');
    build.interrupt('SIGINT');
    expect((await build.ended).status).not.toBe(0);
    await until(() => processesIn(box.work).length === 0, `no process is left: ${processesIn(box.work).join()}`);
    expect([objects(), readdirSync(box.work).filter((name) => name.startsWith('.'))]).toEqual([[], []]);
    await until(() => box.states().length === 0, 'no job is shown any more');
    const status: unknown = JSON.parse((await box.run(['--agent-status', '--json'], {})).stdout);
    expect(status).toMatchObject([{ jobs: [], waiting: 0, slots: [] }]);
  });

  it('keeps directory, environment and umask of jobs apart', async () => {
    const { host } = await serve(({ version, ...request }) =>
      answer({ object: objectWith('source' in request ? request.source.toString() : '') })({
        version,
        ...request,
      } as never),
    );
    mkdirSync(box.path('one'));
    mkdirSync(box.path('two'));
    box.write('one/own.h', 'int one;\n');
    box.write('two/own.h', 'int two;\n');
    for (const folder of ['one', 'two']) box.write(`${folder}/a.c`, '#include <own.h>\n');
    const start = (folder: string, umask: string) =>
      box.run(
        ['-c', `cd ${folder} && umask ${umask} && exec '${distccProgram}' gcc -c a.c`],
        { DISTCC_HOSTS: host, CPATH: `../${folder}` },
        { program: '/bin/sh' },
      );
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, at) => start(at % 2 === 0 ? 'one' : 'two', at % 2 === 0 ? '022' : '077')),
    );
    expect(results.map(({ status, stderr }) => [status, stderr])).toEqual(Array.from({ length: 8 }, () => [0, '']));
    for (const folder of ['one', 'two']) expect(box.read(`${folder}/a.o`).toString()).toContain(`int ${folder};`);
    const modes = execFileSync('stat', ['-c', '%a', 'one/a.o', 'two/a.o'], { cwd: box.work, encoding: 'utf8' });
    expect(modes).toBe('644\n600\n');
  });

  it.each(['with blanks', 'with\nnewlines', 'mit ünïcödé', "it's $HOME"])('compiles in a path %j', async (name) => {
    const { host } = await serve(answer({ object: objectWith('object') }));
    box.write(`${name}/${name}.c`, 'int x;\n');
    const result = await box.run(['gcc', '-c', `${name}/${name}.c`, '-o', `${name}/${name}.o`], { DISTCC_HOSTS: host });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect([box.read(`${name}/${name}.o`), server?.requests.length]).toEqual([objectWith('object'), 1]);
  });

  it('compiles with a command line of 100 KB and an environment of 1 MB', async () => {
    const { host, requests } = await serve(answer({}));
    const words = Array.from({ length: 2000 }, (_, at) => `-DNAME_OF_A_MACRO_${at}=${'v'.repeat(32)}`);
    const large = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`LARGE_${at}`, 'x'.repeat(100_000)]));
    expect(await box.run([...gcc, ...words], { DISTCC_HOSTS: host, ...large })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(requests.length).toBe(1);
    // What is run here gets all of it as well.
    const local = await box.run(['sh', '-c', 'echo ${#LARGE_9} $#', 'sh', ...words], { DISTCC_HOSTS: host, ...large });
    expect(local).toMatchObject({ status: 0, stdout: '100000 2000\n' });
  });

  it('gives bytes that are not UTF-8 to the compiler as they are', async () => {
    const script = `printf 'int x;\n' >"$(printf 'b\\377.c')"; exec '${distccProgram}' gcc -c "$(printf 'b\\377.c')" -o b.o`;
    const result = await box.run(['-c', script], { DISTCC_HOSTS: 'localhost' }, { program: '/bin/sh' });
    expect(result).toMatchObject({ status: 0, stderr: '' });
  });

  it('holds a slot until the compiler that has it ends', async () => {
    const waits = 'echo $$ >$2; until test -e go; do sleep 0.02; done';
    const path = `${box.script('slowcc', waits)}:${process.env['PATH']}`;
    const more = { DISTCC_HOSTS: '--localslots=1 localhost', PATH: path };
    const first = box.start(['slowcc', 'one.o', 'one'], more);
    await until(() => box.has('one') && box.read('one').length > 0, 'the first one runs');
    // It has become the compiler, which has stdin, stdout and the process group of the build.
    expect(Number(box.read('one').toString())).toBe(first.child.pid);
    const second = box.start(['slowcc', 'two.o', 'two'], more);
    const waiting = async (): Promise<unknown> =>
      JSON.parse((await box.run(['--agent-status', '--json'], {})).stdout) as unknown;
    expect(await waiting()).toMatchObject([{ waiting: 1, slots: [{ jobs: 1 }] }]);
    expect(box.has('two')).toBe(false);
    first.child.kill('SIGKILL');
    await until(() => box.has('two'), 'the second one runs');
    box.write('go', '');
    expect((await second.ended).status).toBe(0);
  });

  it('starts no compiler for a launcher that is killed while it waits', async () => {
    const { host } = await serve(() => undefined);
    const hosts = { DISTCC_HOSTS: `${host}/1` };
    const first = box.start(gcc, hosts);
    await until(() => server?.requests.length === 1, 'the first job is at work');
    const second = box.start(['gcc', '-c', 'a.c', '-o', 'b.o'], hosts);
    const jobs = async (): Promise<number> =>
      (JSON.parse((await box.run(['--agent-status', '--json'], {})).stdout) as [{ waiting: number }])[0].waiting;
    for (let tries = 0; tries < 100 && (await jobs()) === 0; tries += 1);
    second.child.kill('SIGKILL');
    await second.ended;
    // Two connections that end in the same moment may be seen in either order.
    for (let tries = 0; tries < 100 && (await jobs()) > 0; tries += 1);
    first.child.kill('SIGINT');
    await first.ended;
    for (let tries = 0; tries < 100 && (await jobs()) > 0; tries += 1);
    expect([box.has('a.o'), box.has('b.o'), server?.connections(), await jobs()]).toEqual([false, false, 1, 0]);
  });

  it('reads the hosts file again when it changes', async () => {
    const { host, requests } = await serve(answer({}));
    writeFileSync(join(box.own, 'hosts'), 'localhost\n');
    expect((await box.run(gcc, {})).status).toBe(0);
    writeFileSync(join(box.own, 'hosts'), `${host}\n`);
    expect((await box.run(gcc, {})).status).toBe(0);
    expect(requests.length).toBe(1);
  });

  it('connects to no socket that others could have made, and does without an agent then', async () => {
    mkdirSync(join(box.own, 'agent'));
    chmodSync(join(box.own, 'agent'), 0o777);
    expect(await box.run(gcc, { DISTCC_HOSTS: 'localhost' })).toMatchObject({ status: 0, stderr: '' });
    const long = join(box.top, 'long'.repeat(40));
    mkdirSync(long);
    expect(await box.run(gcc, { DISTCC_HOSTS: 'localhost', DISTCC_DIR: long })).toMatchObject({
      status: 0,
      stderr: '',
    });
    await box.run(['--agent-stop'], { DISTCC_DIR: long });
    // Where nothing can be made, as in a home that is read-only.
    const nowhere = { DISTCC_HOSTS: 'localhost', DISTCC_DIR: box.path('a.c') };
    expect((await box.run(gcc, nowhere)).status).toBe(0);
    expect([readdirSync(join(box.own, 'agent')), existsSync(join(long, 'agent'))]).toEqual([[], false]);
  });

  it('is found by questions where its folder has a long name, or one of other letters', async () => {
    for (const name of ['long'.repeat(40), 'ä b']) {
      const more = { DISTCC_HOSTS: 'localhost', DISTCC_DIR: join(box.top, name) };
      mkdirSync(more.DISTCC_DIR);
      expect((await box.run(gcc, more)).status).toBe(0);
      const { stdout } = await box.run(['--agent-status', '--json'], more);
      expect(JSON.parse(stdout)).toMatchObject([{ jobsDone: 1 }]);
      const pid = Number(/"pid":(\d+)/.exec(stdout)?.[1]);
      await box.run(['--agent-stop'], more);
      await until(() => !lives(pid), 'it has stopped');
    }
  });

  it("leaves somebody else's $XDG_RUNTIME_DIR alone, and lives in the home", async () => {
    const run = process.getuid?.() === 0 ? join(box.top, 'run') : '/etc';
    if (run !== '/etc') {
      mkdirSync(run);
      chownSync(run, 65534, 65534);
    }
    const more = { DISTCC_HOSTS: 'localhost', DISTCC_DIR: undefined, HOME: box.top, XDG_RUNTIME_DIR: run };
    expect(await box.run(gcc, more)).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(run, 'distcc'))).toBe(false);
    expect((await box.run(['--agent-status', '--json'], more)).stdout).toContain('"jobsDone":1');
    await box.run(['--agent-stop'], more);
  });

  it('whose folder was removed ends, and leaves the files of its successor alone', { timeout: 60_000 }, async () => {
    const local = { DISTCC_HOSTS: 'localhost' };
    expect((await box.run(gcc, local)).status).toBe(0);
    const [first = 0] = box.agents();
    rmSync(box.own, { recursive: true });
    mkdirSync(box.own);
    expect((await box.run(gcc, local)).status).toBe(0);
    const [second = 0] = box.agents();
    const before = readdirSync(join(box.own, 'agent')).sort();
    await until(() => !lives(first), 'it ends');
    expect(readdirSync(join(box.own, 'agent')).sort()).toEqual(before);
    expect((await box.run(gcc, local)).status).toBe(0);
    expect([second === first, lives(second), box.agents()]).toEqual([false, true, [second]]);
  });

  it('whose folder is gone for good finishes the job that it has', { timeout: 60_000 }, async () => {
    const path = `${box.script('gcc', 'while [ ! -e finish ]; do sleep 0.05; done')}:${process.env['PATH']}`;
    const { ended } = box.start(gcc, { DISTCC_HOSTS: 'localhost', DISTCC_VERBOSE: '1', PATH: path });
    await until(() => box.states().length > 0, 'the compiler runs');
    const [agent = 0] = box.agents();
    rmSync(join(box.own, 'agent'), { recursive: true });
    // The column of flags tells that a socket listens.
    const listens = new RegExp(`: \\S+ \\S+ 00010000 .* ${box.own}/agent/`);
    expect(readFileSync('/proc/net/unix', 'utf8')).toMatch(listens);
    await until(() => !listens.test(readFileSync('/proc/net/unix', 'utf8')), 'it has seen that');
    box.write('finish', '');
    expect(await ended).toMatchObject({ status: 0, stderr: expect.stringContaining('exit: code 0') });
    await until(() => !lives(agent), 'it ends');
  });

  it('ends when nobody has come for a while', async () => {
    expect((await box.run(gcc, { DISTCC_HOSTS: 'localhost', DISTCC_AGENT_IDLE: '1' })).status).toBe(0);
    // It may have ended by now; that there was one is seen by its lock.
    await until(() => !box.agents().some(lives), 'it ends');
    const names = readdirSync(join(box.own, 'agent'));
    expect(names.some((name) => name.endsWith('.lock'))).toBe(true);
    expect(names).not.toContain('fault');
  });

  it('leaves a job in a removed directory to the compiler', async () => {
    mkdirSync(box.path('gone'));
    const script = `cd gone && rmdir ../gone && exec '${distccProgram}' gcc -c ../a.c -o ../a.o`;
    const result = await box.run(['-c', script], { DISTCC_HOSTS: 'localhost' }, { program: '/bin/sh' });
    expect(result.status).not.toBeNull();
    expect(result.signal).toBeNull();
  });

  it('explains where a command would run', async () => {
    const explain = async (words: readonly string[]) =>
      (await box.run(['--explain', ...words], { DISTCC_HOSTS: 'one/3 two,down' })).stdout;
    expect(await explain(gcc)).toMatch(
      /^can be distributed: "a\.c"[^]*1\. one\/3: 0 of 3 slots taken\n {2}2\. two,down: marked down[^]*would go to one\/3 now/,
    );
    expect(await explain(['gcc', 'a.c', '-o', 'a'])).toMatch(/^runs on this machine: /);
    expect(box.has('a.o')).toBe(false);
  });
});
