import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/free-port.mjs';
import { startDaemon, until } from '../../support/daemon.ts';
import { kernelHas } from '../../support/fence.ts';
import { objectWith } from '../../support/object-file.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { answer, startFakeServer } from '../client/fake-server.ts';
import type { FakeServer } from '../client/fake-server.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';
import type { Running } from '../client/sandbox.ts';

const quiet = { status: 0, stderr: '' };

/** The words with which unshare(1) makes a mount namespace, and whether this machine allows one. */
const apart = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
const mounts = kernelHas('mount namespaces', spawnSync('unshare', [...apart, 'true']).status === 0);

describe.skipIf(process.platform !== 'linux' || !needs('gcc', 'gcc') || !needs('unshare', 'util-linux'))(
  'the schedule of distcc-agent',
  () => {
    let box: Sandbox;
    let others: Sandbox[];
    let ends: (() => Promise<unknown>)[];

    beforeEach(() => {
      box = new Sandbox({ agent: true });
      [others, ends] = [[], []];
      box.write('a.c', 'int main(void) { return 0; }\n');
    });
    afterEach(async () => {
      for (const end of ends) await end();
      for (const each of [box, ...others]) each.remove();
    });

    async function daemon(setup: Parameters<typeof startDaemon>[0]): Promise<TestDaemon> {
      const started = await startDaemon(setup);
      ends.push(() => started.end());
      return started;
    }

    async function fake(say: Parameters<typeof startFakeServer>[0]): Promise<FakeServer> {
      const started = await startFakeServer(say);
      ends.push(() => started.end());
      return started;
    }

    /**
     * A gcc that notes how many run at a time with some word on the command line (any, when it is empty), and its PATH.
     */
    function countingGcc(word: string): NodeJS.ProcessEnv {
      const script = `case " $* " in *"${word}"*) mkdir "run.$$"; echo run.* | wc -w >>counts; sleep 0.4; rmdir "run.$$";; esac`;
      const folder = box.script('gcc', `${script}\nexec /usr/bin/gcc "$@"`);
      return { PATH: `${folder}:${process.env['PATH']}`, DISTCC_NO_REWRITE_CROSS: '1' };
    }

    const most = (): number => Math.max(...box.read('counts').toString().trim().split('\n').map(Number));

    const status = async (of = box): Promise<unknown> =>
      JSON.parse((await of.run(['--agent-status', '--json'], {})).stdout) as unknown;

    it('runs no more of 16 links at once than --localslots allows', async () => {
      await box.run(['gcc', '-c', 'a.c'], { DISTCC_HOSTS: 'localhost' });
      const environment = { DISTCC_HOSTS: '--localslots=3 localhost/2', ...countingGcc('') };
      const links = Array.from({ length: 16 }, (_, at) => box.run(['gcc', 'a.o', '-o', `a${at}`], environment));
      for (const result of await Promise.all(links)) expect(result).toMatchObject(quiet);
      expect(most()).toBe(3);
    });

    it('runs no more fallbacks at once than --localslots allows', async () => {
      const environment = { DISTCC_HOSTS: `--localslots=2 127.0.0.1:${await freePort()}/16`, ...countingGcc('-c') };
      const compiles = Array.from({ length: 8 }, (_, at) =>
        box.run(['gcc', '-c', 'a.c', '-o', `a${at}.o`], environment),
      );
      for (const result of await Promise.all(compiles)) expect(result.status).toBe(0);
      expect(most()).toBe(2);
    });

    it('runs no more preprocessors at once than --localslots_cpp allows', async () => {
      const { host } = await fake(answer({ object: objectWith('object') }));
      const environment = { DISTCC_HOSTS: `--localslots_cpp=2 ${host}/4`, ...countingGcc('-E') };
      const compiles = Array.from({ length: 8 }, (_, at) =>
        box.run(['gcc', '-c', 'a.c', '-o', `a${at}.o`], environment),
      );
      for (const result of await Promise.all(compiles)) expect(result).toMatchObject(quiet);
      expect(most()).toBe(2);
    });

    it('passes over a host that runs slow, though the list prefers it', { timeout: 60_000 }, async () => {
      const slowly = box.script(
        'gcc',
        `until test -e '${box.path('go')}'; do sleep 0.05; done; exec /usr/bin/gcc "$@"`,
      );
      // This compiler looks for a file of the test's, which no job with a root of its own would see.
      const slow = await daemon({ path: slowly, options: ['--allow', '127.0.0.1', '--fence', 'none'] });
      const fast = await daemon({});
      const environment = {
        DISTCC_HOSTS: `127.0.0.1:${slow.port}/4 127.0.0.1:${fast.port}/4`,
        DISTCC_NO_REWRITE_CROSS: '1',
        DISTCC_VERBOSE: '1',
      };
      const compile = async (name: string): Promise<string> => {
        const { stderr } = await box.run(['gcc', '-c', 'a.c', '-o', name], environment);
        const faults = stderr.split('\n').filter((line) => /ERROR|arning/.test(line));
        // A host that failed would explain a surprise.
        return [/compile a\.c on (\S+) completed ok/.exec(stderr)?.[1] ?? stderr, ...faults].join('\n');
      };
      const onFast = `127.0.0.1:${fast.port}/4`;
      const begun = performance.now();
      const first = [compile('1.o'), compile('2.o')];
      expect(await Promise.race(first)).toBe(onFast);
      // However busy this machine is, the other one takes many times as long; not so long that the agent would forget
      // what it knows.
      const time = performance.now() - begun;
      await new Promise((next) => setTimeout(next, Math.min(15_000, Math.max(4000, 8 * time))));
      box.write('go', '');
      expect((await Promise.all(first)).sort()).toEqual([`127.0.0.1:${slow.port}/4`, onFast].sort());
      expect([await compile('3.o'), await compile('4.o')]).toEqual([onFast, onFast]);
      const { stdout } = await box.run(['--agent-status'], {});
      expect(stdout).toMatch(new RegExp(`^127\\.0\\.0\\.1:${slow.port} +0 +1 +0 +\\d+(?:\\.\\d)? s$`, 'm'));
    });

    it('passes over a host that refused the connection, and explains that', async () => {
      const { port } = await daemon({});
      const hosts = { DISTCC_HOSTS: `127.0.0.1:${await freePort()}/4 127.0.0.1:${port}/4,lzo` };
      const first = await box.run(['gcc', '-c', 'a.c'], hosts);
      expect([first.status, first.stderr]).toEqual([0, expect.stringContaining('Connection refused')]);
      expect(await box.run(['gcc', '-c', 'a.c'], hosts)).toMatchObject(quiet);
      const { stdout } = await box.run(['--explain', 'gcc', '-c', 'a.c'], hosts);
      expect(stdout).toMatch(/1\. \S+: rests \d+ s more, because it failed: .*Connection refused/);
      expect(stdout).toMatch(/2\. \S+: 0 of 4 slots taken, a job would take (?:about|less than) \d+(?:\.\d)? s\n/);
      expect(stdout).toContain(`would go to 127.0.0.1:${port}/4,lzo now\n`);
    });

    /** A job of this machine whose child takes 80 MB and keeps it until it may go. */
    function startLargeJob(): Running {
      // It ends too when a test that failed has taken its slot away.
      const over = 'fs.existsSync("go") || !fs.existsSync("large.js")';
      const waits = `const timer = setInterval(() => (${over}) && clearInterval(timer), 20);`;
      const large = box.write('large.js', `const fs = require("fs"); const x = Buffer.alloc(80e6, 1); ${waits}\n`);
      return beside(['sh', '-c', `'${process.execPath}' '${large}'; true`]);
    }

    /** Starts a job in the mount namespace of the agent: one elsewhere would have an agent of its own. */
    function beside(words: readonly string[]): Running {
      const environment = { DISTCC_HOSTS: 'localhost' };
      const [pid] = box.agents();
      if (pid === undefined) return box.start(words, environment);
      const kinds = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--preserve-credentials', '--mount'];
      const enter = ['--target', String(pid), ...kinds, `--wd=${box.work}`, distccProgram];
      return box.start([...enter, ...words], environment, { program: 'nsenter' });
    }

    const largest = async (): Promise<number> =>
      ((await status()) as [{ largestLocalJob: number }] | [])[0]?.largestLocalJob ?? 0;

    it('knows how much memory a child of a compiler of this machine used', async () => {
      const job = startLargeJob();
      for (let tries = 0; tries < 200 && (await largest()) < 100e6; tries += 1);
      box.write('go', '');
      expect(await job.ended).toMatchObject(quiet);
      expect(await largest()).toBeGreaterThan(100e6);
    });

    it.skipIf(!mounts)('has a job of this machine wait while less memory is free than a recent one used', async () => {
      const memory = (megabytes: number): string =>
        box.write('meminfo', `MemTotal: 16000000 kB\nMemAvailable: ${megabytes}000 kB\n`);
      const environment = { DISTCC_HOSTS: 'localhost' };
      // Only the agent sees another /proc/meminfo: it is started in a mount namespace of its own.
      const script = `mount --bind '${memory(8000)}' /proc/meminfo && exec '${distccProgram}' true`;
      expect(await box.run([...apart, 'sh', '-c', script], environment, { program: 'unshare' })).toMatchObject(quiet);
      const first = startLargeJob();
      for (let tries = 0; tries < 200 && (await largest()) < 100e6; tries += 1);
      memory(50);
      const second = beside(['touch', 'second']);
      const waiting = async (): Promise<string> => (await box.run(['--agent-status'], {})).stdout;
      for (let tries = 0; tries < 200 && !(await waiting()).includes('waits for'); tries += 1);
      expect(await waiting()).toMatch(/touch second\n +waits for memory on this machine: a recent job used 1\d\d MB, /);
      expect((await box.run(['--explain', 'gcc', 'a.o'], environment)).stdout).toMatch(/would wait now for memory/);
      expect(box.has('second')).toBe(false);
      memory(8000);
      expect(await second.ended).toMatchObject(quiet);
      // With all memory taken one job still runs.
      box.write('go', '');
      await first.ended;
      memory(1);
      expect(await beside(['touch', 'third']).ended).toMatchObject(quiet);
    });

    it.skipIf(!mounts)(
      'has a job of this machine wait while its control group, which this test makes up, leaves less memory than a recent one used',
      async () => {
        // Folders stand for groups in the agent's own mount namespace: what the kernel shows there is text as well.
        const group = (megabytes: number): string => {
          box.write('group/memory.max', '2000000000\n');
          box.write('group/memory.stat', 'anon 1\ninactive_file 3000000\nactive_file 2000000\nslab_reclaimable 1\n');
          box.write('group/memory.current', `${2000 - megabytes + 5}000000\n`);
          return box.path('group');
        };
        const environment = { DISTCC_HOSTS: 'localhost' };
        const script = `mount --bind '${group(1000)}' /sys/fs/cgroup && exec '${distccProgram}' true`;
        expect(await box.run([...apart, 'sh', '-c', script], environment, { program: 'unshare' })).toMatchObject(quiet);
        const first = startLargeJob();
        for (let tries = 0; tries < 200 && (await largest()) < 100e6; tries += 1);
        group(50);
        const second = beside(['touch', 'second']);
        const waiting = async (): Promise<string> => (await box.run(['--agent-status'], {})).stdout;
        for (let tries = 0; tries < 200 && !(await waiting()).includes('waits for'); tries += 1);
        expect(await waiting()).toMatch(
          /touch second\n +waits for memory in the control group "\/": a recent job used 1\d\d MB, and the running ones leave 50 MB/,
        );
        expect((await box.run(['--explain', 'gcc', 'a.o'], environment)).stdout).toMatch(
          /would wait now for memory in/,
        );
        expect(box.has('second')).toBe(false);
        group(1000);
        expect(await second.ended).toMatchObject(quiet);
        box.write('go', '');
        expect(await first.ended).toMatchObject(quiet);
      },
    );

    it('opens the connection while the preprocessor runs', async () => {
      const { host, connections, requests } = await fake(answer({ object: objectWith('object') }));
      const PATH = `${box.script('slowcc', 'until test -e go; do sleep 0.02; done; cat a.c')}:${process.env['PATH']}`;
      const job = box.start(['slowcc', '-c', 'a.c'], { DISTCC_HOSTS: host, PATH });
      await until(() => connections() === 1, 'it is connected');
      expect(requests).toEqual([]);
      box.write('go', '');
      expect(await job.ended).toMatchObject(quiet);
      expect(requests.length).toBe(1);
    });

    it('gives jobs that wait a host that is put on the list, before those that come later', async () => {
      const silent = await fake(() => undefined);
      const good = await fake(answer({ object: objectWith('object') }));
      box.write('../distcc/hosts', `${silent.host}/1\n`);
      const waiting = ['one.o', 'two.o'].map((name) => box.start(['gcc', '-c', 'a.c', '-o', name], {}));
      await until(() => silent.requests.length === 1, 'one is at work');
      const waits = async (): Promise<number> => ((await status()) as [{ waiting: number }])[0].waiting;
      for (let tries = 0; tries < 200 && (await waits()) === 0; tries += 1);
      box.write('../distcc/hosts', `${silent.host}/1 ${good.host}/1\n`);
      expect(await box.run(['gcc', '-c', 'a.c', '-o', 'three.o'], {})).toMatchObject(quiet);
      expect([good.requests.length, silent.requests.length]).toEqual([2, 1]);
      for (const { child } of waiting) child.kill('SIGKILL');
    });

    it('gets its share of a server that another agent keeps busy', async () => {
      const slowly = box.script('gcc', 'sleep 0.3; exec /usr/bin/gcc "$@"');
      const { port } = await daemon({ path: slowly, options: ['--allow', '127.0.0.1', '--jobs', '1'] });
      const environment = { DISTCC_HOSTS: `127.0.0.1:${port}/4`, DISTCC_NO_REWRITE_CROSS: '1', DISTCC_FALLBACK: '0' };
      const other = new Sandbox({ agent: true });
      others.push(other);
      other.write('b.c', 'int b;\n');
      let done = 0;
      const busy = Array.from({ length: 12 }, async (_, at) => {
        const result = await box.run(['gcc', '-c', 'a.c', '-o', `a${at}.o`], environment);
        done += 1;
        return result;
      });
      await until(() => done >= 2, 'the first agent keeps the server busy');
      expect(await other.run(['gcc', '-c', 'b.c'], environment)).toMatchObject(quiet);
      // At most the four that the first agent had under way come before it, and a few that end meanwhile.
      expect(done).toBeLessThan(11);
      for (const result of await Promise.all(busy)) expect(result).toMatchObject(quiet);
    });
  },
);
