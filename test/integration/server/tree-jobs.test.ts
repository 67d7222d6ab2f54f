import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeRequest } from '../../../src/wire/request.ts';
import { makeOpenFolder, startDaemon, until } from '../../support/daemon.ts';
import type { DaemonSetup, TestDaemon } from '../../support/daemon.ts';
import { fileOf, inputsOf, smallJob, TreeClient } from '../../support/tree-client.ts';
import type { ClientInput, ClientJob, TreeOutcome } from '../../support/tree-client.ts';
import { converse } from '../../support/wire-client.ts';

const argv = ['gcc', '-g', '-O2', '-Wall', '-MD', '-Iinc', '-include', 'inc/two.h', '-c', 'main.c', '-o', 'main.o'];

let top: string;
let project: string;
let inputs: readonly ClientInput[];
let daemon: TestDaemon;
beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'tree-jobs-'));
  project = join(top, 'project');
  mkdirSync(join(project, 'inc'), { recursive: true });
  writeFileSync(join(project, 'inc/one.h'), '#pragma once\nint one(void);\n');
  writeFileSync(join(project, 'inc/two.h'), '#define TWO 2\n');
  symlinkSync('one.h', join(project, 'inc/link.h'));
  const text = '#include <stdio.h>\n#include "link.h"\nint main(void) { int x; return one() + TWO; }\n';
  writeFileSync(join(project, 'main.c'), text);
  inputs = inputsOf(argv, project);
  daemon = await start();
});
afterAll(async () => {
  await daemon.end();
  rmSync(top, { recursive: true });
});

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const start = (setup: DaemonSetup = {}): Promise<TestDaemon> =>
  startDaemon({ ...setup, options: ['--allow', '127.0.0.0/8', ...(setup.options ?? [])] });

async function startOwn(setup: DaemonSetup = {}): Promise<TestDaemon> {
  const own = await start(setup);
  undo.push(() => own.end());
  return own;
}

/** What the same command gives on this machine. */
function compileHere(words: readonly string[]): { object: Buffer; stderr: string; dependencies: string } {
  const environment = { PATH: '/usr/bin:/bin', PWD: project, LC_ALL: 'C' };
  const { stderr } = spawnSync(words[0] ?? '', words.slice(1), { cwd: project, env: environment, encoding: 'utf8' });
  const dependencies = readFileSync(join(project, 'main.d'), 'utf8');
  return { object: readFileSync(join(project, 'main.o')), stderr, dependencies };
}

const job = (change: Partial<ClientJob> = {}): ClientJob => ({
  argv,
  directory: project,
  inputs,
  environment: ['LC_ALL=C'],
  ...change,
});

const statusOf = ({ answer }: TreeOutcome): number | undefined => answer?.status;

/** The value of `answer` in an object. */
const valueIn = ({ answer }: TreeOutcome): string => {
  const path = join(top, 'object.o');
  writeFileSync(path, answer?.object ?? '');
  return /\$0x([\da-f]+)/.exec(spawnSync('objdump', ['-d', path], { encoding: 'utf8' }).stdout)?.[1] ?? '';
};

