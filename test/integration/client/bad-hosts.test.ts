import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeDefinitions } from '../../../src/wire/inputs/definitions.ts';
import { decodeNumbers } from '../../../src/wire/inputs/numbers.ts';
import { encodeNeed, encodeTreeAnswer, encodeWelcome } from '../../../src/wire/inputs/tree-reply.ts';
import type { TreeAnswer } from '../../../src/wire/inputs/tree-reply.ts';
import { finish } from '../../../src/basics/steps.ts';
import { encodeToken } from '../../../src/wire/token.ts';
import { startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { objectWith } from '../../support/object-file.ts';
import { startBadHost } from './bad-tree-host.ts';
import type { BadHost, Trick, Victim } from './bad-tree-host.ts';
import { distccProgram, Sandbox } from './sandbox.ts';

/** A word of bad hosts that nobody may ever see. */
const mark = 'said-by-a-bad-host';

/** An answer that looks like success; it can be changed, as bytes too. */
function answer(changes: Partial<TreeAnswer> = {}): Buffer {
  const stderr = Buffer.from(`a.c:1:1: warning: ${mark}\n`);
  const object = objectWith(mark);
  const dependencies = Buffer.from(`a.o: ${mark}.h\n`);
  const plain = { status: 0, stderr, stdout: stderr, object, dependencies, kept: false };
  return Buffer.concat(encodeTreeAnswer({ ...plain, ...changes }));
}

/** An answer with another length of a body than it has. */
function answerWithLength(name: 'SERR' | 'DOTO' | 'DOTD', change: (length: number) => number): Buffer {
  const bytes = answer();
  const at = bytes.indexOf(name, 0, 'latin1');
  const length = change(parseInt(bytes.toString('latin1', at + 4, at + 12), 16));
  return Buffer.concat([bytes.subarray(0, at), encodeToken(name, length), bytes.subarray(at + 12)]);
}

const anotherMachine = (): Buffer => {
  const object = objectWith(mark);
  object.writeUInt16LE(0x1234, 18);
  return object;
};

/** Numbers of what a job may read that is not a file. */
function foldersOf({ job }: Victim): number[] {
  const uses = new Set(decodeNumbers(job.uses, 'uses'));
  const folders = finish(decodeDefinitions(job.definitions)).filter(({ kind }) => kind === 'directory');
  return folders.flatMap(({ number }) => (uses.has(number) ? [number] : [])).slice(0, 1);
}

const filesOf = ({ job }: Victim): number[] =>
  finish(decodeDefinitions(job.definitions)).flatMap(({ number, kind }) => (kind === 'file' ? [number] : []));

const hostile: Readonly<Record<string, Trick>> = {
  'asks for a number that stands for nothing': ({ send }) => send(encodeNeed([65_535])),
  'asks for a directory': (victim) => victim.send(encodeNeed(foldersOf(victim))),
  'asks for what only another job may read': (victim) => {
    const uses = new Set(decodeNumbers(victim.job.uses, 'uses'));
    const other = [...victim.usedBefore].find((number) => !uses.has(number)) ?? 65_000;
    victim.send(encodeNeed([other]));
  },
  'asks for numbers that do not rise': ({ send }) => send(encodeToken('NEED', 2), Buffer.from([1, 0])),
  'asks again and again': async (victim) => {
    for (;;) {
      victim.send(encodeNeed(filesOf(victim).slice(0, 2)));
      await victim.contents();
    }
  },
  'sends an object that is cut short': ({ send }) => send(answer({ object: objectWith(mark).subarray(0, 70) })),
  'sends an object for another machine': ({ send }) => send(answer({ object: anotherMachine() })),
  'sends an empty object': ({ send }) => send(answer({ object: Buffer.alloc(0) })),
  'sends a text for an object': ({ send }) => send(answer({ object: Buffer.from(mark.repeat(100)) })),
  'sends a shorter object than it says': ({ send }) => send(answerWithLength('DOTO', (length) => length + 50)),
  'sends a longer object than it says': ({ send }) => send(answerWithLength('DOTO', (length) => length - 5)),
  'says that an object is huge': ({ send }) => send(answerWithLength('DOTO', () => 0x7fff_ffff)),
  'says that messages are huge': ({ send }) => send(answerWithLength('SERR', () => 0x7fff_ffff)),
  'sends no dependency file': ({ send }) => send(answer({ dependencies: Buffer.alloc(0) })),
  'sends more after its question': (victim) => victim.send(encodeNeed(filesOf(victim).slice(0, 1)), answer()),
  'sends more after the end': ({ send }) => send(answer(), Buffer.from(mark)),
  'blames the source': ({ send }) =>
    send(answer({ status: 256, object: Buffer.alloc(0), dependencies: Buffer.alloc(0) })),
  'says that the compiler crashed': ({ send }) =>
    send(answer({ status: 11, object: Buffer.alloc(0), dependencies: Buffer.alloc(0) })),
};

const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length / 2);
const garbled = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at % 7 === 0 ? byte ^ 0x20 : byte)));

