import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { killed, exited } from '../../../src/wire/wait-status.ts';
import { encodeRefusal } from '../../../src/wire/refusal.ts';
import { readJobRecord } from '../../../src/job-state/job-record.ts';
import { posix } from '../../../src/system/posix.ts';
import { lives } from '../../../src/system/processes/living-process.ts';
import { until } from '../../support/daemon.ts';
import { objectWith } from '../../support/object-file.ts';
import { needs } from '../../support/needs.ts';
import { answer, startFakeServer } from './fake-server.ts';
import type { Answer, FakeServer } from './fake-server.ts';
import { distccProgram, Sandbox } from './sandbox.ts';

const enabled = needs('gcc', 'gcc');

/** Without the system calls that Node lacks the client waits for a compiler here, and its slots are its own. */
const becomes = posix.execve !== undefined;

const gcc = ['gcc', '-c', 'a.c'];

describe.skipIf(!enabled)('distcc', () => {
  let box: Sandbox;
  let server: FakeServer | undefined;

  beforeEach(() => {
    box = new Sandbox();
    box.write('a.c', 'int main(void) { return 0; }\n');
  });
  afterEach(async () => {
    await server?.end();
    server = undefined;
    box.remove();
  });

  async function serve(say: Answer): Promise<FakeServer> {
    server = await startFakeServer(say);
    return server;
  }

  const backOffs = (): string[] => box.locks().filter((name) => name.startsWith('backoff'));
  const hidden = (): string[] => readdirSync(box.work).filter((name) => name.startsWith('.'));

  /** The text of a process id that a script has written. */
  const pidIn = (name: string): number => Number(box.read(name).toString().trim());

  it('sends an option that the allow list lacks when DISTCC_PERMIT_OPTIONS says that the hosts permit it', async () => {
    const { host, requests } = await serve(answer({ object: objectWith('from the host') }));
    const command = ['gcc', '-fprofile-dir=x', '-c', 'a.c'];
    for (const permitted of ['', '-fprofile-dir', '-O3 -fprofile-dir=']) {
      const more = { DISTCC_HOSTS: host, DISTCC_PERMIT_OPTIONS: permitted };
      expect((await box.run(command, more)).status).toBe(0);
    }
    expect(requests.map(({ argv }) => argv.map(String).includes('-fprofile-dir=x'))).toEqual([true]);
  });

  describe('interrupted', () => {
    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
      'dies by %s while a host compiles, and leaves nothing',
      async (name) => {
        const { host, requests } = await serve(() => undefined);
        box.write('a.o', 'old');
        const { child, ended } = box.start(gcc, { DISTCC_HOSTS: host });
        await until(() => requests.length === 1, 'the request arrives');
        expect(box.states()).toEqual([`binstate_${child.pid}`]);
        child.kill(name);
        expect(await ended).toEqual({ status: null, signal: name, stdout: '', stderr: '' });
        await until(() => box.states().length === 0, 'its agent takes the state away');
        expect([box.temporaries(), hidden(), backOffs()]).toEqual([[], [], []]);
        expect(box.read('a.o').toString()).toBe('old');
      },
    );

    it('ends the preprocessor and everything that it started', async () => {
      const { host } = await serve(() => undefined);
      const path = `${box.script('slowcc', 'sleep 1000 & echo $! >sleeper; echo $$ >self; wait')}:${process.env['PATH']}`;
      const { child, ended } = box.start(['slowcc', '-c', 'a.c'], { DISTCC_HOSTS: host, PATH: path });
      await until(() => box.has('self') && box.read('self').length > 0, 'the preprocessor runs');
      child.kill('SIGTERM');
      expect((await ended).signal).toBe('SIGTERM');
      await until(() => !lives(pidIn('sleeper')) && !lives(pidIn('self')), 'the children end');
      await until(() => box.states().length === 0, 'no job is shown any more');
      expect(box.temporaries()).toEqual([]);
    });

    it('ends the compiler that it runs here in place of a host', async () => {
      const { host } = await serve(answer({ status: exited(1) }));
      const script = 'case "$*" in *-E*) echo "int x;" ;; *) sleep 1000 & echo $! >sleeper; wait ;; esac';
      const path = `${box.script('slowcc', script)}:${process.env['PATH']}`;
      const { child, ended } = box.start(['slowcc', '-c', 'a.c'], { DISTCC_HOSTS: host, PATH: path });
      await until(() => box.has('sleeper') && box.read('sleeper').length > 0, 'the compiler runs');
      child.kill('SIGTERM');
      expect((await ended).signal).toBe('SIGTERM');
      await until(() => !lives(pidIn('sleeper')), 'the compiler ends');
    });

    it('starts no compiler here while it waits for a slot', async () => {
      const { host } = await serve(() => undefined);
      const first = box.start(gcc, { DISTCC_HOSTS: `${host}/1` });
      await until(() => server?.requests.length === 1, 'the first job is at work');
      const second = box.start(['gcc', '-c', 'a.c', '-o', 'b.o'], { DISTCC_HOSTS: `${host}/1`, DISTCC_VERBOSE: '1' });
      let text = '';
      second.child.stderr?.on('data', (chunk: Buffer) => void (text += chunk.toString()));
      await until(() => text.includes('compile from a.c to b.o'), 'the second job waits');
      second.child.kill('SIGINT');
      expect((await second.ended).signal).toBe('SIGINT');
      first.child.kill('SIGINT');
      await first.ended;
      expect([box.has('a.o'), box.has('b.o'), server?.connections()]).toEqual([false, false, 1]);
    });
  });

  describe('with hosts that answer strangely', () => {
    it('shows what the compiler there wrote, on stdout and on stderr, and stores the object', async () => {
      const { host, requests } = await serve(
        answer({ stderr: Buffer.from('a note\n'), stdout: Buffer.from('a listing\n') }),
      );
      const result = await box.run(['gcc', '-DX', '-Inone', '-c', 'a.c', '-O1'], { DISTCC_HOSTS: `${host},lzo` });
      expect(result).toEqual({ status: 0, signal: null, stdout: 'a listing\n', stderr: 'a note\n' });
      expect(box.read('a.o')).toEqual(objectWith('object'));
      expect(requests[0]).toMatchObject({ version: 2 });
      expect(requests[0]?.argv.slice(1)).toEqual(['-c', 'a.c', '-O1', '-o', 'a.o']);
    });

    it('compiles here after a compiler that was killed there, and blames nobody', async () => {
      const { host } = await serve(answer({ status: killed(11) }));
      const result = await box.run(gcc, { DISTCC_HOSTS: host });
      expect(result.status).toBe(0);
      expect(result.stderr.replaceAll(/\[\d+\]/g, '')).toBe(
        `distcc ERROR: compile a.c on ${host}: Segmentation fault\n` +
          `distcc Warning: failed to distribute a.c to ${host}, running locally instead\n`,
      );
      expect(box.has('a.o')).toBe(true);
      expect(backOffs()).toEqual([]);
    });

    it('does a job here that fails there, and does not let the host rest for one', async () => {
      const { host } = await serve(answer({ status: exited(1), stderr: Buffer.from('never shown\n') }));
      const result = await box.run(gcc, { DISTCC_HOSTS: host });
      expect(result.status).toBe(0);
      expect(result.stderr).toContain(
        "remote compilation of 'a.c' failed, retried locally and got a different result.",
      );
      expect(result.stderr).not.toContain('never shown');
      expect(backOffs()).toEqual([]);
    });

    it('goes to the next host when one refuses the job, and does not let that one rest', async () => {
      const { host } = await serve(({ version }) =>
        Buffer.concat(encodeRefusal(version === 2 ? 2 : 1, 'no such compiler here')),
      );
      const second = await startFakeServer(answer({ object: objectWith('object') }));
      try {
        const result = await box.run(gcc, { DISTCC_HOSTS: `${host} ${second.host}` });
        expect(result.status).toBe(0);
        expect(result.stderr).toMatch(
          new RegExp(`^distcc\\[\\d+\\] Warning: ${host} refused the job: no such compiler here\n$`),
        );
        expect(box.read('a.o')).toEqual(objectWith('object'));
        expect(backOffs()).toEqual([]);
      } finally {
        await second.end();
      }
    });

    it.each([
      ['nothing', '', 'server provided no answer. Is the server configured to allow access'],
      ['half an answer', 'DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000009half', 'bad answer from server'],
      [
        'that it is done, and sends no object',
        'DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000000',
        "not a compiler's: its object is empty",
      ],
      [
        'more than an answer',
        'DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000004halfmore',
        'more bytes came after its end',
      ],
      ['something else', 'HTTP/1.1 400 Bad Request\r\n', 'bad answer from server'],
    ])('compiles here when the only host says %s, and lets it rest', async (_case, text, words) => {
      const { host, port } = await serve(() => Buffer.from(text));
      const result = await box.run(gcc, { DISTCC_HOSTS: host });
      expect(result.status).toBe(0);
      expect(result.stderr).toContain(`ERROR: ${host}: `);
      expect(result.stderr).toContain(words);
      expect(result.stderr).toContain(`failed to distribute a.c to ${host}, running locally instead`);
      expect(backOffs()).toEqual([`backoff_tcp_127.0.0.1_${port}_0`]);
      expect(hidden()).toEqual([]);
      expect(box.read('a.o').length).toBeGreaterThan(100);
    });

    it('gives a silent host up after DISTCC_IO_TIMEOUT', async () => {
      const { host } = await serve(() => undefined);
      const result = await box.run(gcc, { DISTCC_HOSTS: host, DISTCC_IO_TIMEOUT: '1' });
      expect(result.status).toBe(0);
      expect(result.stderr).toContain('IO timeout');
      expect(
        (await box.run(gcc, { DISTCC_HOSTS: `${host}/3`, DISTCC_IO_TIMEOUT: '0', DISTCC_BACKOFF_PERIOD: '0' })).status,
      ).toBe(101);
    });

    it('stops after three hosts when hosts never rest', async () => {
      const { host, connections } = await serve(() => Buffer.alloc(0));
      const hosts = ['/1', '/2', '/3', '/4', '/5'].map((slots) => host + slots).join(' ');
      const result = await box.run(gcc, { DISTCC_HOSTS: hosts, DISTCC_BACKOFF_PERIOD: '0' });
      expect(result.status).toBe(0);
      expect(result.stderr).toContain("Couldn't find a host in 3 attempts, retrying locally");
      expect(connections()).toBe(3);
      expect(backOffs()).toEqual([]);
    });

    it('compiles here what reads files in the assembler, without blaming the host', async () => {
      const { host } = await serve(answer({ status: exited(1) }));
      box.write('data', 'x');
      box.write('i.c', '__asm__(".incbin \\"data\\"");\n');
      const result = await box.run(['gcc', '-c', 'i.c'], { DISTCC_HOSTS: host, DISTCC_FALLBACK: '0' });
      expect(result.status).toBe(0);
      expect(result.stderr).toContain("i.c: can't distribute due to unsupported directives, running locally");
      expect(backOffs()).toEqual([]);
    });
  });

  describe('run here', () => {
    it('says why, and asks no host', async () => {
      const { host, connections } = await serve(answer({}));
      const result = await box.run(['gcc', 'a.c', '-o', 'a'], { DISTCC_HOSTS: host, DISTCC_VERBOSE: '1' });
      expect(result.status).toBe(0);
      expect(result.stderr).toMatch(/running locally: without "-c" or "-S"/);
      expect(connections()).toBe(0);
      expect(box.has('a')).toBe(true);
    });

    it('reads our stdin and gives its own status', async () => {
      const run = await box.run(['gcc', '-x', 'c', '-c', '-', '-o', 'in.o'], {}, { input: 'int from_stdin;\n' });
      expect(run).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
      expect(box.has('in.o')).toBe(true);
      const path = `${box.script('cc7', 'echo out; echo err >&2; exit 7')}:${process.env['PATH']}`;
      expect(await box.run(['cc7', 'x'], { PATH: path })).toEqual({
        status: 7,
        signal: null,
        stdout: 'out\n',
        stderr: 'err\n',
      });
    });

    it.each([
      ['becoming the compiler', {}, becomes ? { signal: 'SIGSEGV' } : { status: 139 }],
      ['waiting for it', { DISTCC_VERBOSE: '1' }, { status: 139 }],
    ])('shows the death of a compiler, %s', async (_case, variables, expected) => {
      const path = `${box.script('dying', 'kill -SEGV $$')}:${process.env['PATH']}`;
      expect(await box.run(['dying', 'x'], { PATH: path, ...variables })).toMatchObject(expected);
    });

    it.each([{}, { DISTCC_VERBOSE: '1' }])('reports a compiler that is missing (%j)', async (variables) => {
      const result = await box.run(['nosuchcc', 'x'], variables);
      expect(result.status).toBe(110);
      expect(result.stderr).toContain('ERROR: failed to exec nosuchcc: No such file or directory');
      box.write('plain', '');
      const slash = await box.run(['./plain', 'x'], variables);
      expect(slash.status).toBe(110);
      expect(slash.stderr).toContain('ERROR: failed to exec ./plain: Permission denied');
    });

    it('runs a preprocessor that was killed again as a whole compiler', async () => {
      const { host, requests } = await serve(answer({}));
      const path = `${box.script('flaky', 'case "$*" in *-E*) kill -KILL $$ ;; *) exec gcc "$@" ;; esac')}:${process.env['PATH']}`;
      const result = await box.run(['flaky', '-c', 'a.c'], { DISTCC_HOSTS: host, PATH: path, DISTCC_VERBOSE: '1' });
      expect(result.status).toBe(0);
      expect(result.stderr).toContain('running locally: cpp a.c on localhost: Killed');
      expect([box.has('a.o'), requests.length, backOffs()]).toEqual([true, 0, []]);
    });

    it.skipIf(!becomes)('holds its slot and shows its state until the compiler ends', async () => {
      const path = `${box.script('slow', 'touch here; while [ ! -e go ]; do sleep 0.02; done')}:${process.env['PATH']}`;
      const hosts = { DISTCC_HOSTS: '--localslots=1', PATH: path };
      const first = box.start(['slow', 'x'], hosts);
      await until(() => box.has('here'), 'the compiler runs');
      // It became the compiler: the process that was distcc is the script.
      expect(readFileSync(`/proc/${first.child.pid}/cmdline`, 'utf8')).toContain('slow');
      const state = readJobRecord(readFileSync(join(box.own, `state/binstate_${first.child.pid}`)));
      expect(state).toMatchObject({ record: { host: 'localhost', phase: 'Compile', slot: 0 } });
      const second = box.start(['sh', '-c', 'echo x >second'], hosts);
      let over = false;
      void second.ended.then(() => (over = true));
      await new Promise((next) => setTimeout(next, 300));
      expect([over, box.has('second')]).toEqual([false, false]);
      box.write('go', '');
      await first.ended;
      expect((await second.ended).status).toBe(0);
      expect(box.has('second')).toBe(true);
      await until(() => box.states().length === 0, 'the states are taken away');
    });

    it('marks its children, and refuses to be its own child', async () => {
      const path = `${box.script('show', 'echo $_DISTCC_SAFEGUARD')}:${process.env['PATH']}`;
      expect((await box.run(['show', 'x'], { PATH: path })).stdout).toBe('1\n');
      const result = await box.run(gcc, { _DISTCC_SAFEGUARD: '1' });
      expect(result.status).toBe(111);
      expect(result.stderr).toMatch(/CRITICAL! distcc seems to have invoked itself recursively!\n$/);
    });

    it('lets a masquerading call below another distcc run, without a slot', async () => {
      const links = join(box.top, 'links');
      mkdirSync(links);
      symlinkSync(distccProgram, join(links, 'gcc'));
      const path = `${links}:${process.env['PATH']}`;
      const result = await box.run(
        ['-c', 'a.c'],
        { _DISTCC_SAFEGUARD: '1', PATH: path },
        { program: join(links, 'gcc') },
      );
      expect(result).toMatchObject({ status: 0, stderr: '' });
      expect([box.has('a.o'), existsSync(join(box.own, 'lock'))]).toEqual([true, false]);
    });
  });

  describe('sharing slots', () => {
    it('waits while a stock client has the slot, and takes it when that ends', async (context) => {
      if (posix.lockf === undefined || !needs('/usr/bin/distcc', 'distcc')) context.skip();
      const { host, requests } = await serve(() => undefined);
      const variables = { DISTCC_HOSTS: `${host}/1` };
      const stock = box.start(gcc, variables, { program: '/usr/bin/distcc' });
      await until(() => requests.length === 1, 'the stock client is at work');
      const ours = box.start(['gcc', '-c', 'a.c', '-o', 'b.o'], variables);
      await new Promise((next) => setTimeout(next, 300));
      expect(server?.connections()).toBe(1);
      stock.child.kill('SIGTERM');
      await stock.ended;
      await until(() => requests.length === 2, 'our client takes the slot');
      ours.child.kill('SIGTERM');
      await ours.ended;
    });

    it('uses the list breadth first', async () => {
      const { host, connections } = await serve(() => undefined);
      const second = await startFakeServer(() => undefined);
      try {
        const variables = { DISTCC_HOSTS: `${host}/2 ${second.host}/2` };
        const jobs = [];
        for (const [index, expected] of [
          [1, 0],
          [1, 1],
          [2, 1],
          [2, 2],
        ].entries()) {
          jobs.push(box.start(['gcc', '-c', 'a.c', '-o', `${index}.o`], variables));
          await until(
            () => connections() === expected[0] && second.connections() === expected[1],
            `job ${index} connects`,
          );
        }
        for (const { child } of jobs) child.kill('SIGTERM');
        await Promise.all(jobs.map(({ ended }) => ended));
      } finally {
        await second.end();
      }
    });

    it('compiles here when the list says so, and holds that slot', async () => {
      const result = await box.run(gcc, { DISTCC_HOSTS: 'localhost/3' });
      expect(result).toMatchObject({ status: 0, stderr: '' });
      expect(box.locks()).toEqual(['cpu_localhost_0']);
    });
  });

  describe('asked about itself', () => {
    it('answers its own options', async () => {
      const variables = { DISTCC_HOSTS: 'localhost angry/10,lzo #x\n --localslots=9' };
      expect(await box.run(['-j'], variables)).toMatchObject({ status: 0, stdout: '12\n', stderr: '' });
      expect(await box.run(['--show-hosts'], variables)).toMatchObject({
        status: 0,
        stdout: 'localhost\nangry/10,lzo\n',
      });
      const version = await box.run(['--version'], variables);
      expect(version).toMatchObject({ status: 0, stderr: '' });
      expect(version.stdout).toMatch(/^distcc 0\.1\.0 [.\w-]+\n {2}\(protocols 1 and 2\) \(default port 3632\)\n/);
      expect(await box.run(['--help'], variables)).toMatchObject({ status: 0, stderr: '' });
      expect(await box.run(['--scan-includes', 'gcc'], variables)).toMatchObject({ status: 100, stdout: '' });
      box.write('own.h', '');
      box.write('a.c', '#include "own.h"\n');
      const listed = await box.run(['--scan-includes', 'gcc', '-c', 'a.c'], variables);
      expect(listed).toMatchObject({ status: 0, stderr: '' });
      const lines = listed.stdout.split('\n');
      for (const line of [`FILE      ${box.path('a.c')}`, `FILE      ${box.path('own.h')}`, `DIRECTORY ${box.work}`])
        expect(lines).toContain(line);
    });

    it('says nothing of a list that it cannot read, on stdout, but a number of jobs that make takes', async () => {
      for (const [option, stdout] of [
        ['-j', '1\n'],
        ['--show-hosts', ''],
      ] as const) {
        const result = await box.run([option], { DISTCC_HOSTS: 'a:x' });
        expect(result).toMatchObject({ status: 0, stdout });
        expect(result.stderr).toContain('CRITICAL! Failed to get host list');
      }
      expect(await box.run(['-j'], { DISTCC_HOSTS: '' })).toMatchObject({ status: 0, stdout: '1\n', stderr: '' });
    });

    it('asks for a command when it gets none', async () => {
      const result = await box.run([], {});
      expect(result.status).toBe(101);
      expect(result.stderr).toBe(
        `${distccProgram}: missing option/operand\nTry \`${distccProgram} --help' for more information.\n`,
      );
    });

    it('leaves every other option to the compiler', async () => {
      const result = await box.run(['--bogus'], {});
      expect(result.status).toBe(1);
      expect(result.stderr).toMatch(/^(?:gcc|cc): error: unrecognized command-line option '--bogus'/);
    });

    it('reads hosts from the file in its folder', async () => {
      execFileSync('sh', ['-c', `printf 'one\\n# two\\nthree/2\\n' >"$1"/hosts`, 'sh', box.own]);
      expect(await box.run(['--show-hosts'], {})).toMatchObject({ stdout: 'one\nthree/2\n' });
    });
  });

  describe('with troubles of this machine', () => {
    it('compiles here without a home, without hosts', async () => {
      const { host } = await serve(answer({}));
      const cases: [NodeJS.ProcessEnv, RegExp][] = [
        [{ DISTCC_HOSTS: host, DISTCC_DIR: '', HOME: '' }, /HOME is not set; can't find distcc directory/],
        [
          { DISTCC_HOSTS: host, DISTCC_DIR: '/dev/null/x' },
          /failed to lock "\/dev\/null\/x\/lock": Not a directory; set DISTCC_DIR to a directory/,
        ],
        // A probe of configure must not find a line of ours among those of the compiler.
        [{ DISTCC_HOSTS: '' }, /^$/],
        [{ DISTCC_HOSTS: '', DISTCC_VERBOSE: '1' }, /\$DISTCC_HOSTS.*can't distribute work/],
        [{ DISTCC_HOSTS: 'a:x' }, /invalid tcp port specification in "x" \(\$DISTCC_HOSTS, word 1, "a:x"\)/],
        [{ DISTCC_HOSTS: 'a,down' }, /failed to distribute, running locally instead/],
      ];
      for (const [variables, words] of cases) {
        const result = await box.run(gcc, variables);
        expect(result.status).toBe(0);
        expect(result.stderr).toMatch(words);
      }
      expect(server?.connections()).toBe(0);
    });

    it('logs to stderr when the file cannot be opened', async () => {
      const result = await box.run(['gcc', 'a.c', '-o', 'a'], { DISTCC_LOG: '/none/log' });
      expect(result.status).toBe(0);
      expect(result.stderr).toContain('ERROR: failed to open logfile /none/log: No such file or directory');
    });

    it('logs to the descriptor that ccache names', async () => {
      const child = spawn('sh', ['-c', `exec 7>fd7; "$0" nosuchcc x`, distccProgram], {
        cwd: box.work,
        env: box.environment({ UNCACHED_ERR_FD: '7' }),
        stdio: 'ignore',
      });
      await once(child, 'exit');
      expect(box.read('fd7').toString()).toContain('failed to exec nosuchcc');
    });
  });
});
