import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeExit } from '../../../src/wire/agent/command.ts';
import { encodeFrame, kinds } from '../../../src/wire/agent/frame.ts';
import { lives } from '../../../src/system/processes/living-process.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { Sandbox } from '../client/sandbox.ts';
import { buildLonelyLauncher, lonelyVersion } from './played-agent.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');

/**
 * An agent in a process of its own, since one that does not answer is killed: it says after how many PONGs it tells how
 * to end.
 */
const agent = `
  const [path, pongs] = process.argv.slice(1);
  require('node:net').createServer((socket) => {
    let count = 0;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (bytes.readUInt32LE(0) !== ${kinds.PING} || pongs === 'none') return;
      count += 1;
      socket.write(Buffer.from('${hex(encodeFrame(kinds.PONG))}', 'hex'));
      if (count === Number(pongs)) socket.write(Buffer.from('${hex(encodeExit(exited(7)))}', 'hex'));
    });
  }).listen(path, () => console.log('listens'));
`;

describe.skipIf(!needs('cc', 'gcc'))('the launcher with an agent that is silent', () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox({ agent: true });
  });
  afterEach(() => box.remove());

  /** How a launcher that waits a second fares with such an agent, and how that agent ends. */
  async function meet(pongs: string) {
    const program = join(box.temporary, 'distcc');
    buildLonelyLauncher(program);
    const folder = join(box.own, 'agent');
    mkdirSync(folder, { mode: 0o700 });
    const path = `${box.script('gcc', 'exit 42')}:${process.env['PATH']}`;
    const words = ['-e', agent, join(folder, lonelyVersion), pongs];
    const other = box.start(words, {}, { program: process.execPath });
    if (other.child.stdout !== null) await once(other.child.stdout, 'data');
    const result = await box.run(['gcc', '-c', 'a.c'], { PATH: path }, { program });
    other.child.kill('SIGTERM');
    const { signal } = await other.ended;
    return { result, signal };
  }

  it('asks it, and waits as long as it answers', async () => {
    const { result, signal } = await meet('2');
    expect(result).toEqual({ status: 7, signal: null, stdout: '', stderr: '' });
    expect(signal).toBe('SIGTERM');
  });

  it('ends it when it does not answer, and does the job without it', async () => {
    const { result, signal } = await meet('none');
    expect(result).toEqual({ status: 42, signal: null, stdout: '', stderr: '' });
    expect(signal).toBe('SIGKILL');
  });

  it('ends one of its own that hangs, and becomes the compiler', async () => {
    const program = join(box.temporary, 'distcc');
    buildLonelyLauncher(program, '/nonexistent');
    const noted = join(box.temporary, 'pid');
    const hanging = `#!/bin/sh\necho $$ >${noted}\nexec sleep 1000\n`;
    writeFileSync(join(box.temporary, 'distcc-agent'), hanging, { mode: 0o755 });
    const path = `${box.script('gcc', 'exit 42')}:${process.env['PATH']}`;
    const result = await box.run(['gcc', '-c', 'a.c'], { PATH: path, DISTCC_AGENT: '0' }, { program });
    expect(result).toEqual({ status: 42, signal: null, stdout: '', stderr: '' });
    const started = Number(readFileSync(noted, 'utf8'));
    await until(() => !lives(started), 'the agent has ended');
  });

  it('leaves no agent that hangs before it listens', async () => {
    const program = join(box.temporary, 'distcc');
    buildLonelyLauncher(program, '/nonexistent', ['-DALARM_S=1']);
    const noted = join(box.temporary, 'pids');
    const hanging = `#!/bin/sh\necho $$ >>${noted}\nexec sleep 1000\n`;
    writeFileSync(join(box.temporary, 'distcc-agent'), hanging, { mode: 0o755 });
    const path = `${box.script('gcc', 'exit 42')}:${process.env['PATH']}`;
    expect((await box.run(['gcc', '-c', 'a.c'], { PATH: path }, { program })).status).toBe(42);
    const started = readFileSync(noted, 'utf8').trimEnd().split('\n').map(Number);
    await until(() => !started.some((pid) => lives(pid)), 'the agents have ended');
  });

  it('does not end an agent by its own alarm once it has started', async () => {
    const path = `${box.script('gcc', 'exit 42')}:${process.env['PATH']}`;
    await box.run(['gcc', '-c', 'a.c'], { PATH: path });
    const [pid = 0] = box.agents();
    process.kill(pid, 'SIGALRM');
    expect((await box.run(['--agent-status'], {})).stdout).toContain(`process ${pid}`);
    expect(lives(pid)).toBe(true);
  });
});
