import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { commands } from './both-ways-commands.ts';
import type { ShellCommand } from './both-ways-commands.ts';
import { distccProgram, Sandbox } from './sandbox.ts';

/** What a command did, as whoever ran it can see. */
interface Outcome {
  readonly status: number | null;
  /** Bytes, with one character for each. */
  readonly stdout: string;
  readonly stderr: string;
  /** Each file that is there afterwards: its name, kind, mode, and content. */
  readonly files: readonly string[];
}

function describeFile(path: Buffer): string {
  const { mode } = fs.lstatSync(path);
  if ((mode & fs.constants.S_IFMT) === fs.constants.S_IFLNK) return `link to ${fs.readlinkSync(path, 'latin1')}`;
  if ((mode & fs.constants.S_IFMT) !== fs.constants.S_IFREG) return mode.toString(8);
  const bytes = fs.readFileSync(path);
  // Short content stays readable for whoever looks for a difference.
  const content = bytes.length < 2000 ? bytes.toString('latin1') : createHash('sha256').update(bytes).digest('hex');
  return `${mode.toString(8)} ${content}`;
}

/** The names are bytes, so that Node's own reading of a folder will not do. */
function filesIn(folder: Buffer, name = ''): string[] {
  return fs.readdirSync(folder, { encoding: 'buffer', withFileTypes: true }).flatMap((entry) => {
    const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
    const full = `${name}/${entry.name.toString('latin1')}`;
    return [`${full} ${describeFile(path)}`, ...(entry.isDirectory() ? filesIn(path, full) : [])];
  });
}

const able = process.platform === 'linux' && needs('gcc', 'gcc') && needs('g++', 'g++');

describe.skipIf(!able)('distcc does as the compiler does', () => {
  let daemon: TestDaemon;
  let box: Sandbox;

  beforeAll(async () => {
    daemon = await startDaemon({ compilers: ['gcc', 'g++', 'x86_64-linux-gnu-gcc', 'x86_64-linux-gnu-g++'] });
    box = new Sandbox({ agent: true });
    fs.mkdirSync(join(box.top, 'masks'));
    fs.symlinkSync(distccProgram, join(box.top, 'masks/gcc'));
    fs.mkdirSync(join(box.top, 'nothing'));
  });
  afterAll(async () => {
    box.remove();
    await daemon.end();
  });
  beforeEach(() => {
    fs.rmSync(box.work, { recursive: true });
    fs.mkdirSync(box.work);
  });

  const compiled = (): number => daemon.log().match(/COMPILE_OK/g)?.length ?? 0;

  /** Runs a command's script in an empty folder, which is the same one for all ways. */
  function run({ files = {}, script }: ShellCommand, way: NodeJS.ProcessEnv): Outcome {
    fs.rmSync(box.work, { recursive: true });
    fs.mkdirSync(box.work);
    for (const [name, text] of Object.entries(files)) box.write(name, text);
    const more = { DISTCC_HOSTS: `127.0.0.1:${daemon.port}/4`, ...way };
    const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
      cwd: box.work,
      env: box.environment(more),
      encoding: 'latin1',
      maxBuffer: 64 * 1024 * 1024,
      timeout: 110_000,
    });
    return { status, stdout, stderr, files: filesIn(Buffer.from(box.work)).sort() };
  }

  const plainly = { CC: 'gcc', CXX: 'g++', MASKS: 'nothing', DISTCC: '' };
  const ours = { CC: `${distccProgram} gcc`, CXX: `${distccProgram} g++`, MASKS: 'masks', DISTCC: distccProgram };

  /** What distcc itself says of a compile that failed elsewhere. */
  const ownLines = /^distcc\[\d+\] .*\n/gm;

  it('in a DISTCC_DIR with bytes that are not UTF-8, which has its locks', async () => {
    const before = compiled();
    const script = `a=$(printf '\\344'); mkdir "$a"; DISTCC_DIR="$PWD/$a" $CC -c a.c; ls "$a/lock"`;
    const { status, stdout, stderr } = run({ title: '', script, files: { 'a.c': 'int a;\n' } }, ours);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^cpu_/m);
    await until(() => compiled() > before, 'the compile of the server');
  });

  describe.each([
    ['with a resident agent', { ...ours, DISTCC_AGENT: '1' }],
    ['with a private agent', { ...ours, DISTCC_AGENT: '0' }],
  ])('%s', (_case, way) => {
    it.each(commands.map((command) => [command.title, command] as const))('%s', async (_title, command) => {
      const plain = run(command, plainly);
      const before = compiled();
      const outcome = run(command, way);
      const stderr = command.speaks === true ? outcome.stderr.replaceAll(ownLines, '') : outcome.stderr;
      expect({ ...outcome, stderr }).toEqual(plain);
      // What fails from inputs is written by the compiler here alone.
      if (command.speaks === true && way.DISTCC_AGENT === '0') expect(outcome.stderr).toMatch(ownLines);
      const { remote: usual = 0, remoteFromInputs = usual } = command;
      const remote = way.DISTCC_AGENT === '1' ? remoteFromInputs : usual;
      await until(() => compiled() - before >= remote, `${remote} compiles of the server`);
      await until(() => box.states().length === 0, 'the job is not shown any more');
      expect([compiled() - before, box.temporaries()]).toEqual([remote, []]);
    });
  });
});
