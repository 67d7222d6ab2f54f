import { readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { resolve } from 'node:path';
import { hostTriple } from '../config/version.ts';
import { isExecutable, pathDirectories } from '../system/path-search.ts';
import type { ToolFinder } from './world.ts';

/**
 * This machine as its compilers spell it: Debian's leave out the vendor, FreeBSD's name the release, without which they would compile
 * for another one.
 */
export function compilerTriple(arch: string, platform: string, systemRelease: string): string {
  const triple = hostTriple(arch, platform).replace('-pc-', '-');
  return platform === 'freebsd' ? triple + (/^\d+\.\d+/.exec(systemRelease)?.[0] ?? '') : triple;
}

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** The compilers of this machine, for a process that works in `directory`. */
export function toolsIn(directory: string): ToolFinder {
  return {
    isExecutable: (path) => isExecutable(resolve(directory, path)),
    compilerNames: (environment) => ({
      triple: compilerTriple(process.arch, process.platform, release()),
      find: (name) =>
        pathDirectories(environment['PATH'], directory)
          .filter((folder) => !folder.includes('distcc'))
          .map((folder) => `${folder}/${name}`)
          .find(isExecutable),
      linkText,
    }),
  };
}
