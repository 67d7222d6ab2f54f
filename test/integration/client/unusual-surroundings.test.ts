import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { Sandbox } from './sandbox.ts';

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
  const words = (options: readonly string[]): string[] => [...options, '-c', 'a.c', '-o', 'a.o'];
  const wereInputs = (): boolean => /compiled from \d+ inputs/.test(log());

  function taken(): readonly (string | undefined)[] {
    return ['a.o', 'a.d', 'other'].map((name) => {
      const bytes = box.has(name) ? box.read(name).toString('latin1') : undefined;
      rmSync(box.path(name), { force: true });
      return bytes;
    });
  }

  async function remote(given: readonly string[], more: NodeJS.ProcessEnv = {}) {
    rmSync(join(box.top, 'log'), { force: true });
    const logging = { DISTCC_HOSTS: `127.0.0.1:${daemon.port}`, DISTCC_VERBOSE: '1', DISTCC_LOG: join(box.top, 'log') };
    const { status, stderr } = await box.run([compiler, ...given], { ...logging, ...more });
    return { status, stderr, made: taken() };
  }

  function local(given: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const { status, stderr } = spawnSync(compiler, given, {
      cwd: box.work,
      env: box.environment(more),
      encoding: 'utf8',
    });
    return { status, stderr, made: taken() };
  }

  /** Expects the same of a compile by a host, or here after all, as of the compiler alone. */
  async function expectSame(options: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<void> {
    expect(await remote(words(options), more)).toEqual(local(words(options), more));
  }

  it.each(['/', '/.', '/s/..', '//s/../', '/s/./../'])(
    'takes the name in PWD of its directory as it is: %s',
    async (end) => {
      box.write('a.c', 'int a;\n');
      mkdirSync(box.path('s'));
      const directory = `${box.work}${end}`;
      for (const _ of [1, 2, 3, 4]) {
        const { made } = await remote(words(['-g']), { PWD: directory });
        // Preprocessed text lacks the checksum of the source, which clang would put into the object.
        if (compiler === 'clang') expect(made[0]).toContain(`\0${directory}\0`);
        else expect(made).toEqual(local(words(['-g']), { PWD: directory }).made);
      }
      expect(wereInputs()).toBe(false);
      // The host is not to blame.
      await expectSame(['-g'], { PWD: box.work });
      expect(wereInputs()).toBe(true);
    },
  );

  it('reads what the assembler is told to read by a macro, as it is now', async () => {
    box.write('a.c', '#define STR(x) #x\n#if 0\n#include "gen.h"\n#endif\nasm(STR(.incbin "gen.h"));\n');
    box.write('gen.h', '// 1\n');
    await expectSame([]);
    box.write('gen.h', '// 2\n');
    await expectSame([]);
  });

  // clang compiles all these languages, and gcc may lack parts.
  const variables =
    compiler === 'clang'
      ? [
          ['OBJC_INCLUDE_PATH', 'a.m'] as const,
          ['OBJCPLUS_INCLUDE_PATH', 'a.mm'] as const,
          ['C_INCLUDE_PATH', 'a.c'] as const,
          ['CPLUS_INCLUDE_PATH', 'a.cc'] as const,
          ['CPATH', 'a.cc'] as const,
        ]
      : [];
  it.each(variables)('finds headers by %s, from inputs', async (variable, source) => {
    box.write(source, '#include <own.h>\nint a = OWN;\n');
    box.write('there/own.h', '#define OWN 1\n');
    const all = ['-MD', '-c', source, '-o', 'a.o'];
    const more = { [variable]: 'there' };
    // A command for which a host lacks something is preprocessed from then on.
    for (const _ of [1, 2]) expect(await remote(all, more)).toEqual(local(all, more));
    expect(wereInputs()).toBe(true);
  });

  it.each([
    ['GCC_EXTRA_DIAGNOSTIC_OUTPUT', 'fixits-v2'],
    ['CC_PRINT_HEADERS', '1'],
    ['CC_PRINT_OPTIONS', '1'],
    ['CC_LOG_DIAGNOSTICS', '1'],
  ])('says as much as it does with %s', async (variable, value) => {
    box.write('a.c', '#include "a.h"\nint f(unsigned number) { return numbr; }\n');
    box.write('a.h', '');
    await expectSame([], { [variable]: value });
    box.write('a.c', '#include "a.h"\nvoid f(void) { __builtin_printf("%d", 1L); }\n');
    await expectSame(['-Wall'], { [variable]: value });
    if (variable.startsWith('CC')) await expectSame([], { [variable]: value, [`${variable}_FILE`]: box.path('other') });
  });

  it('takes two names of one header for what it does', async () => {
    box.write('x/t.h', '#pragma once\nADD\n');
    mkdirSync(box.path('y'));
    linkSync(box.path('x/t.h'), box.path('y/t.h'));
    box.write('a.c', '#define ADD +1\nint x = 0\n#include "x/t.h"\n#include "y/t.h"\n;\n');
    await expectSame(['-MD']);
    await expectSame(['-MD']);
  });

  it.each(['#line 2 FILE', '#line LINE "named"'])('quotes the file that is named by %s', async (line) => {
    box.write('named', 'one\ntwo\nthree\n');
    const macros = '#define FILE "named"\n#define LINE 2\n';
    box.write('a.c', `${macros}${line}\nint f(void) { int unused; return 0; }\n`);
    await expectSame(['-Wall']);
  });

  it('begins lines of its own with the name that it was called by', async () => {
    box.write('a.c', 'int a;\n');
    const late = ['-c', 'a.c', '-o', 'a.o', '-x', 'c'];
    for (const options of [late, ['-fdiagnostics-color=always', ...late]]) {
      expect(await remote(options)).toEqual(local(options));
      expect(wereInputs()).toBe(true);
    }
  });

  it('preprocesses where it takes a precompiled header, from when that is there', async () => {
    const name = compiler === 'gcc' ? 'p.h.gch' : 'p.h.pch';
    box.write('p.h', '#ifndef P\n#define P 1\n#endif\n');
    box.write('a.c', compiler === 'gcc' ? '#include "p.h"\nint a = P;\n' : 'int a = P;\n');
    const options = compiler === 'gcc' ? [] : ['-include', 'p.h'];
    await expectSame(options);
    expect(wereInputs()).toBe(true);
    spawnSync(compiler, ['-x', 'c-header', 'p.h', '-o', name], { cwd: box.work });
    expect(box.has(name)).toBe(true);
    await expectSame(options);
    expect(wereInputs()).toBe(false);
    rmSync(box.path(name));
    await expectSame(options);
    expect(wereInputs()).toBe(true);
  });

  it('does with a file among the directories of headers', async () => {
    box.write('a.c', 'int a;\n');
    box.write('other.txt', '');
    await expectSame(['-Werror', '-Iother.txt']);
    await expectSame(['-Iother.txt']);
  });
});
