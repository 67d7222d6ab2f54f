import type { Posix } from 'posix-node';
import { basename, dirname } from 'node:path';
import type { SystemCalls } from './posix.ts';

/** Functions of the native module that posix-node's types lack. */
interface Native {
  readonly _connect?: (socket: number, length: number, family: number, data: Buffer) => void;
}

const AF_UNIX = 1;
/**
 * The longest name for connect(2): posix-node always passes a plain struct sockaddr, which must hold the name and its
 * NUL.
 */
const nameLength = 13;

const machines: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Connects by a short name, from within the socket's directory. */
function connectShort(connect: NonNullable<Native['_connect']>, socket: number, path: Buffer): void {
  const name = Buffer.from(`${basename(path.toString())}\0`);
  if (name.length > nameLength + 1) throw new Error('a name that is too long for posix-node');
  const here = process.cwd();
  try {
    process.chdir(dirname(path.toString()));
    connect(socket, name.length + 2, AF_UNIX, name);
  } finally {
    process.chdir(here);
  }
}

/**
 * The system calls from the native module of posix-node, which npm installs ready to use, for a build without a C
 * compiler. The module is loaded directly, since the package's tracing of calls costs 12 ms at each start.
 * @param load Node's require
 * @throws Error where there is no such module
 */
export function posixNode(load: NodeJS.Require): Partial<SystemCalls> {
  const machine = machines[process.arch] ?? process.arch;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's own types describe it
  const native = load(`posix-node/dist/${machine}-linux-gnu.node`) as Posix & Native;
  const { _posix_spawn: spawn, _execve: execve, _connect: connect, getsockopt, setsockopt, waitpid } = native;
  if (spawn === undefined || execve === undefined || connect === undefined) throw new Error('another posix-node');
  const { dup, lockf, send, set_inheritable, setresgid, setresuid, socket } = native;
  return {
    connect: (descriptor, path) => connectShort(connect, descriptor, path),
    posix_spawn: (...[path, actions, attributes, argv, environment]: Parameters<SystemCalls['posix_spawn']>) =>
      spawn(path, [...actions], attributes, [...argv], [...environment], false),
    execve: (path, argv, environment) => void execve(path, [...argv], [...environment]),
    lockf: (descriptor, command) => lockf?.(descriptor, command, 0n),
    ...(dup && { dup }),
    ...(getsockopt && { getsockopt }),
    ...(setsockopt && { setsockopt }),
    ...(waitpid && { waitpid }),
    ...(send && { send }),
    ...(set_inheritable && { set_inheritable }),
    ...(setresgid && { setresgid }),
    ...(setresuid && { setresuid }),
    ...(socket && { socket }),
  };
}
