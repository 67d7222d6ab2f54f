/**
 * Messages are English in UTF-8, whatever the locale of this server. They have names between ‘ and ’, which a client
 * can turn into ASCII quotes for its caller; the reverse would not be possible. On a system without this locale
 * compilers write ASCII.
 */
const messageLocale = 'C.UTF-8';

/** Variables that name a directory for a program's files. All get the job's folder, which is removed with the job. */
const placeNames = 'HOME TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR XDG_STATE_HOME'.split(' ');

/**
 * A new environment for compilers, as NAME=value: the search path, the language of messages, and `folder`, the job's
 * folder as its compiler sees it. Nothing is inherited from the daemon, because compilers obey dozens of variables:
 * CCC_OVERRIDE_OPTIONS adds options, COMPILER_PATH chooses programs, DEPENDENCIES_OUTPUT writes files. The guard
 * variable stops a distcc that was started as a compiler by mistake from calling itself.
 */
export function compilerEnvironment(own: NodeJS.ProcessEnv, searchPath: readonly string[], folder: string): string[] {
  const level = Number.parseInt(own['_DISTCC_SAFEGUARD'] ?? '0', 10);
  return Object.entries({
    PATH: searchPath.join(':'),
    LC_ALL: messageLocale,
    // When clang crashes it would start llvm-symbolizer.
    LLVM_DISABLE_SYMBOLIZATION: '1',
    ...Object.fromEntries(placeNames.map((name) => [name, folder] as const)),
    _DISTCC_SAFEGUARD: String((Number.isNaN(level) ? 1 : level) + 1),
  }).map(([name, value]) => `${name}=${value}`);
}
