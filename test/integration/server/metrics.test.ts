import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Status } from '../../../src/server/metrics/status.ts';
import { encodeRequest } from '../../../src/wire/request.ts';
import { freePort } from '../../../scripts/free-port.mjs';
import { hangLimit, startDaemon } from '../../support/daemon.ts';
import type { DaemonSetup, TestDaemon } from '../../support/daemon.ts';
import { seriesIn } from '../../support/metrics-text.ts';
import { connectTo, converse } from '../../support/wire-client.ts';

let programs: string;
let daemon: TestDaemon;
let stats: number;
beforeEach(() => {
  programs = mkdtempSync(join(tmpdir(), 'programs-'));
  chmodSync(programs, 0o755);
});
afterEach(async () => {
  await daemon.end('SIGKILL');
  rmSync(programs, { recursive: true });
});

async function start(options: readonly string[], setup: DaemonSetup = {}): Promise<void> {
  stats = await freePort();
  writeFileSync(join(programs, 'slowcc'), '#!/bin/sh\nsleep 300\n', { mode: 0o755 });
  daemon = await startDaemon({
    compilers: ['gcc', 'slowcc', 'gonecc'],
    path: programs,
    options: ['--stats', '--stats-port', String(stats), ...options],
    ...setup,
  });
}

const request = (words: string, source = 'int x;\n'): Buffer[] =>
  encodeRequest({ version: 1, argv: words.split(' '), source: Buffer.from(source) });
