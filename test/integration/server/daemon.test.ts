import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Decoder } from '../../../src/wire/reading/decoder.ts';
import { encodeRequest, encodeRequestHead } from '../../../src/wire/request.ts';
import { readResponse } from '../../../src/wire/response.ts';
import type { CompileResponse } from '../../../src/wire/response.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { leftovers, makeOpenFolder, startDaemon, until } from '../../support/daemon.ts';
import type { DaemonSetup, TestDaemon } from '../../support/daemon.ts';
import { hasRoots } from '../../support/fence.ts';
import { pidsOf } from '../../support/running.ts';
import { connectTo, converse } from '../../support/wire-client.ts';

const source = Buffer.from('# 1 "hello.c"\nint hello(void) { return 42; }\n');
const gcc = ['gcc', '-O2', '-c', 'hello.c', '-o', 'hello.o'];

let daemon: TestDaemon;
let programs: string;

/** A compiler that does as it is told by a script; the daemon runs it as `fakecc`. */
function fakeCompiler(script: string): void {
  writeFileSync(join(programs, 'fakecc'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(programs, 'fakecc'), 0o755);
}

async function start(setup: DaemonSetup = {}): Promise<TestDaemon> {
  daemon = await startDaemon({ compilers: ['gcc', 'fakecc', 'gonecc'], path: programs, ...setup });
  return daemon;
}

async function compile(
  argv: readonly string[],
  { version = 1, text = source }: { version?: 1 | 2; text?: Buffer } = {},
) {
  const bytes = await converse(daemon.port, encodeRequest({ version, argv, source: text }));
  return parse(bytes, version);
}

function parse(bytes: Buffer, version: 1 | 2): CompileResponse {
  const decoder = new Decoder(readResponse(version));
  decoder.feed(bytes);
  decoder.end();
  if (decoder.result === undefined) throw new Error('no answer');
  return decoder.result.value;
}

/** What a refused client's user reads. */
async function refusalOf(argv: readonly string[]): Promise<string> {
  const bytes = await converse(daemon.port, encodeRequest({ version: 1, argv, source }));
  expect(() => parse(bytes, 1)).toThrow();
  return bytes.toString();
}

const localObject = (): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'local-'));
  writeFileSync(join(folder, 'hello.i'), source);
  execFileSync('gcc', ['-O2', '-c', 'hello.i', '-o', 'hello.o'], { cwd: folder });
  const object = readFileSync(join(folder, 'hello.o'));
  rmSync(folder, { recursive: true });
  return object;
};

beforeAll(() => {
  programs = mkdtempSync(join(tmpdir(), 'programs-'));
  chmodSync(programs, 0o755);
});
afterAll(() => rmSync(programs, { recursive: true }));
afterEach(() => daemon.end('SIGKILL'));

