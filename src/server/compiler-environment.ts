import { dirname, isAbsolute } from 'node:path';

/**
 * The variables of the daemon's environment that compilers see: where programs and their parts are, the language of
 * messages, the time zone. Everything else stays out: variables such as CPATH or DEPENDENCIES_OUTPUT change what a
 * compile means or writes, and the service manager's are no business of a compiler that a stranger steers.
 */
const kept = new Set([
  'COMPILER_PATH',
  'GCC_EXEC_PREFIX',
  'LANG',
  'LANGUAGE',
  'LD_LIBRARY_PATH',
  'LOGNAME',
  'TZ',
  'USER',
]);

/**
 * Variables that name a place for a program's own files: all of them are the job's folder, which vanishes with the
 * job.
 */
const placeNames = 'HOME TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR XDG_STATE_HOME'.split(' ');

/**
 * Builds the compilers' environment as NAME=value; `folder` is a job's own as its compiler sees it. A distcc that is
 * started by accident as a compiler sees the guard and does not go round in circles.
 */
export function compilerEnvironment(own: NodeJS.ProcessEnv, searchPath: readonly string[], folder: string): string[] {
  const environment: Record<string, string> = { PATH: searchPath.join(':') };
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && (kept.has(name) || name.startsWith('LC_'))) environment[name] = value;
  }
  for (const name of placeNames) environment[name] = folder;
  const level = Number.parseInt(own['_DISTCC_SAFEGUARD'] ?? '0', 10);
  environment['_DISTCC_SAFEGUARD'] = String((Number.isNaN(level) ? 1 : level) + 1);
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}

/** The directories of a compiler's parts that the environment names. */
export function toolDirectories({ COMPILER_PATH, GCC_EXEC_PREFIX, LD_LIBRARY_PATH }: NodeJS.ProcessEnv): string[] {
  const lists = [COMPILER_PATH ?? '', LD_LIBRARY_PATH ?? ''].flatMap((list) => list.split(':'));
  // GCC's is the beginning of names: a directory with a slash, or with that of its files.
  return [...lists, dirname(`${GCC_EXEC_PREFIX ?? ''}x`)].filter((path) => isAbsolute(path));
}
