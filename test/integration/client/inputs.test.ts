import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { answer, startFakeServer } from './fake-server.ts';
import { distccProgram, Sandbox } from './sandbox.ts';
import { startStockDaemon, stockDaemonProgram } from './stock-daemon.ts';

const compilers = ['gcc', 'g++', 'clang', 'clang++'].filter((name) => needs(name, name));

describe.skipIf(!needs('gcc', 'gcc'))('distcc with a distccd that compiles from inputs', () => {
  let daemon: TestDaemon;
  let box: Sandbox;
  let host: string;

  beforeAll(async () => {
    const triple = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
    const names = compilers.flatMap((name) => [name, `${triple}-${name}`]);
    daemon = await startDaemon({ compilers: ['cc', ...names] });
    host = `127.0.0.1:${daemon.port}`;
  });
  afterAll(async () => {
    await daemon.end();
  });
  beforeEach(() => {
    box = new Sandbox({ agent: true });
  });
  afterEach(() => box.remove());

  const log = (): string => (existsSync(join(box.top, 'log')) ? readFileSync(join(box.top, 'log'), 'utf8') : '');

  /** Runs the client; how it did the job is in `how`. */
  async function remote(words: readonly string[], more: NodeJS.ProcessEnv = {}, program = distccProgram) {
    rmSync(join(box.top, 'log'), { force: true });
    const logging = { DISTCC_VERBOSE: '1', DISTCC_LOG: join(box.top, 'log') };
    const result = await box.run(words, { DISTCC_HOSTS: host, ...logging, ...more }, { program });
    const how = /compiled from \d+ inputs/.test(log())
      ? 'from inputs'
      : / bytes from .* compiled on /.test(log())
        ? 'preprocessed'
        : 'here';
    return { ...result, how };
  }

  /** The agent asks a host for more than distcc's protocol once it has offered that, after an answer. */
  async function meet(): Promise<void> {
    box.write('first.c', 'int first;\n');
    expect(await remote(['gcc', '-c', 'first.c'])).toMatchObject({ status: 0, how: 'preprocessed', stderr: '' });
  }

  /** What a compile here makes of the same words, with the files that it leaves. */
  function local(words: readonly string[], files: readonly string[]) {
    const [program = '', ...rest] = words;
    const { status, stderr } = spawnSync(program, rest, { cwd: box.work, env: box.environment({}) });
    const made = files.map((name) => {
      const bytes = box.has(name) ? box.read(name) : undefined;
      rmSync(box.path(name), { force: true });
      return bytes;
    });
    return { status, stderr: stderr.toString(), made };
  }

  /** Compiles a source here and there, and expects the same. */
  async function expectSame(words: readonly string[], files: readonly string[]): Promise<void> {
    const here = local(words, files);
    const there = await remote(words);
    expect({ status: there.status, stderr: there.stderr, how: there.how }).toEqual({
      status: here.status,
      stderr: here.stderr,
      how: 'from inputs',
    });
    for (const [at, name] of files.entries())
      expect([name, box.has(name) && here.made[at]?.equals(box.read(name))]).toEqual([name, true]);
  }

  it.each(compilers)(
    'makes the object, the messages and the dependency file of a compile here with %s',
    async (compiler) => {
      await meet();
      const source = compiler.endsWith('++') ? 'src/a.cc' : 'src/a.c';
      box.write('include/own.h', '#define TWICE(x) ((x) + (x))\nstatic inline int own(int x) { return TWICE(x); }\n');
      box.write(
        source,
        '#include <assert.h>\n#include <stdio.h>\n#include "own.h"\nint f(int x) { int unused; assert(x); return own(x); }\n',
      );
      const words = [compiler, '-g', '-O1', '-Wall', '-MD', '-Iinclude', '-c', source, '-o', 'a.o'];
      await expectSame(words, ['a.o', 'a.d']);
      await expectSame(words, ['a.o', 'a.d']);
    },
  );

  it.each(compilers)('brings the dependency file that a word for the preprocessor names, with %s', async (compiler) => {
    await meet();
    const source = compiler.endsWith('++') ? 'src/a.cc' : 'src/a.c';
    box.write('include/own.h', 'static inline int own(int x) { return x; }\n');
    box.write(source, '#include <stdio.h>\n#include <own.h>\nint f(int x) { return own(x); }\n');
    mkdirSync(box.path('out'));
    const words = (more: string) => [compiler, '-isystem', 'include', ...more.split(' '), '-c', source];
    // gcc names the target by the source here, clang by the output.
    await expectSame([...words('-g -Wp,-MD,out/.a.o.d'), '-o', 'out/a.o'], ['out/a.o', 'out/.a.o.d']);
    await expectSame([...words('-Wp,-MMD,out/.a.o.d'), '-o', 'out/a.o'], ['out/a.o', 'out/.a.o.d']);
    await expectSame([...words('-Wp,-MMD,a.dep -MT one -MQ two$ -MP'), '-o', 'out/a.o'], ['out/a.o', 'a.dep']);
    await expectSame(words('-Wp,-MD,a.dep'), ['a.o', 'a.dep']);
  });

  it.each(compilers)('answers macros that ask whether a header is there as here, with %s', async (compiler) => {
    await meet();
    const source = compiler.endsWith('++') ? 'src/a.cc' : 'src/a.c';
    box.write(
      'include/base.h',
      '#ifdef __has_include\n#define LIB_HAS(x) __has_include(x)\n#else\n#define LIB_HAS(x) 0\n#endif\n' +
        '#define LIB_HAS_OWN(x) LIB_HAS(<own/x.h>)\n#define LIB_HAS_NEAR LIB_HAS("near.h")\n',
    );
    for (const name of ['include/own/one.h', 'src/near.h', 'include/only.h']) box.write(name, '');
    const asks = ['LIB_HAS(<only.h>)', 'LIB_HAS("lacking.h")', 'LIB_HAS_OWN(one)', 'LIB_HAS_OWN(two)', 'LIB_HAS_NEAR'];
    const lines = asks.map((ask, at) => `#if ${ask}\nint there_${at};\n#else\nint lacking_${at};\n#endif\n`);
    box.write(source, `#include <base.h>\n${lines.join('')}`);
    const words = [compiler, '-Wall', '-g', '-MD', '-Iinclude', '-c', source, '-o', 'a.o'];
    await expectSame(words, ['a.o', 'a.d']);
    const names = execFileSync('nm', [(await remote(words), box.path('a.o'))], { encoding: 'utf8' });
    expect(names.match(/\w+_\d$/gm)?.sort()).toEqual(['lacking_1', 'lacking_3', 'there_0', 'there_2', 'there_4']);
    box.write('include/own/two.h', '');
    await expectSame(words, ['a.o', 'a.d']);
  });

  it('needs no preprocessor here', async () => {
    await meet();
    box.write('a.c', '#include <stdio.h>\nint f(void) { return puts("f"); }\n');
    await expectSame(['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'], ['a.o']);
    expect(log()).not.toMatch(/preprocess|cpp /);
  });

  describe('sees each change before the next job:', () => {
    const words = ['gcc', '-g', '-Ifirst', '-Isecond', '-c', 'a.c', '-o', 'a.o'];
    beforeEach(async () => {
      box.write('second/own.h', 'int own = 1;\n');
      mkdirSync(box.path('first'));
      box.write('a.c', '#include <own.h>\n#if __has_include(<later.h>)\nint later = 1;\n#endif\n');
      // What is younger than 2 s is read again for each job.
      const past = new Date(Date.now() - 60_000);
      for (const name of ['second/own.h', 'a.c', 'first', 'second']) utimesSync(box.path(name), past, past);
      await meet();
      await expectSame(words, ['a.o']);
      await expectSame(words, ['a.o']);
    });
    const same = (): Promise<void> => expectSame(words, ['a.o']);

    it('an edit', async () => {
      box.write('second/own.h', 'int own = 1, more = 2;\n');
      await same();
    });

    it('an edit of the same size, whose time is set back', async () => {
      const { mtime } = statSync(box.path('second/own.h'));
      box.write('second/own.h', 'int own = 2;\n');
      utimesSync(box.path('second/own.h'), mtime, mtime);
      await same();
      // And one more within the same tick of a coarse clock.
      box.write('second/own.h', 'int own = 3;\n');
      await same();
    });

    it('another file with that name', async () => {
      box.write('other.h', 'int own = 4;\n');
      renameSync(box.path('other.h'), box.path('second/own.h'));
      await same();
    });

    it('a later time of a header that has the content of another one', async () => {
      box.write('a.c', '#include <own.h>\n#include <copy.h>\n');
      box.write('second/own.h', '#pragma once\nextern int own;\n');
      box.write('second/copy.h', '#pragma once\nextern int own;\n');
      await same();
      for (const seconds of [1e9, 1.1e9]) {
        utimesSync(box.path('second/own.h'), seconds, seconds);
        await same();
      }
    });

    it('a header earlier in the search path', async () => {
      box.write('first/own.h', 'int own = 5;\n');
      await same();
      unlinkSync(box.path('first/own.h'));
      await same();
    });

    it('a header that is gone', async () => {
      unlinkSync(box.path('second/own.h'));
      const here = local(words, ['a.o']);
      const there = await remote(words);
      expect([there.status, there.stderr.includes('own.h: No such file or directory')]).toEqual([here.status, true]);
      box.write('second/own.h', 'int own = 6;\n');
      await same();
    });

    it('a header that __has_include finds now', async () => {
      box.write('second/later.h', '');
      await same();
      unlinkSync(box.path('second/later.h'));
      await same();
    });

    it('a link that leads elsewhere', async () => {
      box.write('one/own.h', 'int own = 7;\n');
      box.write('two/own.h', 'int own = 8;\n');
      symlinkSync('../one/own.h', box.path('first/own.h'));
      await same();
      unlinkSync(box.path('first/own.h'));
      symlinkSync('../two/own.h', box.path('first/own.h'));
      await same();
    });

    it('a directory that becomes a link', async () => {
      rmSync(box.path('first'), { recursive: true });
      box.write('third/own.h', 'int own = 9;\n');
      symlinkSync('third', box.path('first'));
      await same();
    });
  });

  it.each<readonly [string, readonly string[], NodeJS.ProcessEnv]>([
    ['__TIME__', ['time.c'], {}],
    ['.incbin', ['bin.c'], {}],
    ['DISTCC_PREPROCESS=here', ['a.c'], { DISTCC_PREPROCESS: 'here' }],
    ['COMPILER_PATH', ['a.c'], { COMPILER_PATH: '/nowhere' }],
    ['-Wp, with more than a file', ['-Wp,-MD,a.dep,-MP', 'a.c'], {}],
    ['two dependency files', ['-Wp,-MD,a.dep', '-MD', 'a.c'], {}],
  ])('preprocesses here what cannot be compiled from inputs: %s', async (_what, words, variables) => {
    await meet();
    box.write('a.c', 'int a;\n');
    box.write('time.c', 'char time[] = __TIME__;\n');
    box.write('bin.c', 'asm(".incbin \\"a.c\\"");\n');
    const { status, how } = await remote(['gcc', '-c', ...words, '-o', 'a.o'], variables);
    expect({ status, how: how === 'from inputs' }).toEqual({ status: 0, how: false });
  });

  it('compiles in the root directory, which no host has to be told of', async () => {
    await meet();
    const source = box.write('a.c', 'int a;\n');
    const [here, there] = [box.path('here.o'), box.path('there.o')];
    const inRoot = ['-g', '-MD', '-c', source.slice(1), '-o'];
    execFileSync('gcc', [...inRoot, here], { cwd: '/' });
    const words = ['-c', 'cd / && exec "$@"', 'sh', distccProgram, 'gcc', ...inRoot, there];
    // A host that took that for a malformed path would be given up after three.
    for (const _ of [1, 2, 3]) {
      const { status, stderr, how } = await remote(words, {}, 'sh');
      expect({ status, stderr, how }).toEqual({ status: 0, stderr: '', how: 'from inputs' });
      expect(box.read('there.o').equals(box.read('here.o'))).toBe(true);
    }
    await expectSame(['gcc', '-c', 'first.c', '-o', 'first.o'], ['first.o']);
  });

  it.each(compilers)('searches the root directory for headers with %s', async (compiler) => {
    await meet();
    const source = compiler.endsWith('++') ? 'a.cc' : 'a.c';
    const own = box.write('include/own.h', 'extern int own;\n').slice(1);
    box.write(
      source,
      `#include <${own}>\n#include <stddef.h>\n#include <usr/include/string.h>\n#include "etc/../${own}"\n#if __has_include(<none.h>)\n#error\n#endif\n`,
    );
    for (const option of ['-I/', '-isystem/', '-iquote/ -I//', '-idirafter / -I/.', '-I/usr/..']) {
      const words = [compiler, '-g', '-MD', '-Wall', ...option.split(' '), '-c', source, '-o', 'a.o'];
      await expectSame(words, ['a.o', 'a.d']);
    }
  });

  it.each(compilers)('sends headers and links whose names are not UTF-8, with %s', async (compiler) => {
    await meet();
    const at = (name: string): Buffer => Buffer.from(box.path(name), 'latin1');
    mkdirSync(at('caf\xe9'));
    writeFileSync(at('caf\xe9/\xff.h'), 'extern int one;\n');
    writeFileSync(at('caf\xe9/twin.h'), 'extern int one;\n');
    symlinkSync(Buffer.from('\xff.h', 'latin1'), at('caf\xe9/l\xe4nk.h'));
    const source = compiler.endsWith('++') ? 'a.cc' : 'a.c';
    const names = ['\xff.h', 'l\xe4nk.h', 'twin.h'].map((name) => `#include "caf\xe9/${name}"\n`);
    const text = `${names.join('')}#if __has_include("caf\xe9/n\xe4h.h")\n#error\n#endif\n`;
    writeFileSync(box.path(source), Buffer.from(text, 'latin1'));
    await expectSame([compiler, '-g', '-MD', '-Wall', '-c', source, '-o', 'a.o'], ['a.o', 'a.d']);
    writeFileSync(at('caf\xe9/\xff.h'), 'extern int one, two;\n');
    await expectSame([compiler, '-g', '-MD', '-Wall', '-c', source, '-o', 'a.o'], ['a.o', 'a.d']);
  });

  it('does not write over an input', async () => {
    await meet();
    box.write('a.c', 'int a;\n');
    execFileSync('ln', ['a.c', 'twin.o'], { cwd: box.work });
    const { how } = await remote(['gcc', '-c', 'a.c', '-o', 'twin.o']);
    expect(how).toBe('here');
  });

  it('tells an error once, and trusts the scan of the next source', async () => {
    await meet();
    box.write('bad.c', '#include <stdio.h>\nint f(void) { return missing_name; }\n');
    const { status, stderr } = await remote(['gcc', '-c', 'bad.c']);
    expect([status, stderr.match(/error: .missing_name. undeclared/g)?.length]).toEqual([1, 1]);
    await expectSame(['gcc', '-c', 'first.c', '-o', 'first.o'], ['first.o']);
  });

  it('counts warnings as errors as here', async () => {
    await meet();
    box.write('own.h', '#define FALL __attribute__((unused)) int unused\n');
    box.write(
      'a.c',
      '#include "own.h"\nint f(int x) {\n  switch (x) {\n  case 1: x = 2; /* falls through */\n  default: x = 3;\n  }\n  FALL;\n  return x;\n}\n',
    );
    await expectSame(['gcc', '-Wall', '-Wextra', '-Werror', '-c', 'a.c', '-o', 'a.o'], ['a.o']);
  });

  it('verifies on demand', async () => {
    await meet();
    box.write('a.c', 'int a;\n');
    const { status, stderr } = await remote(['gcc', '-g', '-MD', '-c', 'a.c', '-o', 'a.o'], { DISTCC_VERIFY: '1' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(log()).toContain('compiled from its inputs on');
    expect(log()).toContain('the same as here');
    expect([box.has('a.o'), box.has('a.d')]).toEqual([true, true]);
  });

  it('sends the preprocessed text that a host before this one has failed with, when it cannot send the inputs', async () => {
    await meet();
    const broken = await startFakeServer(() => Buffer.from('nonsense'));
    // Whether all that it reads is known is only found out when a host that takes inputs is reached.
    box.write('a.c', '#define has __has_include\n#if has(<stdio.h>)\nint a(void) { return 42; }\n#endif\n');
    const words = ['gcc', '-c', 'a.c', '-o', 'a.o'];
    const here = local(words, ['a.o']);
    try {
      const hosts = { DISTCC_HOSTS: `${broken.host} ${host}` };
      expect(await remote(words, hosts)).toMatchObject({ status: 0, how: 'preprocessed' });
    } finally {
      await broken.end();
    }
    expect(log()).toMatch(/is preprocessed here: /);
    expect(here.made[0]?.equals(box.read('a.o'))).toBe(true);
  });

  it('takes everything back for a host that has been restarted', async () => {
    const own = await startDaemon({ compilers: ['gcc', 'x86_64-linux-gnu-gcc'] });
    const words = ['gcc', '-c', 'a.c', '-o', 'a.o'];
    box.write('a.c', '#include <stdio.h>\nint a;\n');
    const hosts = { DISTCC_HOSTS: `127.0.0.1:${own.port}` };
    try {
      for (const how of ['preprocessed', 'from inputs'])
        expect(await remote(words, hosts)).toMatchObject({ status: 0, how });
    } finally {
      await own.end();
    }
    const next = await startDaemon({
      compilers: ['gcc', 'x86_64-linux-gnu-gcc'],
      options: ['--allow', '127.0.0.1', '--port', String(own.port)],
    });
    try {
      expect(await remote(words, hosts)).toMatchObject({ status: 0, how: 'from inputs', stderr: '' });
    } finally {
      await next.end();
    }
  });

  it.runIf(needs(stockDaemonProgram, 'distcc'))(
    'preprocesses for a stock server, and for one that has replaced ours',
    async () => {
      const stock = await startStockDaemon();
      const hosts = { DISTCC_HOSTS: `127.0.0.1:${stock.port}` };
      box.write('a.c', '#include <stdio.h>\nint a;\n');
      try {
        for (const _ of [1, 2]) {
          const { status, stderr, how } = await remote(['gcc', '-c', 'a.c', '-o', 'a.o'], hosts);
          expect({ status, stderr, how }).toEqual({ status: 0, stderr: '', how: 'preprocessed' });
        }
      } finally {
        await stock.end();
      }
    },
  );

  it.each(compilers)(
    'gives the verdict of a compile here to the first job of all where warnings are errors, with %s',
    async (compiler) => {
      const [source, text] = compiler.endsWith('++')
        ? ['a.cc', '#include <cstddef>\nint z = NULL;\n']
        : ['a.c', '#include <stddef.h>\n#define TWO(a) a; a\nvoid p(void);\nvoid q(int a) { if (a) TWO(p()); }\n'];
      box.write(source, text);
      const words = [compiler, '-Wall', '-Wextra', '-Werror', '-c', source, '-o', 'a.o'];
      const here = local(words, []);
      // clang knows only the first of both warnings.
      expect(here.status).toBe(compiler === 'clang' ? 0 : 1);
      for (const asks of [true, false]) {
        const { status, stderr, how } = await remote(words);
        expect({ status, stderr, how }).toEqual({ status: here.status, stderr: here.stderr, how: 'from inputs' });
        expect(log().includes('compiles one line, to tell what it takes')).toBe(asks);
      }
    },
  );

  it('asks a stock server once, by a job like any other, and only where warnings are errors', async () => {
    const stock = await startFakeServer(answer({}));
    const hosts = { DISTCC_HOSTS: stock.host };
    box.write('a.c', '#include <stdio.h>\nint a;\n');
    try {
      for (const more of [['-Werror'], ['-Werror=format'], []])
        expect(await remote(['gcc', ...more, '-c', 'a.c', '-o', 'a.o'], hosts)).toMatchObject({ how: 'preprocessed' });
    } finally {
      await stock.end();
    }
    const asked = stock.requests.map((request) => [
      request.argv.slice(1).join(' '),
      'source' in request && request.source.length > 20,
    ]);
    expect(asked).toEqual([
      ['-c asked.c -o asked.o', false],
      ['-Werror -c a.c -o a.o', true],
      ['-Werror=format -c a.c -o a.o', true],
      ['-c a.c -o a.o', true],
    ]);
  });

  it('asks a server once by one line, while its first job is there, before others are preprocessed', async () => {
    const good = answer({});
    const stock = await startFakeServer((request) => (request.argv.includes('first.c') ? undefined : good(request)));
    const hosts = { DISTCC_HOSTS: `${stock.host}/4` };
    for (const name of ['first.c', 'a.c', 'b.c']) box.write(name, 'int a;\n');
    const first = remote(['gcc', '-c', 'first.c', '-o', 'first.o'], hosts);
    try {
      while (stock.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      for (const name of ['a', 'b'])
        expect(await remote(['gcc', '-c', `${name}.c`, '-o', `${name}.o`], hosts)).toMatchObject({
          how: 'preprocessed',
        });
    } finally {
      await stock.end();
    }
    expect(await first).toMatchObject({ status: 0 });
    expect(stock.requests.map(({ argv }) => argv.slice(1).join(' '))).toEqual([
      '-c first.c -o first.o',
      '-c asked.c -o asked.o',
      '-c a.c -o a.o',
      '-c b.c -o b.o',
    ]);
  });

  it('tells which results a host had kept, in its status and its summary', async () => {
    const options = ['--allow', '127.0.0.1', '--result-cache', '100M'];
    const keeping = await startDaemon({ compilers: ['gcc', 'x86_64-linux-gnu-gcc'], options });
    const hosts = { DISTCC_HOSTS: `127.0.0.1:${keeping.port}` };
    try {
      box.write('first.c', 'int first;\n');
      box.write('a.c', '#include <stdio.h>\nint a;\n');
      const compile = async (name: string) => remote(['gcc', '-c', name, '-o', 'a.o'], hosts);
      expect(await compile('first.c')).toMatchObject({ status: 0, how: 'preprocessed' });
      expect(await compile('a.c')).toMatchObject({ status: 0, how: 'from inputs' });
      const object = box.read('a.o');
      // It keeps a result after the client has it.
      const counted = async (): Promise<number> => {
        expect(await compile('a.c')).toMatchObject({ status: 0, how: 'from inputs' });
        const { stdout } = await box.run(['--summary', '--json'], {});
        return (JSON.parse(stdout) as { results: number }[])[0]?.results ?? 0;
      };
      for (let tries = 0; (await counted()) === 0 && tries < 20;) tries += 1;
      expect(box.read('a.o').equals(object)).toBe(true);
      for (const question of ['--summary', '--agent-status'])
        expect((await box.run([question], {})).stdout).toMatch(
          /sent to hosts: \d+ sources \([1-9]\d* got kept results\), 1 pre/,
        );
    } finally {
      await keeping.end();
    }
  });

  it('shows in its status how jobs were sent', async () => {
    await meet();
    await remote(['gcc', '-c', 'first.c']);
    box.write('time.c', 'char time[] = __TIME__;\n');
    await remote(['gcc', '-c', 'time.c']);
    const { stdout } = await box.run(['--agent-status'], {});
    expect(stdout).toContain('sent to hosts: 1 sources, 2 preprocessed here\n');
    expect(stdout).toMatch(/ +1 {2}.*__TIME__/);
  });
});
