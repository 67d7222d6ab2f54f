import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeOpenFolder, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { fileOf, inputsOf, smallJob, TreeClient } from '../../support/tree-client.ts';
import type { ClientInput, ClientJob, TreeOutcome } from '../../support/tree-client.ts';

const argv = ['gcc', '-g', '-O2', '-Wall', '-MD', '-Iinc', '-c', 'main.c', '-o', 'main.o'];

let top: string;
let project: string;
let cache: string;
let inputs: readonly ClientInput[];
const daemons: TestDaemon[] = [];
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'kept-results-'));
  project = join(top, 'project');
  mkdirSync(join(project, 'inc'), { recursive: true });
  writeFileSync(join(project, 'inc/one.h'), '#pragma once\nint one(void);\n');
  writeFileSync(
    join(project, 'main.c'),
    '#include <stdio.h>\n#include "one.h"\nint main(void) { int unused; return one(); }\n',
  );
  cache = makeOpenFolder(top, 'cache');
  inputs = inputsOf(argv, project);
});
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.end();
  rmSync(top, { recursive: true });
});

async function start(...options: string[]): Promise<TestDaemon> {
  const daemon = await startDaemon({
    options: ['--allow', '127.0.0.0/8', ...options],
    environment: { CACHE_DIRECTORY: cache },
  });
  daemons.push(daemon);
  return daemon;
}

const job = (change: Partial<ClientJob> = {}): ClientJob => ({
  argv,
  directory: project,
  inputs,
  environment: ['LC_ALL=C'],
  ...change,
});

/** How many compilers a daemon has started for jobs. */
const started = (daemon: TestDaemon): number => [...daemon.log().matchAll(/ exec \/\S+: /g)].length;

const hits = (daemon: TestDaemon): number => [...daemon.log().matchAll(/ from kept results$/gm)].length;

/** Waits until the daemon has said what came of that many jobs: it keeps a result after the client has it. */
async function settled(daemon: TestDaemon, jobs: number): Promise<void> {
  await daemon.logs(new RegExp(`(?:^.*client: \\S+ COMPILE_[^]*?){${jobs}}`, 'm'));
}

const results = (): string[] => readdirSync(join(cache, 'results')).filter((name) => name !== 'lock');

/** Runs jobs one after the other, each by a client of its own. */
async function runEach(daemon: TestDaemon, ...jobs: ClientJob[]): Promise<TreeOutcome[]> {
  const outcomes: TreeOutcome[] = [];
  for (const [at, one] of jobs.entries()) {
    outcomes.push(await new TreeClient(daemon.port, `127.0.0.${at + 1}`).run(one));
    await settled(daemon, at + 1);
  }
  return outcomes;
}

/** What the same command gives on this machine. */
function compileHere(): { object: Buffer; stderr: string; dependencies: string } {
  const environment = { PATH: '/usr/bin:/bin', PWD: project, LC_ALL: 'C' };
  const { stderr } = spawnSync(argv[0] ?? '', argv.slice(1), { cwd: project, env: environment, encoding: 'utf8' });
  const dependencies = readFileSync(join(project, 'main.d'), 'utf8');
  return { object: readFileSync(join(project, 'main.o')), stderr, dependencies };
}

