import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { daemonOptions } from '../../../src/config/daemon-options.ts';
import { effects } from '../../../src/server/reload.ts';
import { encodeRequest } from '../../../src/wire/request.ts';
import { makeMasquerade, startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { converse } from '../../support/wire-client.ts';

let top: string;
let file: string;
let daemon: TestDaemon;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'reload-'));
  chmodSync(top, 0o755);
  file = join(top, 'options');
  environment = {};
  // It says which priority it has, and ends when it may.
  writeFileSync(join(top, 'fakecc'), `#!/bin/sh\nnice >&2\nwhile [ ! -e ${top}/go ]; do sleep 0.05; done\n`);
  chmodSync(join(top, 'fakecc'), 0o755);
});
afterEach(async () => {
  await daemon.end();
  rmSync(top, { recursive: true, force: true });
});

let environment: Record<string, string>;

async function start(...options: string[]): Promise<void> {
  const given = ['--allow', '127.0.0.1', '--fence', 'none', ...options, '--reload-file', file];
  daemon = await startDaemon({ compilers: ['fakecc'], path: top, options: given, environment });
}

/** The words that the daemon has, with others in their place. */
function words(change: (words: string[]) => string[]): string[] {
  const given = readFileSync(`/proc/${daemon.process.pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  return change(given.slice(given.findIndex((word) => word === '--daemon')));
}

const count = (): number => daemon.log().split(/read the configuration again|keeping what was in force/).length;

async function hangup(): Promise<string> {
  const before = count();
  daemon.process.kill('SIGHUP');
  await until(() => count() > before, 'it has read again');
  return daemon.log().slice(daemon.log().lastIndexOf('read the configuration again')).split('\n')[0] ?? '';
}

/** What a reload of the service manager does; the line of the log. */
async function reload(change: (words: string[]) => string[], waiting: readonly string[] = []): Promise<string> {
  writeFileSync(file, [...words(change), '', ...waiting, ''].join('\n'));
  return hangup();
}

const job = (compiler = 'fakecc'): Promise<Buffer> =>
  converse(
    daemon.port,
    encodeRequest({ version: 1, argv: [compiler, '-c', 'a.c', '-o', 'a.o'], source: Buffer.from('int a;\n') }),
  );

const runs = (): number => daemon.log().split(' exec ').length - 1;
const asked = (): number => daemon.log().split(' compile from ').length - 1;

describe('SIGHUP', () => {
  it('applies what it can, says it in a line together with what needs a restart, and loses no job', async () => {
    await start('--jobs', '1', '--nice', '1');
    const jobs = [job(), job(), job()];
    await until(() => runs() === 1, 'one runs, the others wait');
    const line = await reload(
      (given) => [
        ...given,
        '--jobs',
        '3',
        '--nice',
        '4',
        '--log-level',
        'debug',
        '--allow',
        '127.0.0.9',
        '--max-memory',
        '64M',
        '--port',
        '1',
      ],
      ['LISTENER'],
    );
    expect(line).toBe(
      'read the configuration again: serving 127.0.0.1/32, 127.0.0.9/32, 3 jobs at a time; ' +
        'changed: --allow, --jobs 3, --nice 4; only after a restart: --port, --max-memory, LISTENER',
    );
    await until(() => runs() === 3, 'those who waited have the new slots');
    writeFileSync(join(top, 'go'), '');
    const answers = (await Promise.all(jobs)).map((answer) => answer.toString());
    const own = Number(execFileSync('nice').toString());
    expect(answers.map((text) => /SERR\w{8}(\d+)/.exec(text)?.[1] ?? '').sort()).toEqual(
      // 19 is the highest.
      [1, 4, 4].map((more) => String(Math.min(own + more, 19))),
    );
  });

  it('permits other compilers, options and clients, for jobs that come later', async () => {
    await start();
    writeFileSync(join(top, 'go'), '');
    writeFileSync(join(top, 'newcc'), '#!/bin/sh\necho new >&2\n');
    chmodSync(join(top, 'newcc'), 0o755);
    expect((await job('newcc')).toString()).toContain('is not permitted here');
    const masks = makeMasquerade(top, ['newcc']);
    expect(await reload((given) => [...given, '--masquerade-dir', masks])).toContain('; changed: --masquerade-dir');
    expect((await job('newcc')).toString()).toContain('new\n');
    const line = await reload((given) =>
      given.map((word) => (word === '127.0.0.1' ? '127.0.0.2' : word)).concat('--listen', '127.0.0.1'),
    );
    expect(line).toContain('serving 127.0.0.2/32,');
    expect(line).toContain('changed: --allow');
    expect(await job()).toHaveLength(0);
  });

  it('changes the level of the log, and forgets options that are not there any more', async () => {
    await start('--log-level', 'debug', '--jobs', '7');
    const quiet = await reload((given) => [...given.filter((word) => word !== '--verbose'), '--log-level', 'notice']);
    expect(quiet).toContain('7 jobs at a time; changed: --log-level notice');
    writeFileSync(join(top, 'go'), '');
    const before = daemon.log().length;
    await job();
    await daemon.logs('COMPILE_OK');
    expect(daemon.log().slice(before)).not.toMatch(/connection from| exec /);
    rmSync(file);
    expect(await hangup()).toContain('changed: --log-level debug');
    await job();
    await daemon.logs(/connection from[^]* exec /);
  });

  it.each([
    ['an option that does not exist', ['--bogus'], '--bogus: unknown option'],
    ['a malformed network', ['--allow', 'my house'], 'cannot understand "my house"'],
    ['a malformed value', ['--jobs', 'many'], '--jobs expects a number from 1 to 1000, not "many"'],
    ['a word that starts nothing', ['--help'], 'the new options do not start a daemon'],
  ])('keeps everything for %s', async (_what, wrong, sentence) => {
    await start('--jobs', '2');
    await reload((given) => [...given, '--jobs', '9', '--allow', '127.0.0.9', ...wrong]);
    expect(daemon.log()).toContain(`ERROR: ${sentence}`);
    expect(daemon.log()).toContain('; keeping what was in force');
    const jobs = [job(), job(), job()];
    await until(() => asked() === 3 && runs() >= 2, 'all have come');
    // Who comes after the third gets its answer: the third would run by now.
    expect((await job('newcc')).toString()).toContain('is not permitted here');
    expect(runs()).toBe(2);
    writeFileSync(join(top, 'go'), '');
    for (const answer of await Promise.all(jobs)) expect(answer.toString()).toContain('DONE00000001');
    rmSync(file);
    expect(await hangup()).toBe('read the configuration again: serving 127.0.0.1/32, 2 jobs at a time');
  });

  it('keeps the list of clients too when the list of compilers cannot be read', async () => {
    environment = { DISTCC_CMDLIST: join(top, 'commands') };
    writeFileSync(join(top, 'commands'), `${join(top, 'fakecc')}\n`);
    writeFileSync(join(top, 'go'), '');
    await start('--jobs', '2');
    rmSync(join(top, 'commands'));
    await reload((given) => given.map((word) => (word === '127.0.0.1' ? '127.0.0.2' : word)).concat('--jobs', '9'));
    expect(daemon.log()).toMatch(/ERROR: cannot read the command list .*; keeping what was in force\n/);
    expect((await job()).toString()).toContain('DONE00000001');
  });

  it('tells whoever waits at the FIFO how it went', async () => {
    await start();
    execFileSync('mkfifo', ['-m', '666', `${file}.answer`]);
    for (const [word, outcome] of [
      ['--verbose', 'applied\n'],
      ['--bogus', 'refused\n'],
    ] as const) {
      const reader = openSync(`${file}.answer`, constants.O_RDONLY | constants.O_NONBLOCK);
      await reload((given) => [...given, word]);
      let text = '';
      await until(() => (text = readFileSync(reader, 'utf8')) !== '', 'an answer');
      closeSync(reader);
      expect(text).toBe(outcome);
    }
  });

  it('knows of every option whether it can be applied', () => {
    expect(Object.keys(effects).sort()).toEqual(Object.keys(daemonOptions).sort());
  });
});