describe('a job', () => {
  it.each([1, 2] as const)(
    'compiles with protocol %i to the object of a local compile, and leaves nothing',
    async (version) => {
      await start();
      const response = await compile(gcc, { version });
      expect(response).toMatchObject({ version, status: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) });
      expect(response.object.equals(localObject())).toBe(true);
      await daemon.logs('COMPILE_OK exit:0 sig:0 core:0 ret:0');
      await daemon.logs(/client: 127\.0\.0\.1:\d+ COMPILE_OK exit:0 sig:0 core:0 ret:0 time:\d+ms gcc hello\.c\n/);
      await until(() => leftovers(daemon.temporary).length === 0, 'nothing is left');
    },
  );

  it('adds the missing -o and takes a joined one', async () => {
    await start();
    for (const argv of [
      ['gcc', '-O2', '-c', 'hello.c'],
      ['gcc', '-O2', '-ohello.o', '-c', 'dir/hello.c'],
    ]) {
      expect((await compile(argv)).object.equals(localObject())).toBe(true);
    }
  });

  it('answers a compile error with the status, the messages and no object', async () => {
    await start();
    const response = await compile(gcc, { text: Buffer.from('# 1 "hello.c"\nint broken(\n') });
    expect(response.status).toBe(exited(1));
    expect(response.stderr.toString()).toContain('hello.c:1:');
    expect(response.object.length).toBe(0);
    await daemon.logs(/ COMPILE_ERROR exit:1 sig:0 core:0 ret:0 time:\d+ms gcc hello\.c/);
  });

  it('answers a compiler that dies by a signal', async () => {
    fakeCompiler('kill -SEGV $$');
    await start();
    expect((await compile(['fakecc', '-c', 'a.c'])).status & 0x7f).toBe(11);
  });

  it('answers a compiler that is permitted but not there as distcc does', async () => {
    await start();
    const response = await compile(['gonecc', '-c', 'a.c']);
    expect(response.status).toBe(exited(110));
    expect(response.stderr.toString()).toContain('failed to exec gonecc: No such file or directory');
  });

  it('sends stdout and stderr apart, and an empty object when the compiler wrote none', async () => {
    fakeCompiler('echo out; echo err >&2');
    await start();
    expect(await compile(['fakecc', '-c', 'a.c'])).toMatchObject({
      status: 0,
      stdout: Buffer.from('out\n'),
      stderr: Buffer.from('err\n'),
      object: Buffer.alloc(0),
    });
  });

  it('gives the compiler an empty stdin, a clean environment and a private folder', async () => {
    fakeCompiler('pwd; wc -c; stat -c %a .; echo "TMPDIR=$TMPDIR"; env | cut -d= -f1 | sort | tr "\\n" " "; echo; ls');
    await start({ environment: { CPATH: '/evil', NOTIFY_SOCKET: '/x', DEPENDENCIES_OUTPUT: 'x', LC_ALL: 'C.UTF-8' } });
    const [directory = '', stdin, mode, temporary, ...rest] = (await compile(['fakecc', '-c', 'src/a.c'])).stdout
      .toString()
      .split('\n');
    expect([stdin, mode]).toEqual(['0', '700']);
    if (hasRoots()) expect([directory, temporary]).toEqual(['/.job', 'TMPDIR=/.job']);
    else expect(directory.startsWith(daemon.temporary)).toBe(true);
    expect(rest[0]).not.toMatch(/CPATH|NOTIFY_SOCKET|DEPENDENCIES_OUTPUT/);
    expect(rest[0]).toMatch(/LC_ALL .*PATH .*TMPDIR .*_DISTCC_SAFEGUARD/);
    expect(rest).toContain('a.i');
  });

  it('never links, whatever an option takes "-c" for', async () => {
    await start();
    expect(await refusalOf(['gcc', '-I', 'a.c', '-I', '-c', '-o', 'a.o'])).toContain('the option "a.c" is refused');
  });

  it('sends nothing but plain files that the compiler wrote', async () => {
    for (const script of ['ln -s /etc/hostname a.o', 'mkfifo a.o', 'mkdir a.o']) {
      fakeCompiler(script);
      await start();
      expect(await refusalOf(['fakecc', '-c', 'a.c'])).toContain('is not a plain file');
      await until(() => leftovers(daemon.temporary).length === 0, 'nothing is left');
      await daemon.end();
    }
  });

  it('gives hostile file names a harmless form', async () => {
    fakeCompiler('for word in "$@"; do echo "<$word>"; done; ls -A');
    await start();
    for (const name of ['../../escape.c', '/etc/passwd.c', '..c', `${'x'.repeat(300)}.c`, '.hidden.c']) {
      const { stdout, status } = await compile(['fakecc', '-c', name, '-o', '/tmp/out/../x.o']);
      expect(status).toBe(0);
      const words = [...stdout.toString().matchAll(/^<(.*)>$/gm)].map((match) => match[1] ?? '');
      expect(words).toHaveLength(6);
      expect(words.filter((word) => /[/@]/.test(word) || word.startsWith('.'))).toEqual([]);
    }
    await until(() => leftovers(daemon.temporary).length === 0, 'nothing is left');
  });
});

