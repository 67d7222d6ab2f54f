// oxlint-disable no-control-regex -- they are what a terminal is sent
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostPicture, Picture, RunningJob } from '../../../src/agent-state/events.ts';
import { encodeJobRecord } from '../../../src/job-state/job-record.ts';
import type { JobRecord } from '../../../src/job-state/job-record.ts';
import { lives } from '../../../src/system/processes/living-process.ts';
import { until } from '../../support/daemon.ts';
import { PlayedAgent, pictureOf } from '../../support/played-agent.ts';
import { playedBuild } from '../../support/played-build.ts';
import { TerminalSession } from '../../support/terminal-session.ts';

const program = resolve(import.meta.dirname, '../../../dist/bin/distccmon-text');

let folder: string;
let environment: NodeJS.ProcessEnv;
let agent: PlayedAgent | undefined;
const sessions: TerminalSession[] = [];
/** Processes whose ids are in state files: a job of one that has ended is not shown. */
const clients: ReturnType<typeof spawn>[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'table-'));
  mkdirSync(join(folder, 'state'));
  const { NO_COLOR: _, ...rest } = process.env;
  environment = { ...rest, DISTCC_DIR: folder, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' };
});

afterEach(async () => {
  for (const { pty, end } of sessions.splice(0)) if (end === undefined) pty.kill('SIGKILL');
  for (const client of clients.splice(0)) client.kill();
  await agent?.end();
  agent = undefined;
  rmSync(folder, { recursive: true });
});

function open(words: readonly string[] = [], more: NodeJS.ProcessEnv = {}, size = { columns: 80, rows: 24 }) {
  const session = new TerminalSession(program, words, { env: { ...environment, ...more }, ...size });
  sessions.push(session);
  return session;
}

/** A shell with job control that runs what is typed. */
function openShell(size = { columns: 80, rows: 24 }): TerminalSession {
  const env = { ...environment, PS1: '$ ', PATH: `${resolve(program, '..')}:${process.env['PATH'] ?? ''}` };
  const session = new TerminalSession('/bin/bash', ['--norc', '--noprofile', '--noediting', '-i'], { env, ...size });
  sessions.push(session);
  return session;
}

/** An agent with a picture; what it returns tells more. */
function startAgent(picture: Picture): PlayedAgent {
  agent = new PlayedAgent(join(folder, 'agent/played'), picture);
  return agent;
}

const job = (number: number, more: Partial<RunningJob> = {}): RunningJob => ({
  job: number,
  pid: 100_000 + number,
  directory: '/work',
  file: `file${number}.c`,
  began: Date.now() - 3000,
  phase: 'compile',
  since: Date.now() - 1000,
  host: 'build1',
  slot: 0,
  ...more,
});

const host = (name: string, more: Partial<HostPicture> = {}): HostPicture => ({
  name,
  slots: 4,
  done: 0,
  failed: 0,
  ...more,
});

/** Writes the state file of a client that lives until the test ends, as distcc 3.4 does. */
function putState(record: Partial<JobRecord>): number {
  const client = spawn('sleep', ['600']);
  clients.push(client);
  const { pid = 0 } = client;
  writeState({ pid, file: 'stock.c', host: 'build1', slot: 1, phase: 'Compile', ...record });
  return pid;
}

function writeState(record: JobRecord): void {
  writeFileSync(join(folder, 'state', `binstate_${record.pid}`), encodeJobRecord(record));
}

const seconds = String.raw`(?:\d\.\d|\d+) s`;
const line = (text: string): RegExp => new RegExp(`^${text.replaceAll('AGE', seconds)}$`);

