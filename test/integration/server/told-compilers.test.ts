import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCaps } from '../../../src/wire/inputs/caps.ts';
import { parseCompiler } from '../../../src/wire/inputs/compiler-text.ts';
import { encodeRequest } from '../../../src/wire/request.ts';
import { startDaemon } from '../../support/daemon.ts';
import type { DaemonSetup, TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { smallJob, TreeClient } from '../../support/tree-client.ts';
import type { TreeOutcome } from '../../support/tree-client.ts';
import { converse } from '../../support/wire-client.ts';

/** Rounds of a wait for the daemon, which looks at compilers within a second or two unless the machine is busy. */
const mostRounds = 600;

describe.skipIf(!needs('gcc', 'gcc') || process.platform !== 'linux')('what clients are told of compilers', () => {
  let programs: string;
  let daemon: TestDaemon;

  /** Puts another gcc into the daemon's PATH, as an upgrade does: the file is another one, and the parts are the same. */
  function install(words: string): void {
    writeFileSync(join(programs, 'new'), `#!/bin/sh\nexec /usr/bin/gcc ${words} "$@"\n`);
    chmodSync(join(programs, 'new'), 0o755);
    renameSync(join(programs, 'new'), join(programs, 'gcc'));
  }

  async function start(setup: DaemonSetup = {}): Promise<void> {
    daemon = await startDaemon({ compilers: ['gcc'], path: programs, ...setup });
  }

  beforeEach(() => {
    programs = mkdtempSync(join(tmpdir(), 'test-told-'));
    chmodSync(programs, 0o755);
    install('');
  });
  afterEach(async () => {
    await daemon.end();
    rmSync(programs, { recursive: true, force: true });
  });

  const toldIn = ({ welcomes }: TreeOutcome): string | undefined => welcomes.at(-1)?.compilers['gcc'];

  /** Sends jobs until one is told of gcc, by what is not `before`. */
  async function heard(client: TreeClient, before?: string): Promise<TreeOutcome> {
    for (let round = 0; round < mostRounds; round += 1) {
      const outcome = await client.run(smallJob('int a;'));
      const told = toldIn(outcome);
      if (told !== undefined && told !== before) return outcome;
      await delay(100);
    }
    throw new Error('never told');
  }

  it('comes with a welcome, before the job is done, and again when the compiler has been replaced', async () => {
    await start();
    const client = new TreeClient(daemon.port);
    const first = await client.run(smallJob('int a;'));
    // Nobody waits for it.
    expect([first.answer?.status, first.welcomes.map(({ compilers }) => compilers)]).toEqual([0, [{}]]);
    const told = await heard(client);
    const text = toldIn(told) ?? '';
    expect(parseCompiler(text)).toMatchObject({ version: expect.stringMatching(/GCC|clang/) as string });
    expect([told.answer?.status, told.needs.flat()]).toEqual([0, []]);
    expect((await client.run(smallJob('int a;'))).welcomes).toEqual([]);
    install('-fno-pie');
    const after = parseCompiler(toldIn(await heard(client, text)) ?? '');
    expect([after?.version, after?.makes === parseCompiler(text)?.makes]).toEqual([
      parseCompiler(text)?.version,
      false,
    ]);
  });

  it('is what is there now, for a client that asks by a job of another session', async () => {
    await start();
    const client = new TreeClient(daemon.port);
    const text = toldIn(await heard(client)) ?? '';
    install('-fno-pie');
    for (let round = 0, told: string | undefined = text; told === text; round += 1) {
      expect(round).toBeLessThan(mostRounds);
      client.nonce = Buffer.alloc(16, 7);
      // Only this way: no other job has it look at the file.
      told = toldIn(await client.run(smallJob('int a;')));
      await delay(100);
    }
  });

  it.each([[['--no-tree']], [['--fence', 'none']]])('comes after an answer of protocol 1, with %s', async (options) => {
    await start({ options: ['--allow', '127.0.0.1', ...options] });
    const request = { version: 1, argv: ['gcc', '-c', 'a.c', '-o', 'a.o'], source: Buffer.from('int x;\n') } as const;
    for (let round = 0; round < mostRounds; round += 1) {
      const answer = (await converse(daemon.port, encodeRequest(request))).toString('latin1');
      const caps = parseCaps(/CAPS[\da-f]{8}(.*)$/.exec(answer)?.[1] ?? '');
      if (caps.compiler !== undefined) {
        expect(caps).toMatchObject({ tree: false, codecs: [], results: false });
        expect(parseCompiler(caps.compiler)?.target).toMatch(/linux/);
        return;
      }
      await delay(100);
    }
    throw new Error('never told');
  });
});