const broken: Readonly<Record<string, Trick>> = {
  'closes without a word': () => {},
  'cuts its answer': ({ send }) => send(half(answer())),
  'cuts its answer before the dependency file': ({ send }) => {
    const bytes = answer();
    send(bytes.subarray(0, bytes.indexOf('DOTD')));
  },
  'garbles its answer': ({ send }) => send(garbled(answer())),
  'garbles its question': ({ send }) => send(garbled(encodeNeed([1, 2, 3]))),
  'forgets its session each time': async ({ send, gone }) => {
    const welcome = { codecs: [], slots: 1, load: 0, compilers: {} };
    for (let times = 0; times < 10; times += 1) send(encodeWelcome({ ...welcome, nonce: Buffer.alloc(16, times) }));
    await gone();
  },
};

const slow: Readonly<Record<string, Trick>> = {
  'says nothing': ({ gone }) => gone(),
  'stops in the midst of its answer': async ({ send, gone }) => {
    send(half(answer()));
    await gone();
  },
  'asks, and then says nothing': async (victim) => {
    victim.send(encodeNeed(filesOf(victim).slice(0, 1)));
    await victim.contents();
    await victim.gone();
  },
};

const all: Readonly<Record<string, Trick>> = { ...hostile, ...broken, ...slow };
const fail: Trick = () => expect.fail('there is no such trick');

/** What a hostile host does in a build with others: an agent gives a host up that fails three times in a row. */
const lies = [
  'sends a longer object than it says',
  'sends no dependency file',
  'sends more after the end',
  'asks for what only another job may read',
  'asks for a number that stands for nothing',
  'blames the source',
];

const sources = resolve(import.meta.dirname, '../../../src');