describe('a refusal says why, and the connection then ends as for any distcc', () => {
  it.each([
    ['a compiler that is not permitted', ['ls', '-c', 'a.c'], 'the compiler "ls" is not permitted here'],
    ['a relative compiler', ['./gcc', '-c', 'a.c'], 'the compiler "./gcc" is a relative path'],
    ['another program by absolute path', ['/bin/true/gcc', '-c', 'a.c'], 'is not the "gcc" of this server'],
    ['an option that loads code', ['gcc', '-fplugin=x.so', '-c', 'a.c'], 'the option "-fplugin=x.so" is refused'],
    [
      'words for the linker',
      ['gcc', '-I', '-c', 'a.c', '-c', '-o', 'a.o', '-Wl,-plugin,./a.i'],
      '"-Wl,-plugin,./a.i" is refused',
    ],
    ['words for the preprocessor', ['gcc', '-Wp,-fmodule-mapper=|touch x', '-c', 'a.c'], 'is refused'],
    ['a file of options', ['gcc', '@words', '-c', 'a.c'], 'the option "@words" is refused'],
    ['a command that is not a compile', ['gcc', 'a.c'], 'this server compiles only what can be distributed'],
  ])('%s', async (_name, argv, sentence) => {
    await start();
    const text = await refusalOf(argv);
    expect(text).toMatch(/^DONE00000001STAT00007100SERR/);
    expect(text.split(sentence)).toHaveLength(3);
    await daemon.logs(/ OTHER exit:0 sig:0 core:0 ret:0 /);
    await daemon.logs(sentence);
    await until(() => leftovers(daemon.temporary).length === 0, 'nothing is left');
  });

  it('a word that is not UTF-8', async () => {
    await start();
    const good = Buffer.concat(encodeRequest({ version: 1, argv: ['gcc', '-c', 'X.c'], source })).toString('latin1');
    const answer = await converse(daemon.port, [Buffer.from(good.replace('X.c', '\xe9.c'), 'latin1')]);
    expect(answer.toString()).toContain('a word of the command is not UTF-8');
  });

  it('files instead of preprocessed text', async () => {
    await start();
    const files = [{ name: '/src/a.c', kind: 'file', content: Buffer.from('int x;') }] as never;
    const request = encodeRequest({ version: 3, directory: '/src', argv: gcc, files });
    expect((await converse(daemon.port, request)).toString()).toContain('write the host without ",cpp"');
  });

  it('--permit-option permits one more option, and no longer one', async () => {
    await start({ options: ['--allow', '127.0.0.1', '--permit-option', '-fstack-usage'] });
    expect((await compile(['gcc', '--stack-usage', '-c', 'a.c'])).status).toBe(0);
    expect(await refusalOf(['gcc', '-fstack-usage=x', '-c', 'a.c'])).toContain('is refused');
  });

  it('--enable-tcp-insecure permits what would be refused', async () => {
    await start({ options: ['--allow', '127.0.0.1', '--enable-tcp-insecure'] });
    expect((await compile(['true', '-c', 'a.c'])).status).toBe(0);
    await daemon.logs('every client may run every program here');
  });
});

