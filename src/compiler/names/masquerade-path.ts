/** A call of distcc through a link, with what the search for the real compiler needs. */
export interface MasqueradeCall {
  /** argv[0]: `gcc`, `/usr/lib/distcc/gcc`. */
  readonly invokedAs: string;
  /** The current directory, absolute. */
  readonly directory: string;
  /** The entry of PATH with the first program of that name. */
  readonly foundIn: number | undefined;
}

/** What is left of PATH. */
export interface ShortenedPath {
  readonly path: string;
  /** Whether an entry of the original PATH is left. */
  keeps(entry: number): boolean;
}

/** The absolute directory of a name with a slash. `./` and `x/../` are removed; links are not followed. */
function directoryOf(invokedAs: string, current: string): string {
  const given = invokedAs.slice(0, invokedAs.lastIndexOf('/'));
  const parts: string[] = [];
  for (const part of (invokedAs.startsWith('/') ? given : `${current}/${given}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/**
 * PATH after the directory that distcc was found in under the compiler's name, so that the same name finds the
 * compiler; `undefined` when that directory is not on PATH or nothing follows it (doc/distcc-behaviour.md, "Finding the
 * compiler"). All entries of that directory are removed.
 */
export function pathAfterMasquerade(path: string, call: MasqueradeCall): ShortenedPath | undefined {
  const entries = path.split(':');
  const { invokedAs, directory, foundIn } = call;
  const at = invokedAs.includes('/') ? entries.indexOf(directoryOf(invokedAs, directory)) : (foundIn ?? -1);
  if (at === -1) return undefined;
  const keeps = (entry: number): boolean => entry > at && entries[entry] !== entries[at];
  const rest = entries.filter((_, entry) => keeps(entry));
  return rest.length === 0 ? undefined : { path: rest.join(':'), keeps };
}
