import { createRequire } from 'node:module';
import type { Posix } from 'posix-node';

/** What the native module has beyond the types of posix-node. */
interface Native {
  getConstants?: () => Record<string, number>;
  _connect?: (socket: number, length: number, family: number, data: Buffer) => void;
}

const modules = createRequire(__filename);
const machines: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * The system calls that Node lacks, from posix-node's native module. It exists for Linux and macOS only: elsewhere each function
 * is absent, and whoever needs one asks for it and has another way.
 */
export const posix: Posix = load();

function load(): Posix {
  // Not an import: the module is native, stays outside the bundle, and may be missing on this system.
  try {
    if (process.platform === 'linux') return loadNative();
  } catch {
    // The package may have moved it; its own way takes 12 ms longer, of which every inetd's job would have its share.
  }
  try {
    const loaded: unknown = modules('posix-node');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's own types describe its default export
    return (loaded as { default: Posix }).default;
  } catch {
    return {};
  }
}

/** posix-node, as far as it is used here, without its tracing of calls, which loads a package of its own and writes to stderr when DEBUG says so. */
function loadNative(): Posix {
  const file = `posix-node/dist/${machines[process.arch] ?? process.arch}-linux-gnu.node`;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's own types describe it
  const native = modules(file) as Posix & Native;
  const { _posix_spawn: spawn, _execve: execve, _connect: connect } = native;
  const constants = native.getConstants?.();
  if (spawn === undefined || execve === undefined || connect === undefined || constants === undefined)
    throw new Error('another posix-node');
  return {
    ...native,
    constants,
    connect: (socket, { sa_len: length, sa_family: family, sa_data: data }) => connect(socket, length, family, data),
    posix_spawn: (...[path, actions, attributes, argv, environment]: SpawnWords) =>
      spawn(path, actions ?? [], attributes ?? {}, argv, textsOf(environment), false),
    execve: (path, argv, environment) => execve(path, argv, textsOf(environment)),
  };
}

type SpawnWords = Parameters<NonNullable<Posix['posix_spawn']>>;

/** An environment as NAME=value, from that or from an object. */
function textsOf(environment: SpawnWords[4]): string[] {
  if (!Array.isArray(environment)) return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return environment.map(String);
}
