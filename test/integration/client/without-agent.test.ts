import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { distccProgram, Sandbox } from './sandbox.ts';
import type { Result } from './sandbox.ts';

const able = process.platform === 'linux' && needs('gcc', 'gcc');

/** Why there is neither an agent nor one of the launcher's own: what sh does before it becomes the launcher. */
const reasons = [
  ['no program beside it', ''],
  ['descriptors that are used up', 'ulimit -n 10'],
  ['memory that is too little', 'ulimit -v 150000'],
  ['a program beside it that ends at once', 'beside "exit 1"'],
  ['a program beside it that cannot be run', 'beside "exit 0"; chmod 600 "$FOLDER/distcc-agent"'],
  ['a program beside it that is another one', 'beside "echo hello >&3; cat"'],
] as const;

describe.skipIf(!able)('the launcher without an agent, and without one of its own', () => {
  let box: Sandbox;
  let program: string;

  beforeEach(() => {
    box = new Sandbox({ agent: true });
    program = join(box.top, 'elsewhere', 'distcc');
    mkdirSync(dirname(program));
    copyFileSync(distccProgram, program);
    chmodSync(program, 0o755);
    box.write('a.c', 'int x;\n');
  });
  afterEach(() => box.remove());

  /** Runs a copy of the launcher, which has only this around it. */
  function run(preparation: string, words: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Result> {
    const beside = `beside() { printf '%s\\n' "$1" >"$FOLDER/distcc-agent"; chmod 755 "$FOLDER/distcc-agent"; }`;
    const script = `${beside}; ${preparation}\nexec "$0" "$@"`;
    const environment = { FOLDER: dirname(program), DISTCC_HOSTS: '127.0.0.1:9', ...more };
    return box.run(['-c', script, program, ...words], environment, { program: 'sh' });
  }

  const sentence =
    /^distcc\[\d+\] running locally: neither an agent nor one of its own could be started, or it ended in the middle of the job\n/;

  describe.each(reasons)('by %s', (_case, preparation) => {
    it('becomes the compiler, with its status and its words, and says nothing', async () => {
      // Not one of sh, which takes more descriptors.
      const folder = box.script('gcc', '');
      writeFileSync(join(folder, 'gcc'), '#!/usr/bin/perl\nprint "out @ARGV\\n"; print STDERR "err\\n"; exit 37;\n');
      const path = `${folder}:${process.env['PATH']}`;
      const words = ['gcc', '-c', 'a.c', '-DNAME=ä b', ''];
      const result = await run(preparation, words, { PATH: path });
      expect(result).toEqual({ status: 37, signal: null, stdout: 'out -c a.c -DNAME=ä b \n', stderr: 'err\n' });
      expect(box.temporaries()).toEqual([]);
    });

    it('says one sentence with DISTCC_VERBOSE', async () => {
      const result = await run(preparation, ['gcc', '-c', 'a.c', '-o', 'a.o'], { DISTCC_VERBOSE: '1' });
      expect({ ...result, stderr: result.stderr.replace(sentence, 'said\n') }).toEqual({
        status: 0,
        signal: null,
        stdout: '',
        stderr: 'said\n',
      });
      expect(box.has('a.o')).toBe(true);
    });
  });

  it('takes the same word for the compiler as with an agent', async () => {
    chmodSync(box.path('a.c'), 0o755);
    const path = `${box.script('cc', 'echo "cc $*"')}:${process.env['PATH']}`;
    const commands = [
      ['-c', 'a.c'],
      ['./a.c', '-c'],
      ['a.o'],
      ['none.cc'],
      ['nosuchcc', '-c', 'a.c'],
      ['./none', 'a.c'],
    ];
    for (const words of commands) {
      const more = { PATH: path, DISTCC_HOSTS: 'localhost' };
      // A resident one would serve the copy too.
      const expected = await box.run(words, { ...more, DISTCC_AGENT: '0' });
      const { status, stdout, stderr } = await run('', words, more);
      expect([status, stdout, stderr.replace(/\d+/, 'N')]).toEqual([
        expected.status,
        expected.stdout,
        expected.stderr.replace(/\d+/, 'N'),
      ]);
    }
  });

  it('does not call itself for ever', async () => {
    const folder = box.script('gcc', `exec '${program}' gcc "$@"`);
    const path = `${folder}:${process.env['PATH']}`;
    const { status, stderr } = await run('', ['gcc', '-c', 'a.c'], { PATH: path });
    expect(status).toBe(111);
    expect(stderr.replace(/\d+/, 'N')).toBe('distcc[N] CRITICAL! distcc seems to have invoked itself recursively!\n');
  });

  it('runs the compiler that a link to it stands before', async () => {
    const { status, stderr } = await run(
      'mkdir masks; ln -s "$0" masks/gcc; PATH="$PWD/masks:$PATH"; gcc -c a.c -o a.o; exit',
      [],
    );
    expect([status, stderr, box.has('a.o')]).toEqual([0, '', true]);
  });
});
