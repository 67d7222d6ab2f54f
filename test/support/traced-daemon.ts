import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../scripts/free-port.mjs';
import { distccdProgram, makeMasquerade, makeOpenFolder, until } from './daemon.ts';
import { converse } from './wire-client.ts';
import { folderInRoot } from '../../src/system/fence/private-root.ts';
import { encodeRequest } from '../../src/wire/request.ts';

/** What a compiler and the programs that it starts asked the kernel for. */
export interface Deeds {
  /** Whether the server refused the job: then nothing was started. */
  readonly refused: boolean;
  /** Whether the compiler ended with 0. */
  readonly compiled: boolean;
  /** The whole answer, where the compiler's messages are. */
  readonly answer: string;
  readonly read: readonly string[];
  readonly written: readonly string[];
  readonly executed: readonly string[];
}

/** A daemon whose compilers are watched by strace. */
export interface TracedDaemon {
  compile(argv: readonly string[], source: string): Promise<Deeds>;
  end(): Promise<void>;
}

const calls =
  'execve,execveat,open,openat,openat2,creat,rename,renameat,renameat2,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,link,linkat,unlink,unlinkat,truncate,connect';

const writes = /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/;

interface Call {
  readonly pid: string;
  readonly name: string;
  readonly rest: string;
}

function readCall(line: string): Call | undefined {
  const [, pid = '', name = '', rest = ''] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
  return name === '' ? undefined : { pid, name, rest };
}

/** The paths of a call: each string, below the directory that it is relative to. */
function pathsOf({ rest }: Call, folder: string): string[] {
  return [...rest.matchAll(/(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g)].map(([, from, path = '']) =>
    resolve(from ?? folder, path),
  );
}

function readDeeds(text: string, daemon: ReadonlySet<string>): Omit<Deeds, 'refused' | 'compiled' | 'answer'> {
  const deeds = { read: new Set<string>(), written: new Set<string>(), executed: new Set<string>() };
  const begun = new Set<string>();
  for (const line of text.split('\n')) {
    const call = readCall(line);
    // The threads of the daemon itself, which write the source and read the object.
    if (call === undefined || daemon.has(call.pid)) continue;
    const paths = pathsOf(call, folderInRoot);
    // The daemon's child opens the files for what the compiler says before it becomes the fence.
    if (!begun.has(call.pid) && /^\/proc\/self\/fd\/\d+$/.test(paths[0] ?? '')) continue;
    if (call.name.startsWith('exec')) begun.add(call.pid);
    if (call.name.startsWith('exec')) deeds.executed.add(paths[0] ?? '');
    // O_PATH gives no access to contents: with it the fence looks at what it will forbid.
    else if (call.name.startsWith('open') && call.rest.includes('O_PATH')) continue;
    else if (call.name.startsWith('open') && !writes.test(call.rest)) deeds.read.add(paths[0] ?? '');
    else if (call.name === 'connect') deeds.written.add(call.rest);
    else for (const path of paths) deeds.written.add(path);
  }
  return { read: [...deeds.read], written: [...deeds.written], executed: [...deeds.executed] };
}

/** A log that grows: what came since the last look. */
class Growing {
  readonly #descriptor: number;
  #at = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
  }

  more(): string {
    const bytes = Buffer.alloc(fstatSync(this.#descriptor).size - this.#at);
    this.#at += readSync(this.#descriptor, bytes, 0, bytes.length, this.#at);
    return bytes.toString('latin1');
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The threads of a process. */
function threadsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/^(\d+) /gm)].map(([, pid = '']) => pid));
}

/** strace ends with the daemon, and ignores signals itself. */
async function stop(strace: ChildProcess, daemon: number): Promise<void> {
  if (strace.exitCode !== null || strace.signalCode !== null) return;
  process.kill(daemon, 'SIGTERM');
  await once(strace, 'exit');
}

/** Starts distccd under strace on a free port of this machine. */
export async function startTracedDaemon(
  compilers: readonly string[],
  options: readonly string[] = [],
): Promise<TracedDaemon> {
  const top = mkdtempSync(join(tmpdir(), 'traced-'));
  const spool = makeOpenFolder(top, 'tmp');
  const masks = makeMasquerade(top, compilers);
  const log = join(top, 'strace');
  const port = await freePort();
  const words = [
    '--daemon',
    '--no-detach',
    '--log-file',
    join(spool, 'log'),
    '--port',
    String(port),
    '--listen',
    '127.0.0.1',
  ];
  words.push('--log-level', 'info', '--allow', '127.0.0.1', '--masquerade-dir', masks, ...options);
  const traced = ['-f', '-qq', '-y', '-s', '4096', '-e', `trace=${calls}`, '-e', 'signal=none', '-o', log];
  const child = spawn('strace', ['--seccomp-bpf', ...traced, process.execPath, distccdProgram, ...words], {
    stdio: 'ignore',
    env: { PATH: '/usr/bin:/bin', TMPDIR: spool, LC_ALL: 'C.UTF-8' },
  });
  await until(
    () => existsSync(join(spool, 'log')) && readFileSync(join(spool, 'log'), 'utf8').includes('listening on'),
    'the daemon listens',
  );
  const growing = new Growing(log);
  const daemon = threadsOf(growing.more());
  const known = new Set<string>();
  /** Waits until the daemon has found out what a compiler is, which is not the deed of a job. */
  const settle = async (compiler: string): Promise<void> => {
    if (known.has(compiler)) return;
    known.add(compiler);
    const said = `the compiler "${compiler}" `;
    await until(() => readFileSync(join(spool, 'log'), 'utf8').includes(said), said);
    growing.more();
  };
  return {
    async compile(argv, source) {
      const answer = await converse(port, encodeRequest({ version: 1, argv, source: Buffer.from(source) }));
      const refused = answer.includes('distccd: ') && answer.includes('STAT00007100');
      const deeds = readDeeds(growing.more(), daemon);
      await settle(argv[0] ?? '');
      return { refused, compiled: answer.includes('STAT00000000'), answer: answer.toString(), ...deeds };
    },
    async end() {
      growing.close();
      await stop(child, Number([...daemon][0]));
      rmSync(top, { recursive: true, force: true });
    },
  };
}
