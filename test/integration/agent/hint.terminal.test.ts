import { spawn } from 'node-pty';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { distccProgram, Sandbox } from '../client/sandbox.ts';

describe.skipIf(process.platform !== 'linux' || !needs('gcc', 'gcc'))('distcc without hosts', () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox({ agent: true });
    box.write('a.c', 'int x;\n');
  });
  afterEach(() => box.remove());

  const words = ['gcc', '-c', 'a.c', '-o', 'a.o'];

  /** What a terminal shows of a compile. */
  async function onTerminal(hosts: string): Promise<string> {
    const terminal = spawn(distccProgram, words, {
      cwd: box.work,
      env: box.environment({ DISTCC_HOSTS: hosts }),
      cols: 200,
    });
    let text = '';
    terminal.onData((data) => (text += data));
    await new Promise((ended) => terminal.onExit(ended));
    return text;
  }

  it('tells so on a terminal, once in the life of an agent, and never into a pipe', async () => {
    // A probe comes first, and takes nothing away.
    expect(await box.run(words, { DISTCC_HOSTS: '' })).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const first = await onTerminal('');
    expect(first).toContain('everything is compiled on this machine, since no hosts are listed');
    expect(first).toContain('DISTCC_HOSTS or ~/.distcc/hosts; "distcc --doctor" tells whether they work');
    expect(await onTerminal('')).toBe('');
    expect(await box.run(words, { DISTCC_HOSTS: '' })).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('tells nothing where this machine is listed, or a log is asked for', async () => {
    expect(await onTerminal('localhost')).toBe('');
    const log = box.path('log');
    const { stderr } = await box.run(words, { DISTCC_HOSTS: '', DISTCC_LOG: log });
    expect(stderr).toBe('');
    expect(box.read('log').toString()).not.toContain('--doctor" tells whether');
  });
});
