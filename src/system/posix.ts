import { createRequire } from 'node:module';
import type { Posix } from 'posix-node';

/**
 * The system calls that Node lacks, from posix-node's native module. It exists for Linux and macOS only: elsewhere each function
 * is absent, and whoever needs one asks for it and has another way.
 */
export const posix: Posix = load();

function load(): Posix {
  try {
    // Not an import: the module is native, stays outside the bundle, and may be missing on this system.
    const loaded: unknown = createRequire(__filename)('posix-node');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's own types describe its default export
    return (loaded as { default: Posix }).default;
  } catch {
    return {};
  }
}
