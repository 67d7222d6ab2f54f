import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitStatus } from '../../../src/basics/exit-status.ts';
import { listJobs } from '../../../src/job-state/state-folder.ts';
import { lives } from '../../../src/system/processes/living-process.ts';
import { leftovers, makeOpenFolder, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { answer, halfOf, startFakeServer } from '../client/fake-server.ts';
import type { FakeServer } from '../client/fake-server.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';
import { objectsIn, processesIn, startMake, writeMakefile } from './building.ts';

const gcc = ['gcc', '-c', 'a.c', '-o', 'a.o'];
const able = process.platform === 'linux' && needs('gcc', 'gcc') && needs('make', 'make');

/** A build has many compilers for a machine that may be busy. */
const patient = { timeout: 120_000 };

describe.skipIf(!able)('an interruption', () => {
  let box: Sandbox;
  let server: FakeServer | undefined;
  let daemon: TestDaemon | undefined;

  function open(agent: boolean): void {
    box.remove();
    box = new Sandbox({ agent });
    box.write('a.c', 'int main(void) { return 0; }\n');
  }
  beforeEach(() => {
    box = new Sandbox({ agent: true });
    box.write('a.c', 'int main(void) { return 0; }\n');
  });
  afterEach(async () => {
    await server?.end();
    await daemon?.end();
    [server, daemon] = [undefined, undefined];
    box.remove();
  });

  /** What is in the user's folder besides what an agent has there. */
  const remains = (): string[] =>
    readdirSync(box.own, { recursive: true, encoding: 'utf8' })
      .filter(
        (name) =>
          !/^(?:agent(?:\/(?:start|fingerprint\.c|[\d.]+-[\da-f]+(?:\.lock|\.pid)?))?|lock|state|lock\/cpu_.*|state\/spare_.*)$/.test(
            name,
          ),
      )
      .sort();

  const half = halfOf(answer({ object: Buffer.alloc(200_000, 'o') }));

  describe.each([
    ['with an agent', true],
    ['without an agent', false],
  ] as const)('%s', (_case, agent) => {
    beforeEach(() => open(agent));

    it.each(['SIGINT', 'SIGTERM'] as const)(
      'by %s while a server that a test plays has sent half an object leaves the old one, and nothing beside it',
      async (signal) => {
        server = await startFakeServer(half, { hangs: true });
        box.write('a.o', 'old');
        const { child, ended } = box.start(gcc, { DISTCC_HOSTS: server.host });
        const receives = (): boolean => {
          const folder = join(box.own, 'state');
          return box.states().length > 0 && listJobs(folder, Date.now()).jobs.some(({ phase }) => phase === 'Compile');
        };
        const { requests } = server;
        await until(() => receives() && requests.length === 1, 'half of it is on its way');
        child.kill(signal);
        expect((await ended).signal).toBe(signal);
        await until(() => box.states().length === 0, 'the job is not shown any more');
        expect(readdirSync(box.work).sort()).toEqual(['a.c', 'a.o']);
        expect(box.read('a.o').toString()).toBe('old');
        expect([box.temporaries(), remains()]).toEqual([[], []]);
      },
    );

    it('of the connection by a server that a test plays, in the middle of an object, has the job done here', async () => {
      const plain = box.localResult(gcc, 'a.o');
      server = await startFakeServer(half);
      box.write('a.o', 'old');
      const more = { DISTCC_HOSTS: server.host, DISTCC_BACKOFF_PERIOD: '0' };
      const strict = await box.run(gcc, { ...more, DISTCC_FALLBACK: '0' });
      expect([strict.status, box.read('a.o').toString()]).toEqual([exitStatus.noHosts, 'old']);
      const { status, stderr } = await box.run(gcc, more);
      expect([status, box.read('a.o').equals(plain)]).toEqual([0, true]);
      expect(stderr).toContain('running locally instead');
      expect(readdirSync(box.work).sort()).toEqual(['a.c', 'a.o']);
      expect([box.temporaries(), server.requests.length]).toEqual([[], 2]);
    });
  });

  it(
    'of make -j16 leaves whole objects only, and the next build is remote through the same agent',
    patient,
    async () => {
      const slowly = box.script('gcc', 'sleep 0.3; exec /usr/bin/gcc "$@"');
      // What is kept of clients lies elsewhere than the folders of jobs.
      const environment = { CACHE_DIRECTORY: makeOpenFolder(box.top, 'cache') };
      daemon = await startDaemon({ path: slowly, options: ['--allow', '127.0.0.1', '--jobs', '8'], environment });
      const { port, log, temporary, process: serving } = daemon;
      writeMakefile(box, 48);
      const command = (at: number): string[] => ['gcc', '-O1', '-c', `o${at}.c`];
      const plain = new Map(
        Array.from({ length: 48 }, (_, at) => [`o${at}.o`, box.localResult(command(at), `o${at}.o`)]),
      );
      const wrong = (): string[] => objectsIn(box).filter((name) => plain.get(name)?.equals(box.read(name)) !== true);
      const sources = readdirSync(box.work).sort();
      const more = { DISTCC_HOSTS: `127.0.0.1:${port}/8`, DISTCC_NO_REWRITE_CROSS: '1', DISTCC_FALLBACK: '0' };
      const build = startMake(box, 16, more);
      await until(() => objectsIn(box).length >= 8, 'the build goes on');
      const [agent = 0] = box.agents();
      build.interrupt('SIGINT');
      expect((await build.ended).status).not.toBe(0);
      const done = objectsIn(box);
      expect(done.length).toBeLessThan(48);
      expect(wrong()).toEqual([]);
      await until(() => processesIn(box.work).length === 0, 'nobody works there any more');
      const noticed = (): boolean => {
        try {
          return box.states().length === 0 && leftovers(temporary).length === 0;
        } catch {
          // A folder may go while it is looked at.
          return false;
        }
      };
      await until(noticed, 'the server has noticed');
      expect(readdirSync(box.work).sort()).toEqual([...sources, ...done].sort());
      expect([box.temporaries(), remains()]).toEqual([[], []]);
      // Compilers work in folders below the daemon's own.
      await until(
        () => processesIn(temporary).every((pid) => pid === String(serving.pid)),
        'no compiler is left there',
      );
      expect([serving.exitCode, lives(agent)]).toEqual([null, true]);
      const logged = log().length;
      expect(await startMake(box, 16, more).ended).toEqual({ status: 0, text: '' });
      expect([objectsIn(box).length, wrong()]).toEqual([48, []]);
      const compiled = (): Set<string | undefined> =>
        new Set(
          Array.from(
            log()
              .slice(logged)
              .matchAll(/COMPILE_OK.* (\S+)\.c$/gm),
            ([, name]) => `${name}.o`,
          ),
        );
      const missing = (): string[] => objectsIn(box).filter((name) => !done.includes(name) && !compiled().has(name));
      await until(() => missing().length === 0, 'the server has compiled all that was missing');
      expect(box.agents()).toEqual([agent]);
    },
  );

  const between: readonly (readonly [string, string, NodeJS.ProcessEnv])[] = [
    ['distcc with an agent', `'${distccProgram}'`, {}],
    ['distcc that waits for the compiler to log its end', `'${distccProgram}'`, { DISTCC_VERBOSE: '1' }],
    ['distcc without an agent', `'${distccProgram}'`, { DISTCC_AGENT: '0' }],
    ["Debian's distcc", '/usr/bin/distcc', {}],
    ['nothing', '', {}],
  ];
  const testable = between.filter(([, via]) => !via.startsWith('/') || needs(via, 'distcc'));

  it.each(testable)(
    'of make below which, with %s between, a compiler leaves half an object: make removes it',
    async (_case, via, more) => {
      const folder = box.script('halfcc', 'echo half >a.o; : >begun; exec sleep 60');
      box.write('Makefile', `a.o: a.c\n\t@${via} halfcc -c a.c -o a.o\n`);
      const build = startMake(box, 1, { DISTCC_HOSTS: 'localhost', PATH: `${folder}:${process.env['PATH']}`, ...more });
      await until(() => box.has('begun'), 'half of it is there');
      build.interrupt('SIGINT');
      expect((await build.ended).status).not.toBe(0);
      expect(objectsIn(box)).toEqual([]);
      await until(() => processesIn(box.work).length === 0, 'nobody works there any more');
    },
  );
});