const text = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${stats}${path}`)).text();
const readStatus = async (): Promise<Status> => JSON.parse(await text('/status.json')) as Status;

/** Reads until it is as wanted: a page is good for a second, and a job counts when its client has its answer already. */
async function readUntil<T>(read: () => Promise<T>, isWanted: (value: T) => boolean): Promise<T> {
  let value = await read();
  for (let waited = 0; waited < hangLimit && !isWanted(value); waited += 50) {
    await new Promise((next) => setTimeout(next, 50));
    value = await read();
  }
  if (!isWanted(value)) throw new Error(`never as wanted: ${JSON.stringify(value)}`);
  return value;
}

describe("the statistics port's own pages", () => {
  it('tell what became of jobs, and why some were refused', async () => {
    await start(['--allow', '127.0.0.1']);
    const denied = await connectTo(daemon.port, '127.0.0.2');
    expect(await denied.answer).toHaveLength(0);
    await converse(daemon.port, request('gcc -c a.c'));
    await converse(daemon.port, request('gcc -c a.c'));
    await converse(daemon.port, request('gcc -c wrong.c', 'int x\n'));
    await converse(daemon.port, request('gcc -fplugin=./evil.so -c a.c'));
    await converse(daemon.port, request('evil"}cc -c a.c'));
    await converse(daemon.port, request('gcc a.o'));
    await converse(daemon.port, request('gonecc -c a.c'));
    await converse(daemon.port, ['GET / HTTP/1.0\r\n\r\n']);
    const status = await readUntil(readStatus, ({ refusals }) => refusals.length === 6);
    expect(status.results).toMatchObject({ COMPILE_OK: 2, COMPILE_ERROR: 2, REJ_BAD_REQ: 1, OTHER: 3 });
    expect(status.refusals.map(({ reason, count, last }) => [reason, count, last.client])).toEqual([
      ['access_denied', 1, '127.0.0.2'],
      ['bad_request', 1, '127.0.0.1'],
      ['compiler_missing', 1, '127.0.0.1'],
      ['compiler_not_permitted', 1, '127.0.0.1'],
      ['not_a_compile', 1, '127.0.0.1'],
      ['option_refused', 1, '127.0.0.1'],
    ]);
    expect(status.refusals.at(-1)?.last.sentence).toContain('the option "-fplugin=./evil.so" is refused');
    expect(status.clients).toMatchObject([
      { address: '127.0.0.1', ok: 2, kept: 0, failed: 1, refused: 5, lost: 0, connections: 0 },
    ]);
    const compilers = new Map(status.compilers.map(({ name, path }) => [name, path]));
    expect(['gcc', 'slowcc', 'gonecc'].map((name) => compilers.get(name))).toEqual([
      '/usr/bin/gcc',
      join(programs, 'slowcc'),
      null,
    ]);
    const series = seriesIn(await text('/metrics'));
    const jobs = [...series].filter(([key, count]) => key.startsWith('distccd_jobs_total') && count > 0);
    expect(Object.fromEntries(jobs)).toEqual({
      'distccd_jobs_total{compiler="gcc",result="compile_ok"}': 2,
      'distccd_jobs_total{compiler="gcc",result="compile_error"}': 1,
      'distccd_jobs_total{compiler="gonecc",result="compile_error"}': 1,
      'distccd_jobs_total{compiler="other",result="rej_bad_req"}': 1,
      'distccd_jobs_total{compiler="other",result="other"}': 3,
    });
    expect(series.get('distccd_connections_total')).toBe(9);
    expect(series.get('distccd_compile_seconds_count{compiler="gcc"}')).toBe(3);
    expect(series.get('distccd_compile_seconds_sum{compiler="gcc"}')).toBeGreaterThan(0);
    expect(series.get('distccd_transfer_bytes_total{direction="send"}')).toBeGreaterThan(1000);
    expect(await text('/metrics')).not.toContain('evil');
    const html = await text('/status');
    expect(html).toContain('the option &quot;-fplugin=./evil.so&quot; is refused');
    expect(html).toContain('<span>an option is not on the allow list</span>');
  });

  it('show the jobs of now, and those that wait', async () => {
    await start(['--allow', '127.0.0.1', '--jobs', '1']);
    const clients = [];
    for (const name of ['first.c', 'second.c']) {
      const client = await connectTo(daemon.port);
      for (const chunk of request(`slowcc -c src/${name}`)) client.socket.write(chunk);
      await daemon.logs(`compile from ${name}`);
      clients.push(client);
    }
    const status = await readUntil(readStatus, ({ slots }) => slots.busy === 1 && slots.waiting === 1);
    expect(status.jobs).toMatchObject([
      { client: '127.0.0.1', stage: 'compiling', compiler: 'slowcc', source: 'first.c' },
      { client: '127.0.0.1', stage: 'waiting', compiler: 'slowcc', source: 'second.c' },
    ]);
    expect(status.clients).toMatchObject([{ address: '127.0.0.1', connections: 2, last: null }]);
    const series = seriesIn(await text('/metrics'));
    expect(['slots', 'slots_busy', 'queue_length'].map((name) => series.get(`distccd_${name}`))).toEqual([1, 1, 1]);
    expect(series.get('distccd_open_connections{stage="waiting"}')).toBe(1);
    expect(await text('/status')).toMatch(/<span>first\.c<\/span>[^]*<span>second\.c<\/span>/);
    for (const { socket } of clients) socket.destroy();
    const after = await readUntil(readStatus, ({ results }) => results.CLI_DISCONN === 2);
    expect(after.jobs).toEqual([]);
    expect(after.clients).toMatchObject([{ lost: 2, connections: 0 }]);
  });

  it('are served while a job is compiled, and jobs while all readers sleep', async () => {
    await start(['--allow', '127.0.0.1']);
    const readers = [];
    for (let count = 0; count < 64; count += 1) {
      const socket = connect({ port: stats, host: '127.0.0.1' }).on('error', () => {});
      await once(socket, 'connect');
      socket.write('GET /metrics HTTP/1.1\r\n');
      readers.push(socket);
    }
    const answer = await converse(daemon.port, request('gcc -c a.c'));
    expect(answer.subarray(0, 12).toString()).toBe('DONE00000001');
    for (const reader of readers) reader.destroy();
    const series = await readUntil(
      async () => seriesIn(await text('/metrics').catch(() => '')),
      (found) => found.get('distccd_jobs_total{compiler="gcc",result="compile_ok"}') === 1,
    );
    expect(series.get('distccd_connections_total')).toBe(1);
  });

  const own = Object.values(networkInterfaces())
    .flat()
    .find((entry) => entry?.internal === false && entry.family === 'IPv4')?.address;

  it.skipIf(own === undefined)(
    'are told to --stats-allow, which SIGHUP reads again, and to no other machine',
    async () => {
      const file = join(programs, 'readers');
      writeFileSync(file, '192.0.2.1\n');
      chmodSync(file, 0o644);
      // Who may compile need not be somebody who may read.
      await start(['--allow', '0.0.0.0/0', '--stats-listen', own ?? '', '--stats-allow', `@${file}`]);
      const read = async (): Promise<string> =>
        fetch(`http://${own}:${stats}/metrics`).then(
          (answer) => answer.text(),
          () => 'denied',
        );
      expect(await read()).toBe('denied');
      writeFileSync(file, `192.0.2.1\n${own}\n`);
      daemon.process.kill('SIGHUP');
      await daemon.logs('read the configuration again');
      expect(await read()).toMatch(/^# HELP distccd_build_info /);
      writeFileSync(file, 'bogus\n');
      daemon.process.kill('SIGHUP');
      await daemon.logs('cannot understand "bogus"');
      expect(await read()).toMatch(/^# HELP distccd_build_info /);
      rmSync(file);
      daemon.process.kill('SIGHUP');
      await daemon.logs(
        `cannot read the allow file "${file}": No such file or directory; correct --stats-allow @${file}`,
      );
    },
  );
});
