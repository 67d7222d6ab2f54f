/**
 * The variables of the daemon's environment that compilers see: where programs and their parts are, the language of messages, the time
 * zone. Everything else stays out: variables such as CPATH or DEPENDENCIES_OUTPUT change what a compile means or writes, and the
 * service manager's are no business of a compiler that a stranger steers.
 */
const kept = new Set([
  'COMPILER_PATH',
  'GCC_EXEC_PREFIX',
  'HOME',
  'LANG',
  'LANGUAGE',
  'LD_LIBRARY_PATH',
  'LOGNAME',
  'TZ',
  'USER',
]);

/** Builds the compilers' environment as NAME=value; a distcc that is started by accident as a compiler sees the guard and does not go round in circles. */
export function compilerEnvironment(own: NodeJS.ProcessEnv, searchPath: readonly string[]): string[] {
  const environment: Record<string, string> = { PATH: searchPath.join(':') };
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && (kept.has(name) || name.startsWith('LC_'))) environment[name] = value;
  }
  const level = Number.parseInt(own['_DISTCC_SAFEGUARD'] ?? '0', 10);
  environment['_DISTCC_SAFEGUARD'] = String((Number.isNaN(level) ? 1 : level) + 1);
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}
