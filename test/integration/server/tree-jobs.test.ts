import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import type { DaemonSetup, TestDaemon } from '../../support/daemon.ts';
import { inputsOf, TreeClient } from '../../support/tree-client.ts';
import type { ClientInput } from '../../support/tree-client.ts';

let top: string;
let project: string;
let inputs: readonly ClientInput[];
const argv = ['gcc', '-g', '-O2', '-Wall', '-MD', '-Iinc', '-c', 'main.c', '-o', 'main.o'];

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'tree-jobs-'));
  project = join(top, 'project');
  mkdirSync(join(project, 'inc'), { recursive: true });
  writeFileSync(join(project, 'inc/one.h'), '#pragma once\nint one(void);\n');
  writeFileSync(
    join(project, 'main.c'),
    '#include <stdio.h>\n#include "one.h"\nint main(void) { int x; return one(); }\n',
  );
  inputs = inputsOf(argv, project);
});
afterAll(() => rmSync(top, { recursive: true }));

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function start(setup: DaemonSetup = {}): Promise<TestDaemon> {
  const daemon = await startDaemon({ ...setup, options: ['--allow', '127.0.0.0/8', ...(setup.options ?? [])] });
  undo.push(() => daemon.end());
  return daemon;
}

describe('a tree job', () => {
  it("compiles a client's own files to what a compile there gives", async () => {
    const daemon = await start();
    const client = new TreeClient(daemon.port);
    const outcome = await client.run({ argv, directory: project, inputs });
    console.log(outcome, daemon.log());
    spawnSync('gcc', argv.slice(1), { cwd: project, env: { PATH: '/usr/bin:/bin', PWD: project } });
    expect(outcome.answer?.object.equals(readFileSync(join(project, 'main.o')))).toBe(true);
  });
});
