import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentEvent, BuildSummary } from '../../../src/agent-state/events.ts';
import type { AgentStatus } from '../../../src/agent-state/status.ts';
import { followAgent } from '../../../src/agent-state/follow-agent.ts';
import { freePort } from '../../../scripts/free-port.mjs';
import { startDaemon, until } from '../../support/daemon.ts';
import type { DaemonSetup, TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { Sandbox } from '../client/sandbox.ts';
import type { Running } from '../client/sandbox.ts';
import { startMake, writeMakefile } from './building.ts';

describe.skipIf(process.platform !== 'linux' || !needs('gcc', 'gcc'))('distcc --summary', () => {
  let box: Sandbox;
  let ends: (() => Promise<unknown>)[];
  beforeEach(() => {
    box = new Sandbox({ agent: true });
    ends = [];
    box.write('a.c', 'int f(int x) { return x; }\n');
  });
  afterEach(async () => {
    for (const end of ends) await end();
    box.remove();
  });

  async function daemon(setup: DaemonSetup = {}): Promise<TestDaemon> {
    const started = await startDaemon({ options: ['--allow', '127.0.0.1'], ...setup });
    ends.push(() => started.end());
    return started;
  }

  /** The words of a compile, with another compiler when the first word is the name of one. */
  const gcc = (at: number, ...words: string[]): string[] => [
    ...(words[0]?.startsWith('gcc') === true ? [] : ['gcc']),
    ...words,
    '-c',
    'a.c',
    '-o',
    `a${at}.o`,
  ];

  /** A daemon whose gcc, by both names, is a script that only it sees: no job with a root of its own would. */
  function daemonWith(script: string): Promise<TestDaemon> {
    box.script('x86_64-linux-gnu-gcc', script);
    return daemon({ path: box.script('gcc', script), options: ['--allow', '127.0.0.1', '--fence', 'none'] });
  }
  const slowly = (): string => `until test -e '${box.path('go')}'; do sleep 0.05; done; exec /usr/bin/gcc "$@"`;

  /** Compiles this often at once, each time with success. */
  async function compile(count: number, more: NodeJS.ProcessEnv, ...words: string[]): Promise<string> {
    const jobs = Array.from({ length: count }, (_, at) => box.run(gcc(at, ...words), more));
    const results = await Promise.all(jobs);
    expect(results.map(({ status }) => status)).toEqual(jobs.map(() => 0));
    return results.map(({ stderr }) => stderr).join('');
  }

  async function summary(): Promise<BuildSummary> {
    const { stdout, status } = await box.run(['--summary', '--json'], {});
    expect(status).toBe(0);
    return JSON.parse(stdout) as BuildSummary;
  }

  it('tells how many jobs went to each host, and why others did not', async () => {
    const { port } = await daemon();
    const host = `127.0.0.1:${port}`;
    const hosts = { DISTCC_HOSTS: `${host}/4` };
    await compile(5, hosts);
    await compile(4, hosts, '-march=native');
    const build = await summary();
    expect(build).toMatchObject({ jobs: 9, remote: 5, local: 4, failedJobs: 0, failures: [] });
    expect(build.hosts).toMatchObject([{ name: host, jobs: 5, failures: 0 }]);
    const [one] = build.hosts;
    expect(one?.busySeconds).toBeGreaterThan(0);
    expect(one?.bytesOut).toBeGreaterThan(1000);
    expect(one?.bytesIn).toBeGreaterThan(1000);
    expect(build.localReasons).toMatchObject([
      { jobs: 4, why: '"-march=native" means another processor on another machine' },
    ]);
    const { stdout } = await box.run(['--summary'], {});
    expect(stdout).toMatch(new RegExp(`^${host} +5 +0 `, 'm'));
    expect(stdout).toMatch(/^5 by hosts \(56 %\), 4 on this machine \(44 %\)$/m);
    const [status] = JSON.parse((await box.run(['--agent-status', '--json'], {})).stdout) as AgentStatus[];
    expect(status?.hosts).toMatchObject([{ name: `tcp_127.0.0.1_${port}`, done: 5, failed: 0 }]);
  });

  it('answers while the build runs, and the status has the host and the phase of a job', async () => {
    const { port } = await daemonWith(slowly());
    const job: Running = box.start(gcc(0), { DISTCC_HOSTS: `127.0.0.1:${port}` });
    const jobs = async (): Promise<AgentStatus['jobs']> => {
      const agents = JSON.parse((await box.run(['--agent-status', '--json'], {})).stdout) as AgentStatus[];
      return agents.flatMap((agent) => agent.jobs);
    };
    let seen: AgentStatus['jobs'] = [];
    while (seen[0]?.host === undefined) seen = await jobs();
    expect(seen).toMatchObject([{ host: `127.0.0.1:${port}`, directory: box.work }]);
    expect((await box.run(['--agent-status'], {})).stdout).toMatch(
      new RegExp(
        `^ *${seen[0].pid} +[\\d.]+ s +(?:connects to|sends to|compiles on) 127.0.0.1:${port} +gcc -c a.c`,
        'm',
      ),
    );
    expect(await summary()).toMatchObject({ running: true, jobs: 0 });
    box.write('go', '');
    expect((await job.ended).status).toBe(0);
    expect(await summary()).toMatchObject({ running: true, jobs: 1, remote: 1 });
  });

  it('ends with a sentence and 100 where no agent runs, also for --json, and with 101 for a word too many', async () => {
    for (const words of [['--summary'], ['--summary', '--json']]) {
      const { status, stdout, stderr } = await box.run(words, {});
      expect({ status, stdout }).toEqual({ status: 100, stdout: '' });
      expect(stderr).toMatch(/^distcc\[\d+\] ERROR: no agent is running, which counts builds/);
    }
    for (const words of [
      ['--summary', 'x'],
      ['--summary', '--json', 'x'],
    ])
      expect(await box.run(words, {})).toMatchObject({ status: 101, stdout: '' });
  });

  it('says what a host that fails did, in one line however many jobs meet it', async () => {
    const host = `127.0.0.1:${await freePort()}`;
    const said = await compile(8, { DISTCC_HOSTS: `${host}/8` });
    expect(said.match(/Connection refused/g)).toHaveLength(1);
    expect(said.match(/failed to distribute/g)).toHaveLength(1);
    // The host rests now.
    expect(await compile(4, { DISTCC_HOSTS: `${host}/8` })).toBe('');
    const build = await summary();
    expect(build).toMatchObject({ jobs: 12, local: 12 });
    expect(build.localReasons).toHaveLength(1);
  });

  it('is about the jobs of make too, and a follower sees them', async () => {
    const { port } = await daemon();
    await compile(1, { DISTCC_HOSTS: `127.0.0.1:${port}/4` });
    const folder = join(box.own, 'agent');
    const name = readdirSync(folder).find((one) => /^\d[^/]*-[0-9a-f]{8}$/.test(one)) ?? '';
    const told: AgentEvent[] = [];
    const following = followAgent(join(folder, name), (event) => told.push(event));
    writeMakefile(box, 10);
    const make = await startMake(box, 4, { DISTCC_HOSTS: `127.0.0.1:${port}/4` }).ended;
    expect(make).toMatchObject({ status: 0 });
    await until(() => told.filter(({ kind }) => kind === 'end').length === 10, 'all ends');
    const ended = told.flatMap((event) => (event.kind === 'end' ? [event.end] : []));
    for (const { host, phases, sent, status, bytesOut } of ended) {
      expect({ host, status }).toEqual({ host: `127.0.0.1:${port}`, status: 0 });
      expect(sent).toBeDefined();
      expect(bytesOut).toBeGreaterThan(0);
      expect(phases.map(({ phase }) => phase)).toContain('compile');
      const times = phases.map(({ at }) => at);
      expect(times).toEqual([...times].sort((one, other) => one - other));
    }
    following.close();
    expect(await summary()).toMatchObject({ jobs: 11, remote: 11 });
  });

  it('--trace writes what the agent does, has done and does at the end, and is complete at any time', async () => {
    const { port } = await daemon();
    const slow = await daemonWith(slowly());
    const traced = (): { name: string; ph: string; args?: { name?: string } }[] =>
      (JSON.parse(readFileSync(box.path('t.json'), 'utf8')) as { traceEvents: never[] }).traceEvents;
    const early = box.start(['--trace', 't.json'], {});
    await until(() => box.has('t.json'), 'it waits for an agent');
    await compile(3, { DISTCC_HOSTS: `127.0.0.1:${port}/4` });
    const jobs = (): number => traced().filter(({ name, ph }) => name === 'compile' && ph === 'X').length;
    await until(() => jobs() >= 3, 'the jobs are there');
    const job = box.start(gcc(9), { DISTCC_HOSTS: `127.0.0.1:${slow.port}/4` });
    const phases = async (): Promise<(string | undefined)[]> => {
      const agents = JSON.parse((await box.run(['--agent-status', '--json'], {})).stdout) as AgentStatus[];
      return agents.flatMap((agent) => agent.jobs.map(({ host }) => host));
    };
    while (!(await phases()).includes(`127.0.0.1:${slow.port}`));
    early.child.kill('SIGINT');
    const { status, stderr } = await early.ended;
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(
        /^distcc: tracing to "t\.json" as soon as .*\ndistcc: "t\.json" has 4 jobs: .*\n$/,
      ) as string,
    });
    expect(traced().some(({ name }) => name === 'a.c (not finished)')).toBe(true);
    expect(
      traced()
        .filter(({ name }) => name === 'process_name')
        .map(({ args }) => args?.name),
    ).toContain(`127.0.0.1:${port}`);
    box.write('go', '');
    await job.ended;
    // A later trace has what was before it, and leaves the first alone.
    expect(await box.run(['--trace', 't.json'], {})).toMatchObject({ status: 107, stdout: '' });
    const before = box.read('t.json');
    const late = box.start(['--trace', 'u.json'], {});
    await until(() => box.has('u.json') && /"a\.c"/.test(box.read('u.json').toString()), 'the past is there');
    late.child.kill('SIGKILL');
    await late.ended;
    expect(() => void JSON.parse(box.read('u.json').toString())).not.toThrow();
    expect(box.read('t.json').equals(before)).toBe(true);
    for (const words of [['--trace'], ['--trace', ''], ['--trace', 'x', 'y']])
      expect(await box.run(words, {})).toMatchObject({ status: 101, stdout: '' });
  });

  describe('explains the usual mistakes with their cures:', () => {
    /** A port whose listener takes no more connections, as behind a firewall that drops. */
    async function droppingPort(): Promise<number> {
      const script = `const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`;
      const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const sockets: Socket[] = [];
      ends.push(async () => {
        for (const socket of sockets) socket.destroy();
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
      if (child.stdout === null) throw new Error('no output');
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      child.kill('SIGSTOP');
      const port = Number(line.toString());
      for (let at = 0; at < 8; at += 1) sockets.push(connect(port, '127.0.0.1').on('error', () => {}));
      await new Promise((next) => setTimeout(next, 200));
      return port;
    }

    const old = `case "$*" in *-std=gnu17*) echo "gcc: error: unrecognized command-line option '-std=gnu17'" >&2; exit 1;; esac\nexec /usr/bin/gcc "$@"`;

    /** What is wrong, words of the compile; then what the summary says, and what it says to do. */
    interface Mistake {
      readonly what: string;
      readonly hosts: () => Promise<string>;
      readonly words?: readonly string[];
      readonly why: RegExp;
      readonly cure: RegExp;
    }
    const at = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`;
    const mistakes: readonly Mistake[] = [
      {
        what: 'a wrong name',
        hosts: () => Promise.resolve('no-such-host.invalid'),
        why: /failed to resolve host no-such-host\.invalid/,
        cure: /correct the host's name in the host list/,
      },
      {
        what: 'a wrong port',
        hosts: async () => at({ port: await freePort() }),
        why: /Connection refused/,
        cure: /start distccd there, or correct the port/,
      },
      {
        what: 'a machine that is not allowed',
        hosts: async () => at(await daemon({ options: ['--allow', '192.0.2.1'] })),
        why: /provided no answer.*allow access from your IP address/,
        cure: /allow this machine: "--allow", or ALLOWEDNETS/,
      },
      {
        what: 'a firewall that drops',
        hosts: async () => at({ port: await droppingPort() }),
        why: /timeout while connecting/,
        cure: /have the firewalls on the way pass its port/,
      },
      {
        what: 'a compiler that is missing',
        hosts: async () => {
          box.script('gcc-99', 'exec gcc "$@"');
          return at(await daemon({ compilers: ['gcc', 'gcc-99'] }));
        },
        words: ['gcc-99'],
        why: /gcc-99/,
        cure: /install the compiler there, and run update-distcc-symlinks/,
      },
      {
        what: 'a compiler that is not permitted',
        hosts: async () => {
          box.script('gcc-99', 'exec gcc "$@"');
          return at(await daemon({ compilers: ['gcc'] }));
        },
        words: ['gcc-99'],
        why: /the compiler "gcc-99"/,
        cure: /install the compiler there, and run update-distcc-symlinks/,
      },
      {
        what: 'a compiler of another version',
        hosts: async () => at(await daemonWith(old)),
        words: ['-std=gnu17'],
        why: /failed where the one here did not, and said: .*unrecognized command-line option/,
        cure: /install the same version of the compiler there/,
      },
      {
        what: 'no hosts',
        hosts: () => Promise.resolve(''),
        why: /no hosts are listed/,
        cure: /list hosts in DISTCC_HOSTS.*distcc --doctor/,
      },
      {
        what: 'everything for this processor',
        hosts: async () => at(await daemon()),
        words: ['-march=native'],
        why: /"-march=native" means another processor/,
        cure: /name the processor in place of "native"/,
      },
    ];
    it.each(mistakes)('$what', { timeout: 60_000 }, async ({ hosts, words = [], why, cure }) => {
      const path = `${process.env['PATH']}:${join(box.top, 'scripts')}`;
      await compile(3, { DISTCC_HOSTS: await hosts(), PATH: path }, ...words);
      const { stdout, status } = await box.run(['--summary'], {});
      expect(status).toBe(0);
      expect(stdout).toMatch(why);
      expect(stdout).toMatch(cure);
      expect(stdout).toMatch(/^0 by hosts \(0 %\), 3 on this machine \(100 %\)$/m);
      expect(stdout).toMatch(/^limit: 3 of 3 jobs ran on this machine, /m);
    });
  });
});
