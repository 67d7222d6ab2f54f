import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { TerminalSession } from '../../support/terminal-session.ts';
import { startFakeServer } from '../client/fake-server.ts';
import type { FakeServer } from '../client/fake-server.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';

const program = resolve(import.meta.dirname, '../../../dist/bin/distccmon-text');
const stock = '/usr/bin/distcc';

describe.skipIf(!needs(stock, 'distcc') || !needs('gcc', 'gcc'))('distccmon-text with real clients', () => {
  let box: Sandbox;
  let server: FakeServer;
  let session: TerminalSession | undefined;
  const clients: ChildProcess[] = [];
  beforeEach(async () => {
    box = new Sandbox({ agent: true });
    // It takes jobs and never answers.
    server = await startFakeServer(() => undefined);
  });
  afterEach(async () => {
    if (session !== undefined && session.end === undefined) session.pty.kill('SIGKILL');
    // The clients compile here now.
    await server.end();
    await until(() => clients.every(({ exitCode, signalCode }) => (exitCode ?? signalCode) !== null), 'clients end');
    clients.splice(0);
    box.remove();
  });

  function compile(client: string, file: string, more: NodeJS.ProcessEnv = {}): ChildProcess {
    box.write(file, 'int x;\n');
    const env = box.environment({ DISTCC_HOSTS: `${server.host}/9`, ...more });
    const child = spawn(client, ['gcc', '-c', file, '-o', `${file}.o`], { cwd: box.work, env, stdio: 'ignore' });
    clients.push(child);
    return child;
  }

  it("shows jobs of distcc 3.4's client, of ours, and of ours without an agent, each once, until they end", async () => {
    const killed = compile(stock, 'stock.c');
    compile(distccProgram, 'ours.c');
    const alone = compile(distccProgram, 'alone.c', { DISTCC_AGENT: '0' });
    session = new TerminalSession(program, ['0.1'], { env: box.environment({ TERM: 'xterm-256color' }) });
    await session.shows(
      /^3 jobs: 3 at hosts, 0 here, 0 waiting/,
      /^compile .* stock\.c$/,
      /^compile .* ours\.c$/,
      /^compile .* alone\.c$/,
    );
    expect(session.lines.filter((line) => line.endsWith('.c'))).toHaveLength(3);
    killed.kill('SIGKILL');
    alone.kill('SIGKILL');
    await session.shows(/^1 job: 1 at hosts/, /^compile .* ours\.c$/);
    // Nothing lingers of a client that could not remove its own file.
    const names = new Set([killed, alone].map(({ pid }) => `binstate_${pid}`));
    const left = (): string[] => readdirSync(join(box.own, 'state')).filter((name) => names.has(name));
    await until(() => left().length === 0, 'their files are gone');
    await server.end();
    await session.shows(/^0 jobs/);
    session.press('q');
    expect(await session.ended()).toEqual({ exitCode: 0, signal: 0 });
  });
});
