import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/free-port.mjs';
import { needs } from '../../support/needs.ts';
import { distccProgram, Sandbox } from './sandbox.ts';
import { startStockDaemon, stockDaemonProgram } from './stock-daemon.ts';
import type { StockDaemon } from './stock-daemon.ts';

const enabled = needs(stockDaemonProgram, 'distcc') && needs('gcc', 'gcc') && needs('g++', 'g++');

const cText = '#include <stdio.h>\n#include "own.h"\nint main(void) { printf("%d\\n", OWN); return 0; }\n';
const cppText =
  '#include <map>\n#include <string>\nstd::map<std::string, int> all;\nint f(const std::string &k) { return all.at(k); }\n';
const badText = 'int f(void) { return missing_name; }\n';
const faultyText = '#include "no-such-header.h"\nint f;\n';

describe.skipIf(!enabled)('distcc with a stock distccd', () => {
  let daemon: StockDaemon;
  let box: Sandbox;
  let host: string;

  beforeAll(async () => {
    daemon = await startStockDaemon();
    host = `127.0.0.1:${daemon.port}`;
  });
  afterAll(() => daemon.end());
  beforeEach(() => {
    box = new Sandbox();
    box.write('own.h', '#define OWN 42\n');
    box.write('a.c', cText);
    box.write('b.cc', cppText);
    box.write('bad.c', badText);
    box.write('faulty.c', faultyText);
  });
  afterEach(() => box.remove());

  it.each([
    ['C', '', ['gcc', '-O2', '-Wall', '-c', 'a.c'], 'a.o'],
    ['C with debug information', '', ['gcc', '-O2', '-g', '-c', 'a.c'], 'a.o'],
    ['C, compressed', ',lzo', ['gcc', '-O2', '-c', 'a.c', '-o', 'x.o'], 'x.o'],
    ['C to assembler', '', ['gcc', '-O1', '-S', 'a.c'], 'a.s'],
    ['C++', '', ['g++', '-O2', '-g', '-c', 'b.cc', '-ob.o'], 'b.o'],
    ['C++, compressed', ',lzo', ['g++', '-std=c++17', '-c', 'b.cc'], 'b.o'],
    ['what it takes for a profile', '', ['gcc', '-O2', '-fprofile-correction', '-c', 'a.c'], 'a.o'],
    ['what it takes for another language', '', ['gcc', '-x', 'c++', '-x', 'none', '-c', 'a.c'], 'a.o'],
    ['a source in another folder', ',lzo', ['gcc', '-g', '-I.', '-c', 'sub/dir/a.c', '-o', 'out/a.o'], 'out/a.o'],
  ])(
    'compiles %s into the bytes of a local compile, silently, and leaves nothing behind',
    async (_case, options, command, output) => {
      box.write('sub/dir/a.c', cText);
      box.write('out/keep', '');
      const source = command.find((word) => /\.cc?$/.test(word)) ?? '';
      const expected = command.includes('-g')
        ? box.localResultInTwoSteps(command, source, output)
        : box.localResult(command, output);
      const log = join(box.top, 'log');
      const result = await box.run(command, { DISTCC_HOSTS: host + options, DISTCC_LOG: log });
      expect(result).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
      expect(readFileSync(log, 'utf8')).toContain(`on ${host}${options} completed ok`);
      expect(box.read(output).equals(expected)).toBe(true);
      expect([box.temporaries(), box.states()]).toEqual([[], []]);
      expect(readdirSync(join(box.path(output), '..')).filter((name) => name.startsWith('.'))).toEqual([]);
      expect(box.locks()).toEqual(['cpu_localhost_0', `cpu_tcp_127.0.0.1_${daemon.port}_0`]);
    },
  );

  it.runIf(needs('clang', 'clang'))('compiles what it takes for an output and for a language', async () => {
    const command = [
      'clang',
      '-O2',
      '-mllvm',
      '-openmp-opt-disable',
      '-mllvm',
      '-x86-cmov-converter=false',
      '-c',
      'a.c',
    ];
    const expected = box.localResult(command, 'a.o');
    const result = await box.run(command, { DISTCC_HOSTS: host, DISTCC_FALLBACK: '0' });
    expect(result).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
    expect(box.read('a.o').equals(expected)).toBe(true);
  });

  it('is silent on success also without a log', async () => {
    const result = await box.run(['gcc', '-c', 'a.c'], { DISTCC_HOSTS: host });
    expect(result).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
  });

  it('shows the warnings of the compiler there', async () => {
    box.write('w.c', 'int f(void) { int unused; return 1; }\n');
    const result = await box.run(['gcc', '-Wall', '-c', 'w.c'], { DISTCC_HOSTS: host });
    expect(result.status).toBe(0);
    expect(result.stderr).toMatch(/^w\.c: In function.*\nw\.c:1:19: warning: unused variable/);
  });

  it('keeps the umask', async () => {
    const old = process.umask(0o002);
    try {
      await box.run(['gcc', '-c', 'a.c'], { DISTCC_HOSTS: host });
    } finally {
      process.umask(old);
    }
    expect(statSync(box.path('a.o')).mode & 0o777).toBe(0o664);
  });

  it.each(['', 'out/a.o'])('puts the dependency file where gcc puts it (-o "%s")', async (output) => {
    box.write('out/keep', '');
    box.write('sub/s.c', '#include "../own.h"\nint s = OWN;\n');
    const command = ['gcc', '-MD', '-c', 'sub/s.c', ...(output === '' ? [] : ['-o', output])];
    const [object, dependencies] = output === '' ? ['s.o', 's.d'] : ['out/a.o', 'out/a.d'];
    const expected = box.localResult(command, dependencies);
    const result = await box.run(command, { DISTCC_HOSTS: host, DISTCC_FALLBACK: '0' });
    expect(result).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
    expect(box.read(dependencies).toString()).toBe(expected.toString());
    expect(box.has(object)).toBe(true);
  });

  it('reports a compile error once more from here, as distcc says it', async () => {
    const result = await box.run(['gcc', '-c', 'bad.c'], { DISTCC_HOSTS: host });
    expect(result.status).toBe(1);
    expect(result.stderr.replaceAll(/distcc\[\d+\]/g, 'distcc')).toMatch(
      new RegExp(
        `^distcc ERROR: compile bad\\.c on ${host} failed\n` +
          `distcc Warning: remote compilation of 'bad\\.c' failed, retrying locally\n` +
          `distcc Warning: failed to distribute bad\\.c to ${host}, running locally instead\n` +
          `bad\\.c: In function[^]*distcc ERROR: compile bad\\.c on localhost failed\n$`,
      ),
    );
    expect(result.stderr.match(/error: /g)).toHaveLength(1);
    expect(box.has('bad.o')).toBe(false);
    expect(box.locks().filter((name) => name.startsWith('backoff'))).toEqual([]);
  });

  it.each(['DISTCC_SKIP_LOCAL_RETRY', 'DISTCC_FALLBACK'])(
    'compiles no second time with %s, and keeps the old object',
    async (name) => {
      box.write('bad.o', 'old');
      const result = await box.run(['gcc', '-c', 'bad.c'], { DISTCC_HOSTS: host, [name]: '0' });
      expect(result.status).toBe(1);
      expect(result.stderr).toContain(`ERROR: compile bad.c on ${host} failed`);
      expect(result.stderr).toContain('undeclared');
      expect(result.stderr.includes('fallbacks are disabled')).toBe(name === 'DISTCC_FALLBACK');
      expect(box.read('bad.o').toString()).toBe('old');
      expect(readdirSync(box.work).filter((file) => file.startsWith('.'))).toEqual([]);
    },
  );

  it("reports the preprocessor's error once, blames no host, and compiles nothing", async () => {
    box.write('faulty.o', 'old');
    const result = await box.run(['gcc', '-c', 'faulty.c'], { DISTCC_HOSTS: host });
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(
      /^faulty\.c:1:10: fatal error: no-such-header\.h: No such file[^]*compilation terminated\.\n$/,
    );
    expect(result.stderr).not.toContain('distcc');
    expect(box.locks().filter((name) => name.startsWith('backoff'))).toEqual([]);
    expect(box.read('faulty.o').toString()).toBe('old');
  });

  it('lets a dead host rest and uses the next', async () => {
    const dead = await freePort();
    const hosts = { DISTCC_HOSTS: `127.0.0.1:${dead} ${host}`, DISTCC_LOG: join(box.top, 'log') };
    await box.run(['gcc', '-c', 'a.c'], hosts);
    const first = readFileSync(hosts.DISTCC_LOG, 'utf8');
    expect(first).toContain(`ERROR: nonblocking connect to 127.0.0.1:${dead} failed: Connection refused`);
    expect(first).toContain(`compile a.c on ${host} completed ok`);
    expect(first).not.toContain('Warning');
    expect(box.locks()).toContain(`backoff_tcp_127.0.0.1_${dead}_0`);
    await box.run(['gcc', '-c', 'a.c'], hosts);
    expect(readFileSync(hosts.DISTCC_LOG, 'utf8').match(/nonblocking connect/g)).toHaveLength(1);
  });

  it('compiles here when all hosts are dead, unless that is forbidden', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const result = await box.run(['gcc', '-c', 'a.c'], { DISTCC_HOSTS: dead });
    expect(result.status).toBe(0);
    expect(result.stderr).toContain(`Warning: failed to distribute a.c to ${dead}, running locally instead`);
    expect(box.has('a.o')).toBe(true);
    const forbidden = await box.run(['gcc', '-c', 'a.c', '-o', 'b.o'], { DISTCC_HOSTS: dead, DISTCC_FALLBACK: '0' });
    expect(forbidden.status).toBe(116);
    expect(forbidden.stderr).toContain('ERROR: failed to distribute and fallbacks are disabled');
    expect(box.has('b.o')).toBe(false);
  });

  it('works under the name of a compiler, and finds the real one after the link', async () => {
    const links = join(box.top, 'links');
    execFileSync('mkdir', [links]);
    symlinkSync(distccProgram, join(links, 'gcc'));
    const path = `${links}:${process.env['PATH']}`;
    const log = join(box.top, 'log');
    const result = await box.run(
      ['-c', 'a.c'],
      { DISTCC_HOSTS: host, PATH: path, DISTCC_LOG: log },
      { program: join(links, 'gcc') },
    );
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(log, 'utf8')).toContain(`compile a.c on ${host} completed ok`);
    const explicit = await box.run(['gcc', '-c', 'a.c', '-o', 'c.o'], {
      DISTCC_HOSTS: host,
      PATH: path,
      DISTCC_VERBOSE: '1',
      DISTCC_NO_REWRITE_CROSS: '1',
    });
    expect(explicit.status).toBe(0);
    // The link is not run again on the way to the compiler.
    expect(explicit.stderr.match(/compiler name is/g)).toHaveLength(1);
    const linked = await box.run(
      ['a.o', '-o', 'a'],
      { DISTCC_HOSTS: host, PATH: path },
      { program: join(links, 'gcc') },
    );
    expect(linked).toMatchObject({ status: 0, stderr: '' });
    expect(execFileSync(box.path('a'), { encoding: 'utf8' })).toBe('42\n');
  });

  it('sends a source that is preprocessed already without running a preprocessor', async () => {
    execFileSync('gcc', ['-E', 'a.c', '-o', 'p.i'], { cwd: box.work });
    const expected = box.localResult(['gcc', '-c', 'p.i'], 'p.o');
    const result = await box.run(['gcc', '-c', 'p.i'], {
      DISTCC_HOSTS: host,
      DISTCC_FALLBACK: '0',
      DISTCC_VERBOSE: '1',
    });
    expect(result.status).toBe(0);
    expect(result.stderr).not.toContain('preprocessing');
    expect(box.read('p.o').equals(expected)).toBe(true);
  });

  it('writes into devices and fifos', async () => {
    const hosts = { DISTCC_HOSTS: host, DISTCC_FALLBACK: '0' };
    expect((await box.run(['gcc', '-c', 'a.c', '-o', '/dev/null'], hosts)).status).toBe(0);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    const expected = box.localResult(['gcc', '-c', 'a.c'], 'a.o');
    execFileSync('mkfifo', [box.path('fifo')]);
    const reading = readFile(box.path('fifo'));
    expect((await box.run(['gcc', '-c', 'a.c', '-o', 'fifo'], hosts)).status).toBe(0);
    expect((await reading).equals(expected)).toBe(true);
  });

  it('lets gcc complain about a directory that is missing', async () => {
    const result = await box.run(['gcc', '-c', 'a.c', '-o', 'none/a.o'], { DISTCC_HOSTS: host });
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('none/a.o: No such file or directory');
    expect(result.stderr).not.toContain('distcc');
    expect(box.has('none')).toBe(false);
  });

  it('keeps temporary files when the user wants them', async () => {
    await box.run(['gcc', '-c', 'a.c'], { DISTCC_HOSTS: host, DISTCC_SAVE_TEMPS: '1' });
    const names = box.temporaries().sort();
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/^distcc_[0-9a-f]{8}\.i$/);
    expect(names[1]).toMatch(/^distcc_server_stderr_[0-9a-f]{8}\.txt$/);
    expect(readFileSync(join(box.temporary, names[0] ?? ''), 'utf8')).toContain('int main(void)');
  });

  it.each(['gcc', 'clang'].filter((name) => needs(name, name)))(
    'writes the directory into an object of %s by the name in PWD, as a compile here does',
    async (compiler) => {
      box.write('real/a.c', 'int f(void) { return 1; }\n');
      symlinkSync('real', box.path('link'));
      const words = [compiler, '-g', '-c', 'a.c'].join(' ');
      const inLink = (before: string): readonly string[] => ['-c', `cd link && ${before} ${words}`, distccProgram];
      await box.run(inLink(''), {}, { program: '/bin/sh' });
      const named = (): (string | undefined)[] =>
        box
          .read('real/a.o')
          .toString('latin1')
          .match(/work\/(?:link|real)/g) ?? [];
      const expected = new Set(named());
      expect([...expected]).toEqual(['work/link']);
      const { status, stderr } = await box.run(inLink('"$0"'), { DISTCC_HOSTS: host }, { program: '/bin/sh' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(new Set(named())).toEqual(expected);
      // A name that is not right any more does not count.
      await box.run(inLink('PWD=/tmp "$0"'), { DISTCC_HOSTS: host }, { program: '/bin/sh' });
      expect(new Set(named())).toEqual(new Set(['work/real']));
    },
  );

  it('speaks through ssh', async () => {
    const folder = box.script(
      'fake-ssh',
      `echo "$@" >>"${box.top}/ssh-words"; shift 3; export TMPDIR=/tmp; exec /usr/bin/"$@"`,
    );
    const expected = box.localResult(['gcc', '-c', 'a.c'], 'a.o');
    const result = await box.run(['gcc', '-c', 'a.c'], {
      DISTCC_HOSTS: 'me@far.example,lzo',
      DISTCC_SSH: `${folder}/fake-ssh`,
      DISTCC_FALLBACK: '0',
    });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
    expect(readFileSync(`${box.top}/ssh-words`, 'utf8')).toBe(
      '-l me far.example distccd --inetd --enable-tcp-insecure\n',
    );
    expect(box.read('a.o').equals(expected)).toBe(true);
    expect(box.locks()).toContain('cpu_ssh_far.example_0');
  });
});
