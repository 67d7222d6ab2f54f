import { realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProgramFile } from '../../compiler/command/cross-names.ts';
import { isExecutable, pathDirectories } from '../../system/files/path-search.ts';

/** Finds the programs of a name in PATH, for a process in `directory`, as a launcher does for the agent. */
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
