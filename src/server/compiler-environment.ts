/**
 * English in UTF-8, whatever language this server's administrator speaks: names stand between ‘ and ’, which a client
 * can turn into what its caller reads; the other way round it could not. Where a system lacks this locale, compilers
 * write plain ASCII.
 */
const messageLocale = 'C.UTF-8';

/**
 * Writes the compilers' environment afresh, as NAME=value: where programs are, and the language of messages. Nothing
 * else of the daemon's comes in. Compilers obey dozens of variables: CCC_OVERRIDE_OPTIONS holds options, COMPILER_PATH
 * chooses programs, DEPENDENCIES_OUTPUT writes files. A distcc that is started by accident as a compiler sees the guard
 * and does not go round in circles.
 */
export function compilerEnvironment(own: NodeJS.ProcessEnv, searchPath: readonly string[]): string[] {
  const level = Number.parseInt(own['_DISTCC_SAFEGUARD'] ?? '0', 10);
  return Object.entries({
    PATH: searchPath.join(':'),
    LC_ALL: messageLocale,
    // Text that makes clang crash would have it start another program.
    LLVM_DISABLE_SYMBOLIZATION: '1',
    _DISTCC_SAFEGUARD: String((Number.isNaN(level) ? 1 : level) + 1),
  }).map(([name, value]) => `${name}=${value}`);
}
