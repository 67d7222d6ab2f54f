import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { errorCode, systemReason } from '../system/error-text.ts';
import { makeFolder } from '../system/files/make-folder.ts';

/** The administrator's list of names that get no link: one a line, `#` starts a comment. */
export interface UnwantedNames {
  readonly path: string;
  readonly lines: readonly string[];
}

/** The beginning of a new list. */
const heading = [
  '# Names that get no link from update-distcc-symlinks, one a line. Its --without adds one, --with takes one away.',
];

const nameIn = (line: string): string => line.replace(/#.*/, '').trim();

/** The names of a list. */
export const namesOf = ({ lines }: UnwantedNames): ReadonlySet<string> =>
  new Set(lines.map(nameIn).filter((name) => name !== ''));

/**
 * Reads a list; a missing one has no names.
 * @throws Failure (status 107) when it cannot be read, since it might hold any name
 */
export function readUnwantedNames(path: string): UnwantedNames {
  try {
    return { path, lines: readFileSync(path, 'utf8').replace(/\n$/, '').split('\n') };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { path, lines: [] };
    throw new Failure(
      exitStatus.inputOutput,
      `cannot read "${path}", the list of names that get no link: ${systemReason(error)}`,
      { cause: error },
    );
  }
}

/** The list with some names added and others removed. Other lines stay as they are. */
export function changeNames(
  list: UnwantedNames,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): UnwantedNames {
  const present = namesOf(list);
  const fresh = [...new Set(add)].filter((name) => !present.has(name));
  const kept = list.lines.filter((line) => !remove.includes(nameIn(line)));
  if (fresh.length === 0 && kept.length === list.lines.length) return list;
  return { path: list.path, lines: [...(kept.length === 0 ? heading : kept), ...fresh] };
}

/** Replaces a list in one operation: another reader sees the old list or the new one. @throws Failure (status 107) */
export function writeUnwantedNames({ path, lines }: UnwantedNames): void {
  const fresh = `${path}.${process.pid}`;
  try {
    makeFolder(dirname(path), 0o755);
    writeFileSync(fresh, `${lines.join('\n')}\n`, { mode: 0o644 });
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new Failure(exitStatus.inputOutput, `cannot write "${path}": ${systemReason(error)}: run it as root`, {
      cause: error,
    });
  }
}
