import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import { encodeRequest } from '../../../src/wire/request.ts';
import { readResponse } from '../../../src/wire/response.ts';
import type { CompileResponse } from '../../../src/wire/response.ts';
import { leftovers, startDaemon, until } from '../../support/daemon.ts';
import type { DaemonSetup, TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { converse } from '../../support/wire-client.ts';

const support = resolve(import.meta.dirname, '../../support');
const source = '#include <stdio.h>\nint twice(int x) { return printf("%d", 2 * x); }\n';

let place: string;
let programs: string;
let daemon: TestDaemon | undefined;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'fenced-'));
  programs = join(place, 'programs');
  mkdirSync(programs);
  for (const path of [place, programs]) chmodSync(path, 0o755);
});
afterEach(async () => daemon?.end());
afterAll(() => rmSync(place, { recursive: true }));

/** Makes a program of the daemon's search path, or elsewhere in the test's folder. */
function program(name: string, text: string, folder = programs): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o755);
}

async function compile(setup: DaemonSetup, argv: readonly string[], text: string | Buffer): Promise<CompileResponse> {
  daemon = await startDaemon({ path: programs, compilers: [argv[0] ?? ''], ...setup });
  const decoder = new Decoder(readResponse(1));
  decoder.feed(await converse(daemon.port, encodeRequest({ version: 1, argv, source: Buffer.from(text) })));
  if (decoder.result === undefined) throw new Error(`no answer: ${daemon.log()}`);
  return decoder.result.value;
}

/** What the compiler makes here of what a client would send. */
function local([name = '', ...options]: readonly string[]): { text: Buffer; object: Buffer } {
  const file = name === 'g++' ? 'twice.cc' : 'twice.c';
  writeFileSync(join(place, file), source);
  const text = execFileSync(name, [...options, '-E', file], { cwd: place });
  execFileSync(name, [...options, '-c', file, '-o', 'twice.o'], { cwd: place });
  return { text, object: readFileSync(join(place, 'twice.o')) };
}

describe('a compiler in the fence', () => {
  it.each([
    ['gcc', '-O2', '-g'],
    ['gcc', '-pipe', '-g3', '-O1'],
    ...(needs('g++', 'g++') ? [['g++', '-O2', '-g']] : []),
  ])('makes the object of a local compile: %s %s %s', async (...words) => {
    const { text, object } = local(words);
    const file = words[0] === 'g++' ? 'twice.cc' : 'twice.c';
    const answer = await compile({}, [...words, '-c', file, '-o', 'twice.o'], text);
    expect(answer).toMatchObject({ status: 0, stderr: Buffer.alloc(0) });
    // With -g3 only a local compile knows the macros.
    if (!words.includes('-g3')) expect(answer.object.equals(object)).toBe(true);
    for (const name of ['.job', 'spool']) expect(answer.object.includes(name)).toBe(false);
  });

  it.skipIf(!needs('clang', 'clang'))('makes the object of a local compile: clang -O2', async () => {
    const { text, object } = local(['clang', '-O2']);
    const answer = await compile({}, ['clang', '-O2', '-c', 'twice.c', '-o', 'twice.o'], text);
    expect(answer.stderr.toString()).toBe('');
    expect(answer.object.equals(object)).toBe(true);
  });

  it('may be a wrapper: of a shell around a toolchain elsewhere, of Python, of perl, or ccache', async () => {
    mkdirSync(join(place, 'cross/lib'), { recursive: true });
    writeFileSync(join(place, 'cross/lib/options'), '-O2\n');
    program('inner', '#!/bin/sh\nexec gcc $(cat "$(dirname "$0")/../lib/options") "$@"\n', join(place, 'cross/bin'));
    program('shellcc', `#!/bin/bash\nset -e\nexec "${join(place, 'cross/bin/inner')}" "$@"\n`);
    program(
      'pythoncc',
      '#!/usr/bin/python3\nimport subprocess, sys\nsys.exit(subprocess.run(["gcc", "-O2", *sys.argv[1:]]).returncode)\n',
    );
    program('perlcc', '#!/usr/bin/perl\nuse strict; use File::Basename;\nexec("gcc", "-O2", @ARGV);\n');
    const { text, object } = local(['gcc', '-O2']);
    const names = ['shellcc', 'perlcc'];
    if (needs('python3', 'python3')) names.push('pythoncc');
    if (needs('ccache', 'ccache')) {
      symlinkSync('/usr/bin/ccache', join(programs, 'gcc'));
      names.push('gcc');
    }
    for (const name of names) {
      const answer = await compile({}, [name, '-O2', '-c', 'twice.c', '-o', 'twice.o'], text);
      expect([name, answer.status, answer.stderr.toString()]).toEqual([name, 0, '']);
      expect(answer.object.equals(object)).toBe(true);
      await until(() => leftovers(daemon?.temporary ?? '').length === 0, 'nothing is left');
      await daemon?.end();
    }
    rmSync(join(programs, 'gcc'), { force: true });
  });

  it("keeps nothing in the account's own directories", async () => {
    const home = join(place, 'home');
    mkdirSync(home);
    chmodSync(home, 0o777);
    program(
      'keepcc',
      '#!/bin/sh\nfor at in "$HOME" "$XDG_CACHE_HOME" "$TMPDIR"; do echo x >"$at/kept"; done; ls; pwd\n',
    );
    const environment = { HOME: home, XDG_CACHE_HOME: home };
    for (const options of [[], ['--fence', 'none']]) {
      const { stdout } = await compile(
        { environment, options: ['--allow', '127.0.0.1', ...options] },
        ['keepcc', '-c', 'a.c'],
        'int x;',
      );
      expect(stdout.toString()).toMatch(/^a\.i\nkept\n\/.*\n$/);
      expect(execFileSync('ls', ['-A', home], { encoding: 'utf8' })).toBe('');
      await daemon?.end();
    }
  });

  it('has its folder removed, however deep and closed what it left there is', async () => {
    const nest = join(place, 'nest');
    execFileSync('gcc', ['-O', '-static', join(support, 'nest.c'), '-o', nest]);
    program('deepcc', `#!/bin/sh\nexec ${nest} 300\n`);
    chmodSync(nest, 0o755);
    const answer = await compile({}, ['deepcc', '-c', 'a.c'], 'int x;');
    expect(answer).toMatchObject({ status: 0, stderr: Buffer.alloc(0) });
    await until(() => leftovers(daemon?.temporary ?? '').length === 0, 'nothing is left');
  });
});
