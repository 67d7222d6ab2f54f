/**
 * The variables of the daemon's environment that compilers see: where programs and their parts are, and the time
 * zone. Everything else stays out: variables such as CPATH or DEPENDENCIES_OUTPUT change what a compile means or writes, and the
 * service manager's are no business of a compiler that a stranger steers.
 */
const kept = new Set(['COMPILER_PATH', 'GCC_EXEC_PREFIX', 'HOME', 'LD_LIBRARY_PATH', 'LOGNAME', 'TZ', 'USER']);

/**
 * English in UTF-8, whatever language this server's administrator speaks: names stand between ‘ and ’, which a client
 * can turn into what its caller reads; the other way round it could not. Where a system lacks this locale, compilers
 * write plain ASCII.
 */
const messageLocale = 'C.UTF-8';

/** Builds the compilers' environment as NAME=value; a distcc that is started by accident as a compiler sees the guard and does not go round in circles. */
export function compilerEnvironment(own: NodeJS.ProcessEnv, searchPath: readonly string[]): string[] {
  const environment: Record<string, string> = { PATH: searchPath.join(':'), LC_ALL: messageLocale };
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && kept.has(name)) environment[name] = value;
  }
  const level = Number.parseInt(own['_DISTCC_SAFEGUARD'] ?? '0', 10);
  environment['_DISTCC_SAFEGUARD'] = String((Number.isNaN(level) ? 1 : level) + 1);
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}