describe.skipIf(!needs('gcc', 'gcc') || !needs('make', 'make'))('distcc with a bad host in its list', () => {
  let good: TestDaemon;
  let box: Sandbox;
  const bad: BadHost[] = [];

  beforeAll(async () => {
    const triple = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
    good = await startDaemon({ compilers: ['gcc', `${triple}-gcc`] });
  });
  afterAll(() => good.end());
  beforeEach(() => {
    box = new Sandbox({ agent: true });
  });
  afterEach(async () => {
    box.remove();
    for (const host of bad.splice(0)) await host.end();
  });

  async function badHost(tricks: readonly Trick[]): Promise<BadHost> {
    const host = await startBadHost(good.port, tricks);
    bad.push(host);
    return host;
  }

  const log = join('..', 'log');
  const settings = (hosts: readonly string[]) => ({
    DISTCC_HOSTS: hosts.join(' '),
    DISTCC_IO_TIMEOUT: '3',
    DISTCC_BACKOFF_PERIOD: '1',
    DISTCC_VERBOSE: '1',
    DISTCC_LOG: box.path(log),
  });

  it.each(Object.entries(all))('is right when it %s', async (_, trick) => {
    const { host, played } = await badHost([trick]);
    const variables = settings([host]);
    box.write('first.c', '#include <stddef.h>\nint first;\n');
    box.write('a.h', 'int h(void);\n');
    box.write('a.c', '#include "a.h"\nint f(void) { return h(); }\n');
    expect(await box.run(['gcc', '-c', 'first.c'], variables)).toMatchObject({ status: 0, stderr: '' });
    const words = ['gcc', '-g', '-Wall', '-MD', '-c', 'a.c', '-o', 'a.o'];
    execFileSync('gcc', words.slice(1), { cwd: box.work });
    const here = ['a.o', 'a.d'].map((name) => box.read(name));
    // The first of these has another job before it, for what only that may read.
    await box.run(['gcc', '-c', 'first.c'], variables);
    const { status, stdout, stderr } = await box.run(words, variables);
    expect({ status, stdout, said: stderr.includes(mark) }).toEqual({ status: 0, stdout: '', said: false });
    expect(here.map((bytes, at) => bytes.equals(box.read(['a.o', 'a.d'][at] ?? '')))).toEqual([true, true]);
    expect(played()).toBeGreaterThan(0);
  });

  it('builds what a local build gives with a hostile, a broken, a slow and a good one', async () => {
    const tricks = [lies, Object.keys(broken), Object.keys(slow)].map((names) =>
      names.map((name) => all[name] ?? fail),
    );
    const hosts: BadHost[] = [];
    for (const some of tricks) hosts.push(await badHost(some));
    const lack = (): boolean => hosts.some(({ played }, at) => played() < (tricks[at]?.length ?? 0));
    const files = ['launcher', 'fence', 'system-calls'].flatMap((folder) => {
      cpSync(join(sources, folder), box.path(folder), { recursive: true });
      return readdirSync(box.path(folder)).flatMap((name) => (name.endsWith('.c') ? [`${folder}/${name}`] : []));
    });
    expect(files.length).toBeGreaterThan(15);
    const objects = files.map((file) => file.replace(/c$/, 'o'));
    // No -g: preprocessed text, which jobs fall back to, has other columns than a source.
    const flags = '-O1 -w -MD -std=gnu11 -DAGENT_VERSION=\\"1\\" -DNODE=\\"node\\" -I/usr/include/node';
    const rule = `%.o: %.c\n\t@$(CC) ${flags} -c $< -o $(OUT)/$(subst /,-,$@)\n`;
    writeFileSync(box.path('Makefile'), `all: ${objects.join(' ')}\n${rule}`);
    const build = async (out: string, compiler: string, variables: NodeJS.ProcessEnv): Promise<string> => {
      mkdirSync(box.path(out));
      const make = spawn('make', ['-s', '-j8', `CC=${compiler}`, `OUT=${out}`], {
        cwd: box.work,
        env: box.environment(variables),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [make.stdout, make.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await once(make, 'close');
      expect([make.exitCode, said]).toEqual([0, '']);
      return out;
    };
    const contents = (out: string) =>
      readdirSync(box.path(out)).map((name) => {
        const text = readFileSync(box.path(`${out}/${name}`));
        // The name of the target; compilers break lines by its length.
        return [
          name,
          name.endsWith('.d') ? text.toString().replaceAll(`${out}/`, '') : text.toString('latin1'),
        ] as const;
      });
    const expected = contents(await build('local', 'gcc', {}));
    const variables = settings([...hosts.map(({ host }) => `${host}/3`), `127.0.0.1:${good.port}/3`]);
    for (let round = 0; round < 20 && lack(); round += 1) {
      const made = contents(await build(`out${String(round).padStart(2, '0')}`, `${distccProgram} gcc`, variables));
      const different = expected.filter(([name, text]) => new Map(made).get(name) !== text).map(([name]) => name);
      expect([different, made.length]).toEqual([[], expected.length]);
      // The next agent asks hosts again that this one has given up.
      await box.run(['--agent-stop'], {});
    }
    expect(lack()).toBe(false);
    const byGood = new RegExp(String.raw`compiled from \d+ inputs on 127\.0\.0\.1(?::${good.port})? in`, 'g');
    expect(box.read(log).toString().match(byGood)?.length).toBeGreaterThan(files.length / 4);
  });
});
