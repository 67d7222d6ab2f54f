import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node-pty';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives } from '../../../src/system/processes/living-process.ts';
import { freePort } from '../../../scripts/free-port.mjs';
import { distccdProgram, makeMasquerade, makeOpenFolder, until } from '../../support/daemon.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'terminal-'));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

/** distccd as somebody who wants a look inside types it. */
async function wizard(...words: string[]) {
  const [temporary, masks] = [makeOpenFolder(top, 'tmp'), makeMasquerade(top, ['gcc'])];
  const port = await freePort();
  const terminal = spawn(
    process.execPath,
    [distccdProgram, ...words, '--port', String(port), '--listen', '127.0.0.1', '--masquerade-dir', masks],
    { env: { ...process.env, TMPDIR: temporary }, cols: 200 },
  );
  let screen = '';
  let ended: number | undefined;
  terminal.onData((text) => {
    screen += text;
  });
  terminal.onExit(({ exitCode }) => {
    ended = exitCode;
  });
  return { terminal, screen: () => screen, ended: () => ended };
}

describe('distccd in a terminal', () => {
  it('--wizard stays in front and shows what it does; ^C ends it with 0', async () => {
    const { terminal, screen, ended } = await wizard('--wizard');
    await until(() => screen().includes('listening on 127.0.0.1:'), 'it listens');
    expect(screen()).toContain('serving private networks only');
    terminal.write('\u0003');
    await until(() => ended() !== undefined, 'it ended');
    expect(screen()).toContain('SIGINT: finishing 0 running and 0 waiting jobs');
    expect(ended()).toBe(0);
  });

  it('in front it ends with its terminal, though SIGHUP else means that it reads its files again', async () => {
    const { terminal, screen } = await wizard('--wizard');
    await until(() => screen().includes('listening on 127.0.0.1:'), 'it listens');
    process.kill(terminal.pid, 'SIGHUP');
    await until(() => screen().includes('read the configuration again'), 'it goes on');
    // What closing a window does; kill() would only send the signal.
    if ('destroy' in terminal && typeof terminal.destroy === 'function') Reflect.apply(terminal.destroy, terminal, []);
    await until(() => !lives(terminal.pid), 'it ended');
  });

  it('without --no-detach it gives the terminal back, and lives on when the terminal is closed', async () => {
    const { terminal, screen, ended } = await wizard('--daemon', '--pid-file', join(makeOpenFolder(top, 'run'), 'pid'));
    await until(() => ended() !== undefined, 'the starter ended');
    expect([ended(), screen()]).toEqual([0, expect.stringContaining('no --allow option')]);
    terminal.kill();
    const pid = Number(readFileSync(join(top, 'run/pid'), 'utf8'));
    process.kill(pid, 0);
    process.kill(pid, 'SIGTERM');
    await until(() => !lives(pid), 'the daemon ended');
  });
});
