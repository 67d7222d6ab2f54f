import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OwnCompilers } from '../../../../src/client/agent/own-compilers.ts';
import type { RemoteJob } from '../../../../src/client/job/understand.ts';
import { exited } from '../../../../src/wire/wait-status.ts';
import { stampLength } from '../../../../src/wire/agent/inputs.ts';
import { needs } from '../../../support/needs.ts';

let folder: string;
let path: string;
let now: number;
let asked: string[];
let gone: boolean;

/** Puts a compiler of that kind at the path, as an upgrade does. */
function install(program: string): void {
  writeFileSync(`${path}.new`, `#!/bin/sh\nexec ${program} "$@"\n`);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-own-'));
  path = join(folder, 'cc1st');
  now = 0;
  asked = [];
  gone = false;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Does what the agent asks for, as a launcher does. */
const launcher = {
  probe: ({ argv, changes }: { argv: readonly string[]; changes: readonly string[] }) => {
    if (gone) return Promise.reject(new Error('the launcher is gone'));
    const [program = '', ...words] = argv;
    asked.push(words[0] ?? '');
    expect(changes).toEqual(['DEPENDENCIES_OUTPUT', 'SUNPRO_DEPENDENCIES']);
    const { status, stdout, stderr } = spawnSync(program, words);
    return Promise.resolve({ status: exited(status ?? 1), stdout, stderr });
  },
  stamp: (paths: Buffer) => {
    asked.push('stamp');
    const names = paths.toString().split('\0').slice(0, -1);
    const stamps = names.map((name) => {
      const { ino, mtimeNs, size } = lstatSync(name, { bigint: true });
      return Buffer.from(`${ino} ${mtimeNs} ${size}`.padEnd(stampLength, ' '));
    });
    return Promise.resolve(Buffer.concat(stamps));
  },
};

const call = { argv0: 'distcc', words: [], environment: {}, directory: '/' };

function job(name = 'gcc'): RemoteJob {
  const verdict = { words: [name, '-c', 'a.c'] };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only these are looked at
  return {
    argv: [path],
    verdict,
    environment: call.environment,
    directory: '/',
    compiler: undefined,
  } as unknown as RemoteJob;
}

describe.skipIf(!needs('gcc', 'gcc'))('OwnCompilers', () => {
  it('asks a compiler once, for all jobs at the time', async () => {
    install('gcc');
    const own = new OwnCompilers(() => now, folder);
    const [one, other] = await Promise.all([own.of(job(), { call, launcher }), own.of(job(), { call, launcher })]);
    expect(one).toEqual(other);
    expect(one?.target).toBe(execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim());
    expect(asked).toEqual(['-S', '-dumpmachine', '-print-prog-name=cc1', 'stamp']);
    now += 9000;
    await own.of(job(), { call, launcher });
    expect(asked).toHaveLength(4);
  });

  it('looks at its files after a while, and asks again when they have changed', async () => {
    install('gcc');
    const own = new OwnCompilers(() => now, folder);
    const before = await own.of(job(), { call, launcher });
    now += 10_000;
    expect(await own.of(job(), { call, launcher })).toEqual(before);
    expect(asked.slice(4)).toEqual(['stamp']);
    install('gcc -fno-pie');
    now += 10_000;
    const after = await own.of(job(), { call, launcher });
    expect([after?.version, after?.makes === before?.makes]).toEqual([before?.version, false]);
  });

  it('asks a C++ compiler for what it makes of C++', async () => {
    install('g++');
    const own = new OwnCompilers(() => now, folder);
    const both = [await own.of(job('gcc'), { call, launcher }), await own.of(job('g++'), { call, launcher })];
    expect(both[0]?.makes).not.toBe(both[1]?.makes);
    expect(asked).toContain('-print-prog-name=cc1plus');
  });

  it('knows nothing of another program, nor when the launcher ends, and then asks the next one', async () => {
    install('true');
    const own = new OwnCompilers(() => now, folder);
    expect(await own.of(job(), { call, launcher })).toBeUndefined();
    install('gcc');
    now += 10_000;
    gone = true;
    expect(await own.of(job(), { call, launcher })).toBeUndefined();
    gone = false;
    expect((await own.of(job(), { call, launcher }))?.version).toMatch(/GCC|clang/);
  });

  it('lets a job that waits ask itself when the launcher that asks ends', async () => {
    install('gcc');
    const own = new OwnCompilers(() => now, folder);
    let end = (): void => {};
    const leaves = {
      ...launcher,
      probe: () => new Promise<never>((_, reject) => (end = () => reject(new Error('gone')))),
    };
    const first = own.of(job(), { call, launcher: leaves });
    const others = [1, 2].map(() => own.of(job(), { call, launcher }));
    await Promise.resolve();
    end();
    expect(await first).toBe(undefined);
    expect((await Promise.all(others)).map((found) => found?.version)).toEqual([
      expect.stringContaining('GCC: '),
      expect.stringContaining('GCC: '),
    ]);
    expect(asked.filter((word) => word === '-dumpmachine')).toHaveLength(1);
  });
});
