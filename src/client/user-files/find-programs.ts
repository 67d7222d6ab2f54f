import { realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProgramFile } from '../../compiler/command/cross-names.ts';
import { isExecutable, pathDirectories } from '../../system/files/path-search.ts';

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
