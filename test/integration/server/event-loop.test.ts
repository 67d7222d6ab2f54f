import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compressLzo, storeLzo } from '../../../src/wire/lzo/compress.ts';
import { encodeRequest, encodeRequestHead } from '../../../src/wire/request.ts';
import { encodeToken } from '../../../src/wire/token.ts';
import { freePort } from '../../../scripts/free-port.mjs';
import { makeOpenFolder, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { converse } from '../../support/wire-client.ts';

/** Loaded into the daemon: tells how long its event loop was held. */
const watcher = resolve(import.meta.dirname, '../../support/loop-delay.ts');
const size = 64 * 1024 * 1024;
const words = ['-c', 'a.c', '-o', 'a.o'];
/** Compilers that end soon, whatever the source: this test looks at the daemon. */
const quick = ['quickcc', ...words];

let daemon: TestDaemon;
let stats: number;
let top: string;
let report: string;
const figures: string[] = [];

beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'event-loop-'));
  const path = makeOpenFolder(top, 'bin');
  const compilers: Readonly<Record<string, string>> = {
    quickcc: 'exec true',
    noisycc: `head -c ${size} /dev/urandom >a.o; head -c ${size} /dev/zero`,
    textcc: `yes 'some text that can be packed' | head -c ${size} >a.o`,
    messycc: 'for n in $(seq 20000); do echo >"$n"; done',
  };
  for (const [name, script] of Object.entries(compilers)) {
    writeFileSync(join(path, name), `#!/bin/sh\n${script.replaceAll('a.o', '"$3"')}\n`, { mode: 0o755 });
  }
  stats = await freePort();
  const preload = join(top, 'loop-delay.cjs');
  buildSync({ entryPoints: [watcher], outfile: preload, platform: 'node', format: 'cjs', logLevel: 'warning' });
  daemon = await startDaemon({
    node: ['--require', preload],
    compilers: ['gcc', ...Object.keys(compilers)],
    path,
    // The fence would keep the scripts from what they need; the loop is the same.
    options: ['--allow', '127.0.0.1', '--fence', 'none', '--nice', '0', '--stats', '--stats-port', String(stats)],
    environment: { LOOP_DELAY_FILE: '/proc/self/cwd/loop-delay' },
  });
  try {
    // The processor time of other programs must not be measured.
    setPriority(daemon.process.pid ?? 0, -20);
  } catch {
    // Only root may do that.
  }
  report = join(daemon.temporary, 'loop-delay');
});
afterAll(async () => {
  await daemon.end();
  rmSync(top, { recursive: true, force: true });
  console.log(
    ['the event loop of distccd was held, in ms:           at most     99 %  processor', ...figures].join('\n'),
  );
});

/** Has the daemon say what its loop was held for since the last time. */
async function measure(): Promise<string> {
  const lines = (): string[] => (existsSync(report) ? readFileSync(report, 'utf8').split('\n').slice(0, -1) : []);
  const before = lines().length;
  daemon.process.kill('SIGUSR2');
  await until(() => lines().length > before, 'the daemon has reported');
  return lines().at(-1) ?? '';
}

/** Notes what the loop was held for since the last time. */
async function note(name: string): Promise<void> {
  const columns = (await measure()).split(' ').map((figure) => figure.padStart(9));
  figures.push(name.padEnd(50) + columns.join(''));
}

const repeat = <T>(count: number, ...some: readonly T[]): T[] => Array.from({ length: count }, () => some).flat();
/** 64 KiB of short instructions: every other one of these numbers comes again soon. */
const dense = Buffer.from(Array.from({ length: 16_384 }, (_, at) => `${(at * 7919) % 9973};`).join('')).subarray(
  0,
  1 << 16,
);
const body = (version: 1 | 2, command: readonly string[], bytes: readonly Buffer[]): Buffer[] => {
  const length = bytes.reduce((sum, piece) => sum + piece.length, 0);
  return [encodeRequestHead({ version, argv: command }), encodeToken('DOTI', length), ...bytes];
};
const plain = (...command: readonly string[]): Buffer[] =>
  encodeRequest({ version: 1, argv: ['quickcc', ...command, ...words], source: Buffer.from('\n') });
const stored = (length: number): Buffer[] => {
  const { before, after } = storeLzo(length);
  return [before, Buffer.alloc(length, 'x'), after];
};