describe('a tree job', () => {
  it('gives what a compile at the client gives, and brings each content once', async () => {
    const here = compileHere(argv);
    const client = new TreeClient(daemon.port);
    const cold = await client.run(job());
    expect(cold.error).toBe(undefined);
    expect(cold.welcomes).toHaveLength(1);
    expect(cold.welcomes[0]).toMatchObject({ slots: expect.any(Number) as number, load: expect.any(Number) as number });
    expect(cold.welcomes[0]?.codecs).toContain('deflate');
    expect(cold.needs).toHaveLength(1);
    // The compiler's own headers are here already.
    const files = inputs.filter(({ kind }) => kind === 'file');
    const own = files.filter(({ path }) => path.includes('/lib/gcc/'));
    expect(own.length).toBeGreaterThan(0);
    expect(cold.needs[0]).toHaveLength(files.length - own.length);
    const warm = await client.run(job());
    // It may have looked at the compiler meanwhile, and then says so.
    expect([warm.needs.flat(), warm.welcomes.length < 2]).toEqual([[], true]);
    const other = await new TreeClient(daemon.port, '127.0.0.2').run(job());
    expect(other).toMatchObject({ welcomes: [{}], needs: [[]] });
    for (const { answer } of [cold, warm, other]) {
      expect(answer?.status).toBe(0);
      expect(answer?.stderr.toString()).toBe(here.stderr);
      expect(answer?.dependencies.toString()).toBe(here.dependencies);
      expect(answer?.object.equals(here.object)).toBe(true);
    }
    await daemon.logs('compile from main.c to main.o');
    await daemon.logs(/COMPILE_OK exit:0 sig:0 core:0 ret:0 time:\d+ms gcc main\.c/);
  });

  it('is asked once for what several connections bring at the same time', async () => {
    const client = new TreeClient(daemon.port);
    expect(statusOf(await client.run(smallJob('int a;')))).toBe(0);
    const text = 'int long_name;\n'.repeat(20_000);
    const uses = [...smallJob('').inputs.slice(1), fileOf('/home/me/a.h', text)];
    const run = (name: string): Promise<TreeOutcome> => {
      const source = fileOf(`/home/me/${name}.c`, `#include "a.h"\nint ${name};`);
      return client.run(
        smallJob('', { inputs: [...uses, source], argv: ['gcc', '-c', `${name}.c`, '-o', 'a.o'], generation: 1 }),
      );
    };
    const outcomes = await Promise.all(['one', 'two', 'three', 'four', 'five', 'six'].map(run));
    expect(outcomes.map(statusOf)).toEqual(Array.from({ length: 6 }, () => 0));
    const header = client.number(fileOf('/home/me/a.h', text));
    expect(outcomes.flatMap(({ needs }) => needs.flat()).filter((number) => number === header)).toHaveLength(1);
  });

  it('asks another connection when the one that was asked is gone', async () => {
    const client = new TreeClient(daemon.port);
    expect(statusOf(await client.run(smallJob('int a;')))).toBe(0);
    const shared = fileOf('/home/me/shared.h', 'int shared;\n');
    const with_ = (name: string): ClientJob =>
      smallJob('', {
        inputs: [...smallJob('').inputs.slice(1), shared, fileOf('/home/me/a.c', `#include "shared.h"\nint ${name};`)],
      });
    let leave = (): void => {};
    const asked = new Promise<void>((resolve) => {
      void client.run({
        ...with_('first'),
        generation: 1,
        contents: (contents) => {
          resolve();
          return contents.slice(0, 0);
        },
        sent: (socket) => (leave = () => void socket.destroy()),
      });
    });
    await asked;
    const waiting = client.run({ ...with_('second'), generation: 1 });
    leave();
    const outcome = await waiting;
    expect(statusOf(outcome)).toBe(0);
    expect(outcome.needs.flat()).toContain(client.number(shared));
  });

  it('tells two clients with other contents at one path apart', async () => {
    const clients = [new TreeClient(daemon.port), new TreeClient(daemon.port)];
    const run = (client: TreeClient | undefined, value: number): Promise<TreeOutcome> | undefined => {
      const header = fileOf('/home/me/a.h', `#define ANSWER ${value}\n`);
      const { inputs: own } = smallJob('#include "a.h"\nint answer(void) { return ANSWER; }\n');
      return client?.run(smallJob('', { inputs: [...own, header], argv: ['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'] }));
    };
    for (let round = 0; round < 2; round += 1) {
      const outcomes = await Promise.all([run(clients[0], 17), run(clients[1], 34)]);
      expect(outcomes.map((outcome) => outcome && valueIn(outcome))).toEqual(['11', '22']);
    }
  });

  it('sees the new content of a file in the next generation, and the old one in the last', async () => {
    const client = new TreeClient(daemon.port);
    const run = (value: number, generation: number): Promise<TreeOutcome> =>
      client.run(smallJob(`int answer(void) { return ${value}; }\n`, { generation }));
    expect(valueIn(await run(17, 0))).toBe('11');
    expect((await run(34, 0)).error).toMatch(/"\/home\/me\/a.c" is something else already in this generation/);
    expect(valueIn(await run(34, 1))).toBe('22');
    expect((await run(17, 0)).error).toMatch(/generation 0 of the client's files is over: 1 is the last one/);
    expect(valueIn(await run(17, 2))).toBe('11');
  });

  it('treats two files of one content as two, as gcc does at the client', async () => {
    const client = new TreeClient(daemon.port);
    const twin = (path: string, seconds: bigint): ClientInput =>
      fileOf(path, '#pragma once\n#include "inner.h"\n', seconds * 1_000_000_000n);
    const twins = smallJob('#include "one/x.h"\n#include "two/x.h"\nint answer(void) { return ONE + TWO; }\n');
    const more = [
      twin('/home/me/one/x.h', 1_600_000_000n),
      twin('/home/me/two/x.h', 1_600_000_001n),
      fileOf('/home/me/one/inner.h', '#define ONE 16\n'),
      fileOf('/home/me/two/inner.h', '#define TWO 1\n'),
    ];
    const outcome = await client.run({ ...twins, inputs: [...twins.inputs, ...more] });
    expect(outcome.answer?.stderr.toString()).toBe('');
    expect(valueIn(outcome)).toBe('11');
  });

  it('hears from its compiler what is wrong with a source', async () => {
    const { answer, error } = await new TreeClient(daemon.port).run(smallJob('int a = b;\n'));
    expect(error).toBe(undefined);
    expect(answer?.status).toBe(256);
    expect(answer?.stderr.toString()).toContain("a.c:1:9: error: 'b' undeclared here");
    expect(answer?.object).toHaveLength(0);
    await daemon.logs(/COMPILE_ERROR exit:1/);
  });

  it('ends with its client', async () => {
    const client = new TreeClient(daemon.port);
    const forever = smallJob('', {
      argv: [
        'g++',
        '-c',
        'a.cc',
        '-o',
        'a.o',
        '-fconstexpr-ops-limit=999999999999',
        '-fconstexpr-loop-limit=2000000000',
      ],
      inputs: [
        ...smallJob('').inputs.slice(1),
        fileOf(
          '/home/me/a.cc',
          'constexpr int f() { int i = 0; while (i < 2000000000) ++i; return i; }\nstatic_assert(f());\n',
        ),
      ],
    });
    let leave = (): void => {};
    const outcome = client.run({ ...forever, sent: (socket) => (leave = () => void socket.destroy()) });
    await daemon.logs('exec /usr/bin/g++');
    leave();
    expect((await outcome).answer).toBe(undefined);
    await daemon.logs('disconnected: killed its job');
    await daemon.logs('CLI_DISCONN');
    const left = (): boolean => spawnSync('pgrep', ['-f', 'fconstexpr-ops-limit=999999999999']).status === 0;
    await until(() => !left(), 'the compiler is gone');
  });

  it('has as much room for files as --input-cache says', async () => {
    const small = smallJob('int a;');
    const big = fileOf(`${small.directory}/big.h`, `// ${'x'.repeat(33 * 1024 * 1024)}\n`);
    const tooMuch = { ...small, inputs: [...small.inputs, big] };
    const own = await startOwn({ options: ['--input-cache', '64M'] });
    const { error } = await new TreeClient(own.port).run(tooMuch);
    expect(error).toContain('this server has no room for more files of clients now');
    expect(statusOf(await new TreeClient(daemon.port).run(tooMuch))).toBe(0);
  });
});

describe('the offer', () => {
  it('is made after answers, and not without the fence or with --no-tree', async () => {
    const answer = async (port: number): Promise<string> => {
      const request = { version: 1, argv: ['gcc', '-c', 'a.c', '-o', 'a.o'], source: Buffer.from('int x;\n') } as const;
      return (await converse(port, encodeRequest(request))).toString('latin1');
    };
    expect(await answer(daemon.port)).toMatch(/CAPS[\da-f]{8}tree\/1 deflate(?: zstd)?(?: compiler\/\S+)?$/);
    for (const options of [['--no-tree'], ['--fence', 'none']]) {
      const own = await startOwn({ options });
      const said = await answer(own.port);
      expect(said).toContain('DOTO');
      expect(said).not.toContain('CAPS');
      const outcome = await new TreeClient(own.port).run(smallJob('int a;'));
      expect(outcome).toEqual({ welcomes: [], needs: [], answer: undefined, error: undefined });
      await own.logs('expected token "DIST" but got "TREE"');
    }
  });
});

describe('a restarted daemon', () => {
  it('makes new sessions, and still has the contents where it has a lasting folder', async () => {
    const place = mkdtempSync(join(tmpdir(), 'tree-cache-'));
    undo.push(() => rmSync(place, { recursive: true }));
    const cache = makeOpenFolder(place, 'cache');
    const setup = { environment: { CACHE_DIRECTORY: cache } };
    const first = await start(setup);
    const client = new TreeClient(first.port);
    const cold = await client.run(job());
    expect(statusOf(cold)).toBe(0);
    expect(cold.needs.flat().length).toBeGreaterThan(10);
    await first.end();
    expect(readdirSync(cache).sort()).toEqual(['contents', 'results']);
    const contents = readdirSync(join(cache, 'contents'));
    expect(contents.length).toBeGreaterThan(10);
    // One is not what it was, one is gone.
    const [one = '', two = ''] = contents;
    rmSync(join(cache, 'contents', one));
    const size = readFileSync(join(cache, 'contents', two)).length;
    rmSync(join(cache, 'contents', two));
    writeFileSync(join(cache, 'contents', two), Buffer.alloc(size, 'x'));
    spawnSync('chmod', ['-R', 'a+rwX', join(cache, 'contents')]);
    const second = await startOwn(setup);
    const again = new TreeClient(second.port);
    Object.assign(again, { nonce: client.nonce });
    const outcome = await again.run(job());
    expect(outcome.welcomes).toHaveLength(1);
    expect(outcome.needs.flat()).toHaveLength(2);
    expect(statusOf(outcome)).toBe(0);
    expect(outcome.answer?.object.equals(cold.answer?.object ?? Buffer.alloc(0))).toBe(true);
  });
});
