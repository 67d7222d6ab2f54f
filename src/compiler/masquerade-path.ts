/** How a link to distcc was called, and what the search for the real compiler asks. */
export interface MasqueradeCall {
  /** The name as the shell gave it: `gcc`, `/usr/lib/distcc/gcc`. */
  readonly invokedAs: string;
  /** The current directory, absolute. */
  readonly directory: string;
  /** Whether a path names an executable file. */
  isExecutable(path: string): boolean;
}

/** The absolute directory of a name with a slash: `./` left out and `x/../` folded, links not followed. */
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
 * PATH behind the directory that distcc was found in under the compiler's name, so that the same name finds the compiler; `undefined` when
 * that directory is not on PATH or nothing follows it (client-arguments reference, section 1). Further entries of the same directory go too.
 */
export function pathBehindMasquerade(path: string, call: MasqueradeCall): string | undefined {
  const entries = path.split(':');
  const { invokedAs, directory } = call;
  const at = invokedAs.includes('/')
    ? entries.indexOf(directoryOf(invokedAs, directory))
    : entries.findIndex((entry) => call.isExecutable(`${entry === '' ? '.' : entry}/${invokedAs}`));
  if (at === -1) return undefined;
  const rest = entries.slice(at + 1).filter((entry) => entry !== entries[at]);
  return rest.length === 0 ? undefined : rest.join(':');
}
