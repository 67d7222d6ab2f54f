import { realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { release } from 'node:os';
import type { ProgramFile } from '../../compiler/cross-names.ts';
import { hostTriple } from '../../config/version.ts';
import { isExecutable, pathDirectories } from '../../system/files/path-search.ts';

/**
 * A machine as its compilers spell it: Debian's leave out the vendor, FreeBSD's name the release, without which they would compile
 * for another one.
 */
export function compilerTriple(
  arch: string = process.arch,
  platform: string = process.platform,
  systemRelease = release(),
): string {
  const triple = hostTriple(arch, platform).replace('-pc-', '-');
  return platform === 'freebsd' ? triple + (/^\d+\.\d+/.exec(systemRelease)?.[0] ?? '') : triple;
}

/** The programs of a name on PATH, for a process that works in `directory`: what a launcher finds for the agent. */
export function programsIn(path: string | undefined, directory: string): (name: string) => ProgramFile[] {
  return (name) =>
    pathDirectories(path, directory).flatMap((folder, entry) => {
      const file = `${folder}/${name}`;
      if (!isExecutable(file)) return [];
      const { dev: device, ino: inode } = statSync(file);
      const real = realpathSync(file);
      return [{ entry, ours: basename(real) === 'distcc', device, inode, real }];
    });
}