describe('bytes that are not a request', () => {
  it.each([
    ['another protocol', 'GET / HTTP/1.0\r\n\r\n', 'expected token "DIST"', 'REJ_BAD_REQ exit:0 sig:0 core:0 ret:109'],
    ['version 0', 'DIST00000000', 'version 0', 'REJ_BAD_REQ exit:0 sig:0 core:0 ret:109'],
    ['version 4', 'DIST00000004', 'version 4', 'REJ_BAD_REQ exit:0 sig:0 core:0 ret:109'],
    ['no arguments', 'DIST00000001ARGC00000000', 'ARGC', 'REJ_BAD_REQ exit:0 sig:0 core:0 ret:109'],
    ['too many arguments', 'DIST00000001ARGCffffffff', 'ARGC', 'REJ_BAD_REQ exit:0 sig:0 core:0 ret:109'],
    [
      'a NUL in an argument',
      'DIST00000001ARGC00000001ARGV00000003a\0b',
      'NUL',
      'REJ_BAD_REQ exit:0 sig:0 core:0 ret:109',
    ],
    ['a parameter that is not hexadecimal', 'DIST0x000001', 'DIST', 'REJ_BAD_REQ exit:0 sig:0 core:0 ret:109'],
  ])('%s: a closed connection and a reason in the log', async (_name, bytes, reason, summary) => {
    await start();
    expect(await converse(daemon.port, [bytes])).toHaveLength(0);
    await daemon.logs(summary);
    await daemon.logs(reason);
  });

  it('an unpackable body', async () => {
    await start();
    const head = encodeRequestHead({ version: 2, argv: gcc });
    const answer = await converse(daemon.port, [head, 'DOTI00000004', Buffer.from([0xff, 0xff, 0xff, 0xff])]);
    expect(answer.toString()).not.toContain('DOTO');
    await daemon.logs(/CLI_DISCONN exit:0 sig:0 core:0 ret:107/);
  });

  it('a body that ends early', async () => {
    await start();
    const { socket, answer } = await connectTo(daemon.port);
    socket.end(Buffer.concat([encodeRequestHead({ version: 1, argv: gcc }), Buffer.from('DOTI00000100abc')]));
    expect(await answer).toHaveLength(0);
    await daemon.logs(/ret:10[78] /);
    await daemon.logs('3 of the 256 bytes');
  });

  it('bytes after a request are ignored and logged', async () => {
    await start();
    const bytes = await converse(daemon.port, [...encodeRequest({ version: 1, argv: gcc, source }), 'more']);
    expect(parse(bytes, 1).status).toBe(0);
  });
});

describe('clients', () => {
  it('that are not allowed get a closed connection, and a line in the log', async () => {
    await start({ options: ['--allow', '127.0.0.2', '--allow', '10.0.0.0/8'] });
    expect(await converse(daemon.port, encodeRequest({ version: 1, argv: gcc, source }))).toHaveLength(0);
    await daemon.logs(/ERROR: connection from client '127\.0\.0\.1:\d+' denied by access list/);
    const { socket, answer } = await connectTo(daemon.port, '127.0.0.2');
    for (const chunk of encodeRequest({ version: 1, argv: gcc, source })) socket.write(chunk);
    expect(parse(await answer, 1).status).toBe(0);
  });

  it('that leave take their compiler with them, its children too', async () => {
    // No other process of this machine sleeps for that long.
    const sleep = `sleep 300.${process.pid}`;
    fakeCompiler(`${sleep} & wait`);
    await start();
    const { socket } = await connectTo(daemon.port);
    for (const chunk of encodeRequest({ version: 1, argv: ['fakecc', '-c', 'a.c'], source })) socket.write(chunk);
    const sleepers = (): number => pidsOf(...sleep.split(' ')).length;
    await until(() => sleepers() > 0, 'the compiler runs');
    socket.end();
    await until(() => sleepers() === 0, 'the compiler is gone');
    await daemon.logs(/CLI_DISCONN exit:0 sig:0 core:0 ret:107/);
    await until(() => leftovers(daemon.temporary).length === 0, 'nothing is left');
  });

  it('wait for a slot with --jobs 1, and all are served', async () => {
    // Inside a fence jobs see nothing of each other.
    const shared = makeOpenFolder(programs, 'shared');
    fakeCompiler(`cd ${shared}; [ -e busy ] && exit 9; touch busy; sleep 0.05; rm busy`);
    await start({ options: ['--allow', '127.0.0.1', '--jobs', '1', '--fence', 'none'] });
    const answers = await Promise.all(Array.from({ length: 8 }, () => compile(['fakecc', '-c', 'a.c'])));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 0));
  });

  it('whose job lives too long are told so', async () => {
    fakeCompiler('sleep 300');
    await start({ options: ['--allow', '127.0.0.1', '--job-lifetime', '1'] });
    const response = await compile(['fakecc', '-c', 'a.c']);
    expect(response.status).toBe(exited(118));
    expect(response.stderr.toString()).toContain('--job-lifetime');
    await daemon.logs(/COMPILE_TIMEOUT exit:0 sig:0 core:0 ret:118/);
  });
});

