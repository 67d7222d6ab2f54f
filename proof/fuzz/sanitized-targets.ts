import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCarry, encodeKeep, encodeMore } from '../../src/wire/agent/carry.ts';
import { encodeCommand } from '../../src/wire/agent/command.ts';
import {
  encodeAppend,
  encodeLook,
  encodeRead,
  encodeSave,
  encodeSaveAnswer,
  encodeSendText,
  encodeWrite,
  saveFlags,
} from '../../src/wire/agent/file.ts';
import { encodeFrame, kinds } from '../../src/wire/agent/frame.ts';
import { encodeFetch, encodeFollow, encodePaths, encodeCheckOutput, encodeStamp } from '../../src/wire/agent/inputs.ts';
import { expectThat, inputOf, textsOf } from './target.ts';
import type { Target } from './target.ts';

const sanitizers = ['-std=gnu11', '-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const sanitizerOptions = { ASAN_OPTIONS: 'detect_leaks=0:exitcode=99:allocator_may_return_null=1' };
const complaint = /Sanitizer|runtime error/;

const command = { number: 0, argv: ['/bin/true', 'word'], changes: ['NEW=1', 'GONE'], source: 'a.c', output: 'a.o' };
const carrying = {
  connectMs: 100,
  idleMs: 100,
  body: 'text',
  ending: 'object',
  token: 'DOTI',
  tells: true,
  head: Buffer.from('head'),
} as const;
const said: readonly [Buffer, ...Buffer[]] = [
  encodeWrite(2, Buffer.from('text\n')),
  encodeCommand('RUN', command),
  encodeCommand('PREPROCESS', { ...command, number: 7 }),
  encodeCommand('PROBE', command),
  encodeCommand('EXEC', { ...command, argv: ['/nowhere/gcc'] }),
  encodeCommand('EXEC', { ...command, argv: ['/nowhere/gcc'], number: 1 }),
  encodeCommand('TAKE', command),
  encodeFrame(kinds.SEND_TEXT),
  encodeFrame(kinds.SHOW),
  encodeFrame(kinds.PONG),
  encodeFrame(kinds.PRIVATE),
  encodeRead('/etc/passwd'),
  encodeRead('.'),
  encodeLook('/usr/bin:.', ['true', 'gcc']),
  encodeSave({ flags: 0, number: 1, path: 'a.o', bytes: Buffer.from('object') }),
  encodeSave({ flags: saveFlags.newName, number: 2, path: 'none/a.o', bytes: Buffer.from('object') }),
  encodeCarry({ ...carrying, way: { kind: 'tcp', addresses: ['127.0.0.1'], port: 1 } }),
  encodeCarry({ ...carrying, way: { kind: 'tcp', addresses: ['127.0.0.9', 'fe80::1%lo'], port: 1 }, body: 'kept' }),
  encodeCarry({ ...carrying, way: { kind: 'ssh', command: ['/bin/cat', '-'] } }),
  encodeCarry({ ...carrying, way: { kind: 'ssh', command: ['/bin/sleep', '9'] }, body: 'kept' }),
  encodeCarry({ ...carrying, way: { kind: 'ssh', command: ['/nowhere/ssh'] }, body: 'kept' }),
  encodeCarry({
    ...carrying,
    way: { kind: 'ssh', command: ['/bin/echo', 'NEED00000000'] },
    body: 'none',
    ending: 'dependencies',
  }),
  encodeMore(Buffer.from('more')),
  encodeStamp(encodePaths(['/etc/passwd', '/none', '', '/proc/self/status'])),
  encodeFetch(['/etc/hostname', '/none', '/proc/self/status', '.']),
  encodeFollow(['/proc/self/exe', '/bin', 'none']),
  encodeCheckOutput('a.c', 'none/a.o'),
  encodeSendText('messages'),
  encodeKeep(Buffer.from('body')),
  encodeSaveAnswer({ flags: 0, number: 3, path: 'b.o' }, { at: 0, length: 100 }),
  encodeSendText('answer'),
  encodeSendText('remarks'),
  encodeAppend('log', Buffer.from('line\n')),
  encodeAppend('a'.repeat(5000), Buffer.from('line\n')),
  encodeRead('b/'.repeat(3000)),
  encodeSave({ flags: saveFlags.newName, number: 1, path: 'c'.repeat(9000), bytes: Buffer.from('object') }),
  encodeFrame(kinds.GO_ON),
];

/** Never a message that says how to end, and no word that the launcher would become. */
function harmless(input: Buffer): Buffer {
  const bytes = Buffer.from(input);
  for (const [at, byte] of bytes.entries()) if (byte === kinds.EXIT) bytes[at] = 0;
  return bytes;
}

/**
 * What an agent says to the launcher, which is built with sanitizers: whatever that is, the launcher then
 * becomes the compiler, which ends with 42 here.
 */
export async function launcherTarget(top: string): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-launcher-'));
  const [work, own, scripts] = ['work', 'own', 'scripts'].map((name) => join(folder, name)) as [string, string, string];
  for (const each of [work, own, scripts]) mkdirSync(each);
  mkdirSync(join(own, 'agent'), { mode: 0o700 });
  const script = (path: string, text: string): void => {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };
  script(join(scripts, 'gcc'), '#!/bin/sh\nexit 42\n');
  // Its own agent is one that ends at once.
  script(join(folder, 'distcc-agent'), '#!/bin/false\n');
  const sources = readdirSync(join(top, 'src/launcher')).filter((name) => name.endsWith('.c'));
  const defined = ['-DAGENT_VERSION="fuzz"', '-DNODE="/bin/false"'];
  const program = join(folder, 'distcc');
  const files = sources.map((name) => join(top, 'src/launcher', name));
  execFileSync('cc', [...sanitizers, ...defined, ...files, '-o', program]);
  let answer: Buffer = Buffer.alloc(0);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    socket.end(answer);
  });
  server.listen(join(own, 'agent', 'fuzz'));
  await once(server, 'listening');
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:_?DISTCC|UNCACHED_ERR_FD)/.test(name));
  const environment = {
    ...Object.fromEntries(kept),
    ...sanitizerOptions,
    DISTCC_DIR: own,
    TMPDIR: folder,
    PATH: `${scripts}:${process.env['PATH'] ?? ''}`,
  };
  return {
    name: 'launcher',
    seeds: said,
    dictionary: ['\0', '\u0001\0\0\0', '\u00ff\u00ff\u00ff\u00ff', 'gcc', 'a.o', '../a.o', '/'],
    async read(input) {
      answer = harmless(input);
      const child = spawn(program, ['gcc', '-c', 'a.c'], {
        cwd: work,
        env: environment,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')));
      await once(child, 'close');
      const { exitCode, signalCode } = child;
      expectThat(!complaint.test(stderr), `the sanitizers are silent: ${stderr}`);
      // A changed bit makes "start it" a "become it": then it ends as that program does.
      const becomes = /\/bin|true/.test(answer.toString('latin1'));
      const well = signalCode === null && (exitCode === 42 || becomes);
      expectThat(well, `the compiler's turn comes, not status ${exitCode} or signal ${signalCode}: ${stderr}`);
      return `${exitCode} ${stderr.replaceAll(/\d+/g, '#').slice(0, 60)}`;
    },
    close() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One word in quotes, as systemd reads it: nothing in it is a specifier, and none of its quotes ends it. */
const oneQuoted = /^"(?:[^"\\%]|\\.|%%)*"$/s;
/** The same, as the only word of a command, where `$` would be a variable. */
const oneEcho = /^\/usr\/bin\/echo "(?:[^"\\%$]|\\.|%%|\$\$)*"$/s;

