import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';

const jobs = 100;
const atATime = 4;

let top: string;
let daemon: TestDaemon;
beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'tree-offer-'));
  daemon = await startDaemon();
  for (let at = 0; at < jobs; at += 1) writeFileSync(join(top, `${at}.c`), `int number(void) { return ${at}; }\n`);
});
afterAll(async () => {
  await daemon.end();
  rmSync(top, { recursive: true });
});

/** Runs Debian's client. */
async function distribute(word: string, at: number): Promise<{ code: number | null; stderr: string }> {
  const child = spawn('/usr/bin/distcc', ['gcc', '-O2', '-c', `${at}.c`, '-o', `${at}.o`], {
    cwd: top,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: '/usr/bin:/bin',
      DISTCC_DIR: top,
      DISTCC_HOSTS: `127.0.0.1:${daemon.port}/${atATime}${word}`,
      DISTCC_FALLBACK: '0',
    },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, stderr };
}

const counted = (text: RegExp): number => (daemon.log().match(text) ?? []).length;

describe.skipIf(!needs('/usr/bin/distcc', 'distcc'))('the offer after an answer', () => {
  it.each([
    ['plain', ''],
    ['packed', ',lzo'],
  ])("is not noticed by Debian's client: %s", async (_, word) => {
    const done = counted(/COMPILE_OK/g);
    const results: { code: number | null; stderr: string }[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let at = next; at < jobs; at = next) {
        next += 1;
        results.push(await distribute(word, at));
      }
    };
    await Promise.all(Array.from({ length: atATime }, worker));
    expect(results).toEqual(Array.from({ length: jobs }, () => ({ code: 0, stderr: '' })));
    // Nor is it an error to us that the client does not read it.
    await until(() => counted(/COMPILE_OK/g) === done + jobs, `all are counted as done: ${daemon.log().slice(-2000)}`);
    expect(daemon.log()).not.toMatch(/CLI_DISCONN|disconnected|ERROR/);
  });
});