describe('kept results', () => {
  it('are given to another client with the same files, with no compiler started, as a compile here would be', async () => {
    const daemon = await start();
    const [first, second] = await runEach(daemon, job(), job());
    const here = compileHere();
    expect(here.stderr).toContain('unused variable');
    for (const outcome of [first, second]) {
      expect(outcome?.error).toBeUndefined();
      expect(outcome?.answer?.status).toBe(0);
      expect(outcome?.answer?.object.equals(here.object)).toBe(true);
      expect(outcome?.answer?.stderr.toString()).toBe(here.stderr);
      expect(outcome?.answer?.dependencies.toString()).toBe(here.dependencies);
    }
    expect([first?.answer?.kept, second?.answer?.kept]).toEqual([false, true]);
    // It has shown by its proofs that it has the files.
    expect(second?.needs.flat()).toEqual([]);
    expect(started(daemon)).toBe(1);
    expect(hits(daemon)).toBe(1);
  });

  it('may be large, and are the same then', async () => {
    const daemon = await start();
    const large = smallJob('int big[800000] = {1};\n', { argv: ['gcc', '-c', 'a.c', '-o', 'a.o'] });
    const [first, second] = await runEach(daemon, large, large);
    expect(first?.answer?.object.length).toBeGreaterThan(3_000_000);
    expect(second?.answer?.kept).toBe(true);
    expect(second?.answer?.object.equals(first?.answer?.object ?? Buffer.alloc(0))).toBe(true);
    expect(started(daemon)).toBe(1);
  });

  it('need no slot', async () => {
    const daemon = await start('--jobs', '1');
    await runEach(daemon, job());
    let socket: Socket | undefined;
    const endless = smallJob(`#define A(x) x x\nvoid f(int i) { ${'A('.repeat(18)}i++;${')'.repeat(18)} }\n`, {
      sent: (open) => (socket = open),
    });
    const busy = new TreeClient(daemon.port, '127.0.0.50').run(endless);
    await until(() => started(daemon) === 2, 'the long job has the only slot');
    const other = new TreeClient(daemon.port, '127.0.0.2').run(job());
    const first = await Promise.race([other, busy.then(() => 'the long job')]);
    expect(first).toMatchObject({ answer: { status: 0 } });
    await until(() => hits(daemon) === 1, 'a kept result is given');
    socket?.destroy();
    await busy;
  });

  it('outlast the daemon', async () => {
    const one = await start();
    await runEach(one, job());
    expect(results()).toHaveLength(1);
    await daemons.pop()?.end();
    const two = await start();
    const [again] = await runEach(two, job());
    expect(again?.answer?.status).toBe(0);
    expect(started(two)).toBe(0);
  });

  it('are not given for anything that differs', async () => {
    const daemon = await start();
    const edited = (path: string): ClientInput[] =>
      inputs.map((input) =>
        input.path === path && input.kind === 'file'
          ? { ...input, content: Buffer.concat([input.content, Buffer.from('\n\n')]) }
          : input,
      );
    const jobs = [
      job(),
      job({ inputs: edited(join(project, 'inc/one.h')) }),
      job({ inputs: edited(join(project, 'main.c')) }),
      job({ argv: [...argv, '-DX'] }),
      job({ argv: argv.map((word) => (word === 'gcc' ? 'cc' : word)) }),
      job({ argv: argv.map((word) => (word === 'main.o' ? 'other.o' : word)) }),
      job({ inputs: [...inputs, fileOf(join(project, 'inc/more.h'), '')] }),
      job({ environment: ['LC_ALL=C', 'CPATH=/nowhere'] }),
    ];
    await runEach(daemon, ...jobs);
    expect(started(daemon)).toBe(jobs.length);
    expect(hits(daemon)).toBe(0);
    expect(results()).toHaveLength(jobs.length);
  });

  it('depend on the directory', async () => {
    const daemon = await start();
    const at = (directory: string): ClientJob =>
      smallJob('int f(void) { return 1; }\n', {
        directory,
        argv: ['gcc', '-g', '-c', '/home/me/a.c', '-o', 'a.o'],
      });
    const [one, two] = await runEach(daemon, at('/home/me'), at('/other'));
    expect(started(daemon)).toBe(2);
    expect(two?.answer?.object.equals(one?.answer?.object ?? Buffer.alloc(0))).toBe(false);
  });

  it('are not given to a client that cannot prove that it has the files, and does not have them', async () => {
    const daemon = await start();
    await runEach(daemon, smallJob('int secret(void) { return 1; }\n'));
    const content = Buffer.from('int secret(void) { return 1; }\n');
    const thief = new TreeClient(daemon.port, '127.0.0.9');
    const outcome = await thief.run(
      smallJob('int secret(void) { return 1; }\n', {
        // It knows the hash, and no more.
        change: (sent) => ({
          ...sent,
          definitions: sent.definitions.map((one) =>
            one.kind === 'file' && one.path === '/home/me/a.c' ? { ...one, proof: Buffer.alloc(32, 7) } : one,
          ),
        }),
        contents: (contents) =>
          contents.map((one) => ({ ...one, codec: 'raw', bytes: Buffer.alloc(content.length, 'x') })),
      }),
    );
    // As if nobody had ever had it.
    expect(outcome.needs).toEqual([[0]]);
    expect(outcome.answer).toBeUndefined();
    expect(started(daemon)).toBe(1);
    expect(hits(daemon)).toBe(0);
  });

  it('are given to a client that sends the files', async () => {
    const daemon = await start();
    await runEach(daemon, smallJob('int f(void) { return 2; }\n'));
    const other = new TreeClient(daemon.port, '127.0.0.9');
    const outcome = await other.run(
      smallJob('int f(void) { return 2; }\n', {
        change: (sent) => ({
          ...sent,
          definitions: sent.definitions.map((one) => (one.kind === 'file' ? { ...one, proof: Buffer.alloc(32) } : one)),
        }),
      }),
    );
    expect(outcome.needs.flat()).toHaveLength(2);
    expect(outcome.answer?.status).toBe(0);
    await settled(daemon, 2);
    expect(started(daemon)).toBe(1);
    expect(hits(daemon)).toBe(1);
  });

  it('are let go of when the client closes before it is given one', async () => {
    const daemon = await start();
    const kept = smallJob('int f(void) { return 3; }\n');
    await runEach(daemon, kept);
    const open = (): string[] =>
      readdirSync(`/proc/${daemon.process.pid}/fd`).filter((name) => {
        try {
          return readlinkSync(`/proc/${daemon.process.pid}/fd/${name}`).startsWith(join(cache, 'results', ''));
        } catch {
          return false;
        }
      });
    const before = open().length;
    for (let at = 0; at < 5; at += 1) {
      let socket: Socket | undefined;
      // It hears that its definitions have been taken, and says nothing more.
      await new TreeClient(daemon.port, `127.0.0.${50 + at}`).run({
        ...kept,
        sent: (made) => (socket = made),
        contents: (contents) => {
          socket?.destroy();
          return contents;
        },
      });
    }
    await until(() => open().length === before, 'no result is open any more');
    const [again] = await runEach(daemon, kept);
    expect(again?.answer?.kept).toBe(true);
  });

  it('are successes only', async () => {
    const daemon = await start();
    const [one, two] = await runEach(
      daemon,
      smallJob('int f(void) { return }\n'),
      smallJob('int f(void) { return }\n'),
    );
    expect(one?.answer?.status).toBe(256);
    expect(two?.answer?.stderr.toString()).toBe(one?.answer?.stderr.toString());
    expect(started(daemon)).toBe(2);
    expect(results()).toEqual([]);
  });

  it('do not have the time of a compile in them, wherever the word stands', async () => {
    const daemon = await start();
    const jobs = [
      smallJob('const char *f(void) { return __DATE__; }\n'),
      smallJob('#include "t.h"\nconst char *f(void) { return NOW; }\n', {
        inputs: [
          fileOf('/home/me/a.c', '#include "t.h"\nconst char *f(void) { return NOW; }\n'),
          fileOf('/home/me/t.h', '#define NOW __TIME__\n'),
          fileOf('/usr/include/stdc-predef.h', ''),
        ],
      }),
    ];
    const more = [
      smallJob('const char *f(void) { return NOW; }\n', { argv: ['gcc', '-DNOW=__TIME__', '-c', 'a.c', '-o', 'a.o'] }),
      smallJob('#define C(a, b) a##b\nconst char *f(void) { return C(__TI, ME__); }\n'),
      smallJob('const char *f(void) { return __TI\\\nME__; }\n'),
      smallJob('#define C(a) __TI##a\nconst char *f(void) { return C(B); }\n', {
        argv: ['gcc', '-DB=ME__', '-c', 'a.c', '-o', 'a.o'],
      }),
    ];
    await runEach(daemon, ...jobs, ...more, ...jobs);
    expect(started(daemon)).toBe(8);
    expect(results()).toEqual([]);
  });

  it('never depend on what another job of the client has declared', async () => {
    const daemon = await start();
    const text =
      '#if __has_include("config.h")\n#include "config.h"\n#endif\n#ifndef V\n#define V 1\n#endif\nint f(void) { return V; }\n';
    const honest = smallJob(text);
    const poison = fileOf('/home/me/config.h', '#define V 666\n');
    const hostile = new TreeClient(daemon.port, '127.0.0.66');
    // In one generation of its files: what one job declares is in the tree of the next one.
    const first = await hostile.run({ ...honest, inputs: [...honest.inputs, poison] });
    const second = await hostile.run(honest);
    await settled(daemon, 2);
    expect(first.answer?.status).toBe(0);
    const victim = await new TreeClient(daemon.port, '127.0.0.1').run(honest);
    await settled(daemon, 3);
    expect(hits(daemon)).toBe(1);
    expect(victim.answer?.object.includes(Buffer.from([0xb8, 0x01, 0, 0, 0]))).toBe(true);
    expect(second.answer?.object.equals(victim.answer?.object ?? Buffer.alloc(0))).toBe(true);
    expect(first.answer?.object.equals(victim.answer?.object ?? Buffer.alloc(0))).toBe(false);
  });

  it.each([
    ['that no disk keeps', [-3_000_000_000n, -4_000_000_000n], [1_700_000_000n, 1_700_000_100n]],
    ['on both sides of 1970', [-0.5, 0.5], [1_700_000_000.2, 1_700_000_000.5]],
  ])('never depend on times %s', async (_, theirs, mine) => {
    const daemon = await start();
    // gcc leaves out the second header when it takes it for the first one, by content and time.
    const once = '#pragma once\n#include "v.h"\n';
    const main = '#include "a/x.h"\n#include "b/x.h"\nint f(void) { return A\n#ifdef B\n+ B\n#endif\n; }\n';
    const ns = (seconds: bigint | number): bigint => BigInt(Math.round(Number(seconds) * 10)) * 100_000_000n;
    const at = (times: readonly (bigint | number)[]): ClientJob =>
      smallJob(main, {
        inputs: [
          fileOf('/home/me/a.c', main),
          fileOf('/home/me/a/x.h', once, ns(times[0] ?? 0)),
          fileOf('/home/me/b/x.h', once, ns(times[1] ?? 0)),
          fileOf('/home/me/a/v.h', '#define A 1\n'),
          fileOf('/home/me/b/v.h', '#define B 100\n'),
          fileOf('/usr/include/stdc-predef.h', ''),
        ],
      });
    const [first, second] = await runEach(daemon, at(theirs), at(mine));
    expect([first?.answer?.status, second?.answer?.status]).toEqual([0, 0]);
    expect(hits(daemon)).toBe(0);
    // Only the honest one is kept.
    expect(results()).toHaveLength(1);
  });

  it('are made again when the file is broken', async () => {
    const daemon = await start();
    await runEach(daemon, job());
    const [name = ''] = results();
    appendFileSync(join(cache, 'results', name), 'more');
    const [again] = await runEach(daemon, job());
    expect(again?.answer?.status).toBe(0);
    await settled(daemon, 2);
    expect(started(daemon)).toBe(2);
    expect(daemon.log()).toMatch(/kept results: a kept result has another length: removed it/);
    expect(results()).toHaveLength(1);
  });

  it('take no more room than they may', async () => {
    const daemon = await start('--result-cache', '1M');
    const jobs = Array.from({ length: 12 }, (_, at) =>
      smallJob(`char big${at}[] = "${'x'.repeat(120_000)}";\n`, { argv: ['gcc', '-c', 'a.c', '-o', 'a.o'] }),
    );
    await runEach(daemon, ...jobs);
    const bytes = results().reduce((sum, name) => sum + statSync(join(cache, 'results', name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(results().length).toBeGreaterThan(4);
    expect(results().length).toBeLessThan(12);
  });

  it.each([
    ['itself', 'gcc', '#!/bin/sh\nexec /usr/bin/gcc "$@"\n'],
    ['which it names', 'site-gcc', '#!/bin/sh\nexec site-gcc "$@"\n'],
  ])('are those of the compiler that would run, a script %s', async (_, changed, wrapper) => {
    const tools = makeOpenFolder(top, 'tools');
    writeFileSync(join(tools, 'site-gcc'), '#!/bin/sh\nexec /usr/bin/gcc "$@"\n', { mode: 0o755 });
    writeFileSync(join(tools, 'gcc'), wrapper, { mode: 0o755 });
    const daemon = await startDaemon({
      options: ['--allow', '127.0.0.0/8'],
      environment: { CACHE_DIRECTORY: cache, DISTCCD_PATH: `${tools}:/usr/bin:/bin` },
    });
    daemons.push(daemon);
    const one = smallJob('int f(void) { return 3; }\n');
    await runEach(daemon, one, one);
    expect(started(daemon)).toBe(1);
    writeFileSync(join(tools, changed), '#!/bin/sh\nexec /usr/bin/gcc -DNEW "$@"\n', { mode: 0o755 });
    await runEach(daemon, one);
    await settled(daemon, 3);
    expect(started(daemon)).toBe(2);
  });

  it('are not made where nobody wants them', async () => {
    const daemon = await start('--result-cache', '0');
    await runEach(daemon, job(), job());
    expect(started(daemon)).toBe(2);
    expect(readdirSync(cache)).not.toContain('results');
  });
});
