/**
 * English in UTF-8, whatever language this server's administrator speaks: names stand between ‘ and ’, which a client
 * can turn into what its caller reads; the other way round it could not. Where a system lacks this locale, compilers
 * write plain ASCII.
 */
const messageLocale = 'C.UTF-8';

/**
 * Variables that name a place for a program's own files: all of them are the job's folder, which vanishes with the
 * job.
 */
const placeNames = 'HOME TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR XDG_STATE_HOME'.split(' ');

/**
 * Writes the compilers' environment afresh, as NAME=value: where programs are, the language of messages, and `folder`,
 * a job's own as its compiler sees it. Nothing else of the daemon's comes in. Compilers obey dozens of variables:
 * CCC_OVERRIDE_OPTIONS holds options, COMPILER_PATH chooses programs, DEPENDENCIES_OUTPUT writes files. A distcc that
 * is started by accident as a compiler sees the guard and does not go round in circles.
 */
export function compilerEnvironment(own: NodeJS.ProcessEnv, searchPath: readonly string[], folder: string): string[] {
  const level = Number.parseInt(own['_DISTCC_SAFEGUARD'] ?? '0', 10);
  return Object.entries({
    PATH: searchPath.join(':'),
    LC_ALL: messageLocale,
    // Text that makes clang crash would have it start another program.
    LLVM_DISABLE_SYMBOLIZATION: '1',
    ...Object.fromEntries(placeNames.map((name) => [name, folder] as const)),
    _DISTCC_SAFEGUARD: String((Number.isNaN(level) ? 1 : level) + 1),
  }).map(([name, value]) => `${name}=${value}`);
}
