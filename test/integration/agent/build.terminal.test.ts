import { readdirSync } from 'node:fs';
import { spawn } from 'node-pty';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/daemon.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { answer, startFakeServer } from '../client/fake-server.ts';
import type { Answer, FakeServer } from '../client/fake-server.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';
import { processesIn } from './building.ts';

describe.skipIf(process.platform !== 'linux')('a build in a terminal', () => {
  let box: Sandbox;
  let server: FakeServer;
  let say: Answer;
  beforeEach(async () => {
    box = new Sandbox({ agent: true });
    // Unless it is told otherwise it takes jobs and never answers.
    say = () => undefined;
    server = await startFakeServer((request) => say(request));
  });
  afterEach(async () => {
    await server.end();
    box.remove();
  });

  it('^C ends make -j16 with all its remote and local jobs, and the agent serves the next build', async () => {
    const scripts = box.script('slowcc', 'case "$*" in *-E*) cat a.c;; *) echo half >local.tmp; exec sleep 60;; esac');
    box.write('a.c', 'int x;\n');
    const names = Array.from({ length: 32 }, (_, at) => `o${at}`);
    for (const name of names) box.write(`${name}.c`, `int ${name};\n`);
    const rules = names.map((name) => `${name}.o:\n\t@'${distccProgram}' slowcc -c ${name}.c -o $@`);
    box.write('Makefile', `all: ${names.map((name) => `${name}.o`).join(' ')}\n${rules.join('\n')}\n`);
    const environment = box.environment({
      DISTCC_HOSTS: `${server.host}/4 localhost/2`,
      PATH: `${scripts}:${process.env['PATH'] ?? ''}`,
      MAKEFLAGS: '',
      MAKELEVEL: '',
    });
    const terminal = spawn('make', ['-j16'], { cwd: box.work, env: environment, cols: 200 });
    let ended: { exitCode: number; signal?: number } | undefined;
    terminal.onExit((end) => (ended = end));
    await until(() => server.requests.length >= 4, 'remote jobs are at work');
    await until(() => box.has('local.tmp') && processesIn(box.work).length >= 17, 'so are local ones, and others wait');
    terminal.write('\u0003');
    await until(() => ended !== undefined, 'make has ended');
    expect(ended).not.toMatchObject({ exitCode: 0, signal: 0 });
    await until(() => processesIn(box.work).length === 0, `no process is left`);
    expect(readdirSync(box.work).filter((name) => name.endsWith('.o') || name.startsWith('.'))).toEqual([]);
    expect(box.temporaries()).toEqual([]);
    const [agent = 0] = box.agents();
    const next = await box.run(['gcc', '-c', 'a.c', '-o', 'next.o'], { DISTCC_HOSTS: 'localhost' });
    expect(next).toMatchObject({ status: 0, stderr: '' });
    expect(box.agents()).toEqual([agent]);
    process.kill(agent, 0);
  });

  it('has its compilers that run here in the group that the terminal listens to, where there is a terminal', async () => {
    say = answer({ status: exited(1) });
    const scripts = box.script('groupcc', 'case "$*" in *-E*) cat a.c;; *) cut -d" " -f5 /proc/$$/stat >group;; esac');
    box.write('a.c', 'int x;\n');
    const more = { DISTCC_HOSTS: server.host, PATH: `${scripts}:${process.env['PATH'] ?? ''}` };
    const words = ['groupcc', '-c', 'a.c', '-o', 'a.o'];
    const terminal = spawn(distccProgram, words, { cwd: box.work, env: box.environment(more) });
    await new Promise((ended) => terminal.onExit(ended));
    expect(Number(box.read('group').toString())).toBe(terminal.pid);
    const { child, ended } = box.start(words, more);
    await ended;
    expect(Number(box.read('group').toString())).not.toBe(terminal.pid);
    expect(Number(box.read('group').toString())).not.toBe(child.pid);
  });
});