/** The files of settings in /etc/default, as the generator of drop-ins reads them, which is built with sanitizers. */
export function settingsFileTarget(top: string): Target {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-settings-'));
  const [defaults, out, program] = ['default', 'out', 'generator'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [defaults, out]) mkdirSync(each);
  const source = join(top, 'packaging/systemd/distccd-generator.c');
  execFileSync('cc', [...sanitizers, source, '-o', program]);
  const known = new Set(
    [...readFileSync(source, 'utf8').matchAll(/(?:\\n|\b)([A-Z][A-Za-z0-9]+)=/g)].map((match) => match[1]),
  );
  const isOwnLine = (line: string): boolean => {
    if (line === '' || line.startsWith('#') || /^\[\w+\]$/.test(line)) return true;
    const [, key, value = ''] = /^([A-Za-z0-9]+)=(.*)$/s.exec(line) ?? [];
    if (key === 'Environment') return oneQuoted.test(value);
    if (key === 'ExecStartPre') return value === '/usr/bin/false' || oneEcho.test(value);
    return key !== undefined && known.has(key) && key !== 'User' && key !== 'ExecStart';
  };
  return {
    name: 'settings-file',
    seeds: [
      inputOf('ALLOWEDNETS="127.0.0.1 192.168.1.0/24"\nPORT=3633\nJOBS="4"\n', 'NICE="10"\nZEROCONF="true"\n'),
      inputOf('LISTENER=\'::1 10.0.0.1\'\nPERMIT_OPTIONS="-fstack-usage -fplugin="\n', '# none\n'),
      inputOf('DISTCCD_OPTIONS="--job-lifetime 60 --log-level info"\nexport JOBS=2; PORT=1\n', 'STARTDISTCC=no\n'),
    ],
    dictionary: [
      '"',
      "'",
      '\\',
      '\n',
      '\\\n',
      '$(id)',
      '${X}',
      '`id`',
      '%h',
      ' ',
      '=',
      '#',
      ';',
      '/',
      '::1',
      '99999',
      '\nExecStart=/bin/sh',
      '\nUser=root',
      '\t',
      '\0',
      '--allow',
      '[Service]',
    ],
    read(input) {
      const [ours = '', debian = ''] = textsOf(input);
      writeFileSync(join(defaults, 'distccd'), ours);
      writeFileSync(join(defaults, 'distcc'), debian);
      rmSync(out, { recursive: true });
      mkdirSync(out);
      const environment = { PATH: process.env['PATH'], ...sanitizerOptions };
      const { status, stderr } = spawnSync(program, [out, out, out, defaults], {
        env: environment,
        encoding: 'latin1',
      });
      expectThat(!complaint.test(stderr) && status === 0, `it ends well, not with ${status}: ${stderr}`);
      const texts = readdirSync(out, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.conf'))
        .map((name) => readFileSync(join(out, name), 'latin1'));
      for (const line of texts.join('\n').split('\n'))
        expectThat(isOwnLine(line), `a drop-in's line: ${JSON.stringify(line)}`);
      const keys = texts.join('\n').match(/^[A-Za-z0-9]+=| --[a-z-]+|\\.|%%/gm) ?? [];
      return `${keys.join('').slice(0, 400)} ${stderr.replaceAll(/"[^"]*"|\d+/g, '#').slice(0, 80)}`;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