describe('signals', () => {
  it('SIGTERM takes no new connection, serves everybody who is there, and ends with 0', async () => {
    fakeCompiler('while ! [ -e ../../go ]; do sleep 0.02; done; echo done');
    await start({ options: ['--allow', '127.0.0.1', '--jobs', '1', '--fence', 'none'] });
    const running = compile(['fakecc', '-c', 'a.c']);
    await daemon.logs('exec ');
    const waiting = compile(['fakecc', '-c', 'b.c']);
    await daemon.logs('b.c');
    const request = Buffer.concat(encodeRequest({ version: 1, argv: ['fakecc', '-c', 'late.c'], source }));
    // Nothing is said of the silent one until it ends; it is there when one that came after it is.
    const silent = await connectTo(daemon.port);
    const late = await connectTo(daemon.port);
    late.socket.write(request.subarray(0, 20));
    await until(() => daemon.log().match(/connection from/g)?.length === 3, 'all are there');
    daemon.process.kill('SIGTERM');
    await daemon.logs('finishing 1 running and 1 waiting jobs');
    await expect(connectTo(daemon.port)).rejects.toThrow('ECONNREFUSED');
    writeFileSync(join(daemon.temporary, 'go'), '');
    expect((await running).stdout.toString()).toBe('done\n');
    expect((await waiting).stdout.toString()).toBe('done\n');
    late.socket.write(request.subarray(20));
    expect(parse(await late.answer, 1).stdout.toString()).toBe('done\n');
    // It has not said a word.
    expect(await silent.answer).toEqual(Buffer.alloc(0));
    await until(() => daemon.process.exitCode !== null, 'the daemon ended');
    expect(daemon.process.exitCode).toBe(0);
    expect(leftovers(daemon.temporary)).toEqual(['go']);
  });

  it('a second SIGTERM ends running jobs too', async () => {
    fakeCompiler('sleep 300');
    await start();
    const running = converse(daemon.port, encodeRequest({ version: 1, argv: ['fakecc', '-c', 'a.c'], source }));
    await daemon.logs('exec ');
    daemon.process.kill('SIGTERM');
    await daemon.logs('finishing 1 running');
    daemon.process.kill('SIGTERM');
    expect((await running).toString()).toContain('this server is stopping');
    await until(() => daemon.process.exitCode === 0, 'the daemon ended');
    await until(() => leftovers(daemon.temporary).length === 0, 'nothing is left');
  });

  it('SIGHUP reads the allow file again, and keeps the old list when the file is wrong', async () => {
    const file = join(programs, 'allow');
    writeFileSync(file, '127.0.0.1\n');
    await start({ options: ['--allow', `@${file}`] });
    expect((await compile(gcc)).status).toBe(0);
    writeFileSync(file, '127.0.0.9 # somebody else\n');
    daemon.process.kill('SIGHUP');
    await daemon.logs('serving 127.0.0.9/32');
    expect(await converse(daemon.port, encodeRequest({ version: 1, argv: gcc, source }))).toHaveLength(0);
    writeFileSync(file, 'bogus\n');
    daemon.process.kill('SIGHUP');
    await daemon.logs('cannot understand "bogus"');
    await daemon.logs('keeping what was in force');
    expect(await converse(daemon.port, ['x'])).toHaveLength(0);
    expect(daemon.process.exitCode).toBe(null);
  });
});
