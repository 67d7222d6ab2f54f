import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { distccProgram, Sandbox } from './sandbox.ts';

const compilers = ['gcc', 'clang'].filter((name) => needs(name, name));

describe.skipIf(!needs('gcc', 'gcc')).each(compilers)('distcc does as %s', (compiler) => {
  let daemon: TestDaemon;
  let box: Sandbox;

  beforeAll(async () => {
    daemon = await startDaemon({ compilers: [compiler, `x86_64-linux-gnu-${compiler}`] });
  });
  afterAll(async () => {
    await daemon.end();
  });
  beforeEach(async () => {
    box = new Sandbox({ agent: true });
    box.write('first.c', 'int first;\n');
    expect(await remote(['-c', 'first.c'])).toMatchObject({ status: 0 });
  });
  afterEach(() => box.remove());

  const log = (): string => (existsSync(join(box.top, 'log')) ? readFileSync(join(box.top, 'log'), 'utf8') : '');
  const wereInputs = (): boolean => /compiled from \d+ inputs/.test(log());

  function taken(): readonly (string | undefined)[] {
    return ['a.o', 'a.d', 'other'].map((name) => {
      const bytes = box.has(name) ? box.read(name).toString('latin1') : undefined;
      rmSync(box.path(name), { force: true });
      return bytes;
    });
  }

  async function remote(words: readonly string[], more: NodeJS.ProcessEnv = {}) {
    rmSync(join(box.top, 'log'), { force: true });
    const logging = { DISTCC_HOSTS: `127.0.0.1:${daemon.port}`, DISTCC_VERBOSE: '1', DISTCC_LOG: join(box.top, 'log') };
    const { status, stderr } = await box.run([compiler, ...words], { ...logging, ...more });
    return { status, stderr, made: taken() };
  }

  function local(words: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const { status, stderr } = spawnSync(compiler, words, {
      cwd: box.work,
      env: box.environment(more),
      encoding: 'utf8',
    });
    return { status, stderr, made: taken() };
  }

  /** Expects the same of a compile by a host, or here after all, as of the compiler alone. */
  async function expectSame(words: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<void> {
    const all = [...words, '-c', 'a.c', '-o', 'a.o'];
    expect(await remote(all, more)).toEqual(local(all, more));
  }

  it('does with a file among the directories of headers', async () => {
    box.write('a.c', 'int a;\n');
    box.write('other.txt', '');
    await expectSame(['-Werror', '-Iother.txt']);
    await expectSame(['-Iother.txt']);
  });
});
