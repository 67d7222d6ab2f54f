import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { answer, startFakeServer } from '../client/fake-server.ts';
import type { FakeServer } from '../client/fake-server.ts';
import { Sandbox } from '../client/sandbox.ts';

const quiet = { status: 0, stderr: '' };

describe.skipIf(process.platform !== 'linux' || !needs('gcc', 'gcc'))('the schedule of distcc-agent', () => {
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

  /** A gcc that notes how many run at a time with some word on the command line (any, when it is empty), and its PATH. */
  function countingGcc(word: string): NodeJS.ProcessEnv {
    const script = `case " $* " in *"${word}"*) mkdir "run.$$"; ls -d run.* | wc -l >>counts; sleep 0.4; rmdir "run.$$";; esac`;
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
    const compiles = Array.from({ length: 8 }, (_, at) => box.run(['gcc', '-c', 'a.c', '-o', `a${at}.o`], environment));
    for (const result of await Promise.all(compiles)) expect(result.status).toBe(0);
    expect(most()).toBe(2);
  });

  it('runs no more preprocessors at once than --localslots_cpp allows', async () => {
    const { host } = await fake(answer({ object: Buffer.from('object') }));
    const environment = { DISTCC_HOSTS: `--localslots_cpp=2 ${host}/4`, ...countingGcc('-E') };
    const compiles = Array.from({ length: 8 }, (_, at) => box.run(['gcc', '-c', 'a.c', '-o', `a${at}.o`], environment));
    for (const result of await Promise.all(compiles)) expect(result).toMatchObject(quiet);
    expect(most()).toBe(2);
  });

  it('passes over a host that runs slow, though the list prefers it', async () => {
    const slowly = box.script('gcc', 'sleep 4; exec /usr/bin/gcc "$@"');
    const slow = await daemon({ path: slowly });
    const fast = await daemon({});
    const environment = {
      DISTCC_HOSTS: `127.0.0.1:${slow.port}/4 127.0.0.1:${fast.port}/4`,
      DISTCC_NO_REWRITE_CROSS: '1',
      DISTCC_VERBOSE: '1',
    };
    const compile = async (name: string): Promise<string> => {
      const { stderr } = await box.run(['gcc', '-c', 'a.c', '-o', name], environment);
      return /compile a\.c on (\S+) completed ok/.exec(stderr)?.[1] ?? stderr;
    };
    const onFast = `127.0.0.1:${fast.port}/4`;
    const first = await Promise.all([compile('1.o'), compile('2.o')]);
    expect(first.sort()).toEqual([`127.0.0.1:${slow.port}/4`, onFast].sort());
    expect([await compile('3.o'), await compile('4.o')]).toEqual([onFast, onFast]);
    expect((await box.run(['--agent-status'], {})).stdout).toMatch(/expected time of tcp_127\.0\.0\.1_\d+: 4\.\d s/);
  });

  it('passes over a host that refused the connection, and explains that', async () => {
    const { port } = await daemon({});
    const hosts = { DISTCC_HOSTS: `127.0.0.1:${await freePort()}/4 127.0.0.1:${port}/4,lzo` };
    const first = await box.run(['gcc', '-c', 'a.c'], hosts);
    expect([first.status, first.stderr]).toEqual([0, expect.stringContaining('Connection refused')]);
    expect(await box.run(['gcc', '-c', 'a.c'], hosts)).toMatchObject(quiet);
    const { stdout } = await box.run(['--explain', 'gcc', '-c', 'a.c'], hosts);
    expect(stdout).toMatch(/1\. \S+: rests \d+ s more, because it failed: .*Connection refused/);
    expect(stdout).toMatch(/2\. \S+: 0 of 4 places taken, a job would take about \d+\.\d s\n/);
    expect(stdout).toContain(`would go to 127.0.0.1:${port}/4,lzo now\n`);
  });

  it('knows how much memory a child of a compiler of this machine used', async () => {
    const waits = 'const timer = setInterval(() => fs.existsSync("go") && clearInterval(timer), 20);';
    const large = box.write('large.js', `const fs = require("fs"); const x = Buffer.alloc(80e6, 1); ${waits}\n`);
    const job = box.start(['sh', '-c', `'${process.execPath}' '${large}'; true`], { DISTCC_HOSTS: 'localhost' });
    const largest = async (): Promise<number> =>
      ((await status()) as [{ largestLocalJob: number }] | [])[0]?.largestLocalJob ?? 0;
    for (let tries = 0; tries < 200 && (await largest()) < 100e6; tries += 1);
    box.write('go', '');
    expect(await job.ended).toMatchObject(quiet);
    expect(await largest()).toBeGreaterThan(100e6);
  });

  it('opens the connection while the preprocessor runs', async () => {
    const { host, connections, requests } = await fake(answer({ object: Buffer.from('object') }));
    const PATH = `${box.script('slowcc', 'until test -e go; do sleep 0.02; done; cat a.c')}:${process.env['PATH']}`;
    const job = box.start(['slowcc', '-c', 'a.c'], { DISTCC_HOSTS: host, PATH });
    await until(() => connections() === 1, 'it is connected');
    expect(requests).toEqual([]);
    box.write('go', '');
    expect(await job.ended).toMatchObject(quiet);
    expect(requests.length).toBe(1);
  });

  it('uses a host that is put on the list while jobs wait for another', async () => {
    const silent = await fake(() => undefined);
    const good = await fake(answer({ object: Buffer.from('object') }));
    box.write('../distcc/hosts', `${silent.host}/1\n`);
    const waiting = ['one.o', 'two.o'].map((name) => box.start(['gcc', '-c', 'a.c', '-o', name], {}));
    await until(() => silent.requests.length === 1, 'one is at work');
    const waits = async (): Promise<number> => ((await status()) as [{ waiting: number }])[0].waiting;
    for (let tries = 0; tries < 200 && (await waits()) === 0; tries += 1);
    box.write('../distcc/hosts', `${silent.host}/1 ${good.host}/1\n`);
    expect(await box.run(['gcc', '-c', 'a.c', '-o', 'three.o'], {})).toMatchObject(quiet);
    expect([good.requests.length, silent.requests.length]).toEqual([1, 1]);
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
});