describe('a daemon whose event loop is watched', () => {
  it.each<readonly [string, () => Buffer[], RegExp]>([
    ['nothing in particular', () => plain(), /^DONE00000001STAT00000000/],
    ['a source of 64 MiB, one word', () => body(1, quick, [Buffer.alloc(size, 'x')]), /^DONE00000001STAT00000000/],
    ['a packed source of 64 MiB', () => body(2, quick, stored(size)), /^DONE00000002STAT00000000/],
    [
      'a packed source that holds 256 MiB',
      () => body(2, quick, [compressLzo(Buffer.concat(repeat(4096, dense)))]),
      /^DONE00000002STAT00000000/,
    ],
    ['a source that grows too much', () => body(2, quick, [compressLzo(Buffer.alloc(size * 4))]), /^$/],
    ['64 MiB after a request', () => [...plain(), Buffer.alloc(size)], /^/],
    [
      'a request of version 3 with one file of 64 MiB',
      () =>
        encodeRequest({
          version: 3,
          directory: '/',
          argv: quick,
          files: [{ kind: 'link', name: '/a', target: 'b' }],
        })
          .slice(0, -2)
          .concat(Buffer.from('NAME00000002/a'), encodeToken('FILE', size), Buffer.alloc(size)),
      /does not serve the pump mode/,
    ],
    [
      'a request of version 3 with 65536 files of 1 KiB',
      () => {
        const content = Buffer.alloc(1024);
        const one = Buffer.concat([Buffer.from('NAME00000002/a'), encodeToken('FILE', 1024), content]);
        const head = encodeRequest({ version: 3, directory: '/', argv: quick, files: [] }).slice(0, -1);
        return [...head, encodeToken('NFIL', 65_536), Buffer.alloc(65_536 * one.length, one)];
      },
      /does not serve the pump mode/,
    ],
    ['16000 options', () => plain(...repeat(8000, '-fno-a', '-Wall')), /^DONE/],
    ['as many again, which is too many', () => plain(...repeat(16_000, '-fno-a', '-Wall')), /^$/],
    ['16000 short words', () => plain(...repeat(16_000, '-')), /^DONE/],
    ['options of 128 KiB', () => plain(...repeat(15, `-fno-${'a-'.repeat(60_000)}`)), /^DONE/],
    ['2 MiB of words for the assembler', () => plain(...repeat(16, `-Wa,${'-W,'.repeat(40_000)}-W`)), /^DONE/],
    ['2 MiB of words for the preprocessor', () => plain(...repeat(16, `-Wp,${'-MD,x,'.repeat(20_000)}`)), /^DONE/],
    ['2 MiB of commas', () => plain(...repeat(16, `-Wp,${','.repeat(120_000)}`)), /^DONE/],
    [
      'a compiler with a name of 128 KiB',
      () => encodeRequest({ version: 1, argv: ['\u2028'.repeat(40_000), ...words], source: Buffer.from('\n') }),
      /^DONE/,
    ],
    [
      'a source with a name of 128 KiB',
      () =>
        encodeRequest({ version: 1, argv: ['quickcc', '-c', `${'/.'.repeat(60_000)}.c`], source: Buffer.from('\n') }),
      /^DONE/,
    ],
    [
      'an answer of 128 MiB',
      () => encodeRequest({ version: 1, argv: ['noisycc', ...words], source: Buffer.from('\n') }),
      /^DONE00000001STAT00000000/,
    ],
    [
      'an answer of 128 MiB, packed',
      () => encodeRequest({ version: 2, argv: ['noisycc', ...words], source: Buffer.from('\n') }),
      /^DONE00000002STAT00000000/,
    ],
    [
      'an object of 64 MiB, packed',
      () => encodeRequest({ version: 2, argv: ['textcc', ...words], source: Buffer.from('\n') }),
      /^DONE00000002STAT00000000/,
    ],
    [
      '20000 files left by a compiler',
      () => encodeRequest({ version: 1, argv: ['messycc', ...words], source: Buffer.from('\n') }),
      /^DONE00000001STAT00000000/,
    ],
  ])('goes through %s', async (name, request, expected) => {
    const chunks = request();
    await measure();
    const answer = await converse(daemon.port, chunks);
    await note(name);
    expect(answer.subarray(0, 4000).toString('latin1')).toMatch(expected);
    expect((await converse(daemon.port, plain())).toString('latin1')).toMatch(/^DONE00000001STAT00000000/);
  });

  it.each(['/metrics', '/status.json', '/status', '/'])('goes through 60 readers of the page %s', async (path) => {
    await converse(daemon.port, plain());
    await measure();
    const read = (): Promise<Buffer> => converse(stats, [`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`]);
    const pages = await Promise.all(Array.from({ length: 60 }, read));
    await note(`60 readers of the page ${path}`);
    for (const page of pages) expect(page.toString('latin1')).toMatch(/^HTTP\/1\.[01] 200 OK\r\n/);
  });
});