describe('distccmon-text on a terminal', () => {
  it('shows hosts with busy slots, jobs, rests with reasons and totals, and keeps them up to date', async () => {
    const rest = { why: 'Connection refused', until: Date.now() + 3_600_000 };
    const { host: _, slot: __, ...here } = job(2);
    const { tell } = startAgent(
      pictureOf({
        hosts: [host('build1', { done: 17, failed: 1, expected: 1.5 }), host('build2:4000', { rest })],
        jobs: [job(1), { ...here, phase: 'queue', why: 'a slot' }],
      }),
    );
    const session = open();
    await session.shows(
      /^2 jobs: 1 at hosts, 0 here, 1 waiting {3}2 hosts, 1 resting {3}17 done, 1 failed$/,
      /^this machine +\[#{2,3}\.+\] 25 % of 8 processors, 4\.0 of 16\.0 GB free$/,
      /^build1 +\[#\.\.\.\] +1\/4 +17 +1 +1\.5 s$/,
      /^build2:4000 +rests \d+ min more: Connection refused$/,
      line('compile +build1 +0 +AGE  file1.c'),
      line('queue +AGE  file2.c  a slot'),
      /^q quits$/,
    );
    tell({ kind: 'end', end: { ...job(1), ended: Date.now(), bytesOut: 0, bytesIn: 0, phases: [] } });
    tell({ kind: 'job', job: { ...here, phase: 'local', why: 'it links' } });
    tell({ kind: 'hosts', hosts: [host('build1', { done: 18 })] });
    tell({ kind: 'failure', at: Date.now(), job: 1, host: 'build1', why: 'it burns' });
    await session.shows(
      /^1 job: 0 at hosts, 1 here, 0 waiting {3}1 host {3}18 done$/,
      line('local +this machine +AGE  file2.c  it links'),
      line('q quits   build1 failed AGE ago: it burns'),
    );
    expect(session.lines.join('\n')).not.toMatch(/file1\.c|build2/);
  });

  it('shows jobs of clients without an agent, and a job that an agent tells of once', async () => {
    const stock = putState({ file: 'stock.c' });
    const ours = putState({ file: 'both.c', slot: 2 });
    putState({ file: 'here.c', host: 'localhost', slot: 0 });
    const { tell } = startAgent(
      pictureOf({
        hosts: [host('build1:4000')],
        jobs: [job(1, { pid: ours, file: 'sub/both.c', host: 'build1:4000' })],
      }),
    );
    const session = open(['0.1']);
    await session.shows(
      /^3 jobs: 2 at hosts, 1 here, 0 waiting/,
      /^build1:4000 +\[##\.\.\] +2\/4/,
      line('compile +build1 +1 +AGE  stock.c'),
      line('compile +build1:4000 +0 +AGE  sub/both.c'),
      line('local +this machine +AGE  here.c'),
    );
    // Its state file is still there, and older than the end.
    tell({ kind: 'end', end: { ...job(1), ended: Date.now() + 1, bytesOut: 0, bytesIn: 0, phases: [] } });
    await session.shows(/^2 jobs: 1 at hosts/);
    expect(session.lines.join('\n')).not.toContain('both.c');
    process.kill(stock);
    await session.shows(/^1 job: 0 at hosts/);
  });

  it('finds an agent that starts later, and says when there is none', async () => {
    const session = open(['0.05']);
    await session.shows(/^no jobs, and no agent: the first job of a build starts one$/);
    startAgent(pictureOf());
    await session.shows(/^no jobs, and no other machine in the list of hosts: see/);
    await agent?.end();
    agent = undefined;
    await session.shows(/no agent/);
  });

  it('sends nothing that a terminal would act on, whatever names and reasons are', async () => {
    const evil = 'a\x1b[2J\x1b]0;title\x07\x9b31m\r\n\u202Eb\u200D\u2028.c';
    const rest = { why: evil, until: Date.now() + 3_600_000 };
    startAgent(pictureOf({ hosts: [host(evil), host('build2', { rest })], jobs: [job(1, { file: evil, why: evil })] }));
    writeState({ pid: process.pid, file: evil, host: evil, slot: 1, phase: 'Compile' });
    const session = open([], {}, { columns: 200, rows: 24 });
    await session.shows(/a\?\[2J\?\]0;title\?\?31m\?\?\?b\?\?\.c/, /rests \d+ min more: a\?\[2J/);
    session.press('q');
    await session.ended();
    // What is left without the sequences that the table is made of.
    const shown = session.bytes.replaceAll(/\x1b\[(?:\?\d+[hl]|\d*(?:;\d+)?[mHJKG])/g, '');
    expect(shown).not.toMatch(/[\p{C}\u2028]/u);
  });

  it('keeps columns with wide characters, and shows only ASCII where the locale has no UTF-8', async () => {
    const names = ['コンパイル.c', 'e\u0301'.repeat(9), '한국어/파일.c', 'plain.c', '👍.c'];
    const jobs = names.map((file, at) => job(at, { file, host: file, why: 'because' }));
    startAgent(pictureOf({ jobs }));
    const session = open([], {}, { columns: 120, rows: 30 });
    await session.shows(/^compile +コンパイル\.c .*コンパイル\.c {2}because/, /^compile +👍\.c/);
    const { active } = session.screen.buffer;
    const rows = session.lines.flatMap((text, row) => (text.startsWith('compile') ? [row] : []));
    // The cell in which the slot is, whatever is before it.
    const column = session.lines.find((text) => text.startsWith('phase'))?.indexOf('slot') ?? 0;
    expect(rows).toHaveLength(names.length);
    for (const row of rows)
      expect(
        active
          .getLine(row)
          ?.getCell(column + 3)
          ?.getChars(),
      ).toBe('0');
    const plain = open([], { LC_ALL: 'C' }, { columns: 120, rows: 30 });
    await plain.shows(/^compile +\?{5}\.c .*\?{5}\.c {2}because/);
    expect(plain.bytes).toMatch(/^[\x00-\x7f]*$/);
  });

  it.each([
    ['with colours', {}, true],
    ['without colours after NO_COLOR', { NO_COLOR: '1' }, false],
  ])('shows the table %s', async (_, more, coloured) => {
    startAgent(pictureOf({ hosts: [host('build1')], jobs: [job(1)] }));
    const session = open([], more);
    await session.shows(/^compile/);
    expect(/\x1b\[(?:3\d|4\d|9\d)m/.test(session.bytes)).toBe(coloured);
  });

  it.each([
    [1, 1],
    [20, 5],
    [40, 12],
    [50, 10],
    [80, 24],
    [250, 60],
  ])('fits into %i columns and %i rows', async (columns, rows) => {
    const hosts = Array.from({ length: 64 }, (_, at) => host(`build${at}`, { slots: 16, done: at }));
    const jobs = Array.from({ length: 300 }, (_, at) =>
      job(at, { host: `build${at % 64}`, slot: at % 16, why: 'なぜ' }),
    );
    startAgent(pictureOf({ hosts, jobs, build: playedBuild() }));
    const session = open([], {}, { columns, rows });
    await until(() => session.bytes.includes('\x1b[?2026l') && agent?.followers === 1, 'a frame is there');
    if (columns >= 30) await session.shows(/^300 jobs: 300 at hosts/);
    if (rows >= 9) await session.shows(/^build\d+ /, /^compile/, /^and \d+ more/);
    if (rows >= 12) await session.shows(/^and \d+ more: \d+ of \d+ slots busy/);
    if (rows >= 24) await session.shows(/^build: 50 jobs in 12 s, 40 at hosts \(80 %\), 10 here/, /^q quits$/);
    session.press('q');
    expect(await session.ended()).toEqual({ exitCode: 0, signal: 0 });
    // No line may be wrapped or pushed out.
    expect(session.bytes).not.toMatch(/[\r\n]/);
  });

  it('follows a terminal that changes its size', async () => {
    startAgent(pictureOf({ hosts: [host('build1')], jobs: [job(1, { file: `${'deep/'.repeat(30)}end.c` })] }));
    // It does not wait for its next look.
    const session = open(['600']);
    await session.shows(/end\.c$/);
    for (const [columns, rows] of [
      [30, 4],
      [1, 1],
      [120, 40],
    ] as const) {
      session.resize(columns, rows);
      await until(() => (session.lines.at(-1) === 'q quits') === rows > 10, `a frame of ${columns} columns is there`);
    }
    await session.shows(/\.\.\..*end\.c$/, /^build1 +\[/);
    expect(session.lines.filter((text) => text.includes('build1'))).toHaveLength(2);
    const before = session.bytes.length;
    session.press('\x0c');
    await until(() => session.bytes.slice(before).includes('\x1b[J'), 'everything is drawn again');
    await session.shows(/^build1 +\[/);
  });

  it('writes nothing when nothing has changed, and otherwise only lines that have', async () => {
    startAgent(pictureOf({ hosts: [host('build1')] }));
    const session = open(['0.05']);
    await session.shows(/^no jobs$/);
    const before = session.bytes.length;
    agent?.tell({ kind: 'hosts', hosts: [host('build1', { done: 5 })] });
    await session.shows(/^build1 .* 5 +0 *$/);
    const frames = session.bytes.slice(before).match(/\x1b\[\?2026h(.*?)\x1b\[\?2026l/gs) ?? [];
    expect(frames).toHaveLength(1);
    // The totals and the host.
    expect(frames[0]?.match(/\x1b\[\d+;1H/g)).toHaveLength(2);
    expect(frames.join('')).toBe(session.bytes.slice(before));
  });
});

describe('distccmon-text gives the terminal back', () => {
  /** Runs the table in a shell that says the terminal's mode before and after. */
  async function inShell(end: (session: TerminalSession) => void): Promise<TerminalSession> {
    const session = openShell();
    await session.shows(/^\$/);
    session.press('stty -g; distccmon-text\r');
    await session.shows(/no agent/);
    expect(session.isAlternate).toBe(true);
    end(session);
    await until(() => !session.isAlternate && hasPrompt(session), 'the table has ended');
    session.press('echo "status $?"; stty -g\r');
    await session.shows(/^status/);
    await until(
      () => session.lines.filter((text) => /^[0-9a-f:]{30,}/.test(text)).length === 2,
      'both modes are there',
    );
    return session;
  }

  const hasPrompt = ({ lines }: TerminalSession): boolean => lines.findLast((text) => text !== '') === '$';

  const monitorIn = (session: TerminalSession): number =>
    Number(execFileSync('pgrep', ['-P', String(session.pty.pid)], { encoding: 'utf8' }));

  it.each<[string, string, (session: TerminalSession) => void]>([
    ['q', 'status 0', (session) => session.press('q')],
    ['an arrow, then ^C', 'status 130', (session) => session.press('\x1b[A\x1bOq\x03')],
    ['SIGTERM', 'status 143', (session) => process.kill(monitorIn(session), 'SIGTERM')],
    ['SIGHUP', 'status 129', (session) => process.kill(monitorIn(session), 'SIGHUP')],
    ['^\\', 'status 131', (session) => session.press('\x1c')],
  ])('after %s', async (_, status, end) => {
    const session = await inShell(end);
    expect(session.isAlternate).toBe(false);
    expect(session.screen.modes.wraparoundMode).toBe(true);
    expect(session.bytes.lastIndexOf('\x1b[?25h')).toBeGreaterThan(session.bytes.lastIndexOf('\x1b[?25l'));
    expect(session.lines.find((text) => text.startsWith('status'))).toContain(status);
    const [before, after] = session.lines.filter((text) => /^[0-9a-f:]{30,}/.test(text));
    expect(after).toBe(before);
    expect(session.lines.join('\n')).not.toMatch(/no agent|q quits/);
  });

  it('after ^Z, and takes it again after fg, with the size that it has then', async () => {
    const session = openShell();
    await session.shows(/^\$/);
    session.press('stty -g; distccmon-text 600\r');
    await session.shows(/no agent/);
    for (let round = 0; round < 2; round += 1) {
      session.press('\x1a');
      await session.shows(/Stopped/);
      expect(session.isAlternate).toBe(false);
      session.press(`stty -g; echo round $((${round} + 5))\r`);
      await session.shows(new RegExp(`^round ${round + 5}`));
      const modes = session.lines.filter((text) => /^[0-9a-f:]{30,}/.test(text));
      expect(new Set(modes).size).toBe(1);
      session.resize(90, 30 + round);
      session.press('fg\r');
      await until(() => session.isAlternate && session.lines.at(-1) === 'q quits', 'the table is there again');
    }
    // SIGSTOP gives no time to leave, and the shell writes over the table.
    process.kill(monitorIn(session), 'SIGSTOP');
    await session.shows(/Stopped/);
    session.press('fg\r');
    await until(() => !session.lines.join('').includes('Stopped'), 'the table is drawn anew');
    await session.shows(/no agent/);
    // In the background it is stopped before it draws.
    session.press('\x1a');
    await until(() => !session.isAlternate, 'it has stopped again');
    session.press('bg; sleep 0.5; echo going on\r');
    await session.shows(/^going on/);
    expect(session.isAlternate).toBe(false);
    session.press('fg\r');
    await until(() => session.isAlternate, 'the table is there again');
    session.press('q');
    await until(() => !session.isAlternate, 'it has ended');
  });

  it('goes on after ^Z where no shell could continue it', async () => {
    const session = open();
    await session.shows(/no agent/);
    session.press('\x1a');
    await until(() => session.bytes.split('\x1b[?1049h').length === 3, 'the screen is entered again');
    await session.shows(/no agent/);
    session.press('q');
    expect(await session.ended()).toEqual({ exitCode: 0, signal: 0 });
    expect(session.isAlternate).toBe(false);
  });

  it('ends by SIGTERM while the terminal takes nothing', async () => {
    const file = (letter: string): RunningJob[] =>
      Array.from({ length: 55 }, (_, at) => job(at, { file: letter.repeat(150) }));
    const { tell } = startAgent(pictureOf({ jobs: file('a') }));
    const session = open(['0.05'], {}, { columns: 250, rows: 60 });
    await session.shows(/aaaa/);
    const { pid } = session.pty;
    session.pty.pause();
    // Far more than the kernel keeps for a terminal that nobody reads.
    for (let round = 0; round < 40; round += 1) {
      tell(pictureOf({ jobs: file(round % 2 === 0 ? 'b' : 'c') }));
      await new Promise((next) => setTimeout(next, 50));
    }
    process.kill(pid, 'SIGTERM');
    await until(() => !lives(pid), 'it has ended');
  });

  it.each([
    ['', []],
    [' that does not tell it', ['setsid', '--wait']],
  ])('ends with its terminal%s', async (_, before) => {
    const [first, ...words] = [...before, program];
    const session = new TerminalSession(first ?? program, words, { env: environment });
    sessions.push(session);
    await session.shows(/no agent/);
    const pid = before.length === 0 ? session.pty.pid : monitorIn(session);
    expect(lives(pid)).toBe(true);
    (session.pty as unknown as { destroy(): void }).destroy();
    await until(() => !lives(pid), 'it has ended');
  });
});

describe('distccmon-text prints once', () => {
  it.each([
    ['--once', ['--once'], {}],
    ['0', ['0'], {}],
    ['TERM=dumb', [], { TERM: 'dumb' }],
  ])('on a terminal with %s, as into a pipe', async (_, words, more) => {
    putState({ file: 'a.c' });
    const session = open(words, more);
    expect(await session.ended()).toEqual({ exitCode: 0, signal: 0 });
    const piped = execFileSync(program, { env: environment, encoding: 'utf8' });
    expect(session.bytes.replaceAll('\r', '')).toBe(piped);
    expect(piped).toMatch(/^ *\d+ {2}Compile {5}a\.c +build1\[1\]\n\n$/);
  });

  it('says what is wrong without a picture', async () => {
    const session = open([], { DISTCC_DIR: '/nowhere' });
    expect(await session.ended()).toMatchObject({ exitCode: 107 });
    expect(session.bytes).toMatch(/^distccmon-text: ERROR: DISTCC_DIR names "\/nowhere", which cannot be read: /);
    const later = open(['0.05']);
    await later.shows(/no agent/);
    rmSync(join(folder, 'state'), { recursive: true });
    writeFileSync(join(folder, 'state'), '');
    expect(await later.ended()).toMatchObject({ exitCode: 107 });
    expect(later.isAlternate).toBe(false);
    expect(later.lines.join('')).toContain('distccmon-text: ERROR: cannot read');
  });

  it('shows the table without keys when standard input is no terminal', async () => {
    const session = new TerminalSession('/bin/sh', ['-c', `exec '${program}' </dev/null`], { env: environment });
    sessions.push(session);
    await session.shows(/no agent/);
    expect(session.lines.at(-1)).toBe('');
    session.press('\x03');
    expect(await session.ended()).toEqual({ exitCode: 0, signal: 2 });
    expect(session.isAlternate).toBe(false);
  });
});
