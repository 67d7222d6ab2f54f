/** The variables of the language of messages; what their values may be names a locale, and no file. */
const languages = /^(?:LANG|LANGUAGE|LC_[A-Z]+)$/;
const localeNames = /^[A-Za-z0-9_.:@-]*$/;

/**
 * Writes the compilers' environment afresh, as NAME=value: where programs are, and the language of messages. Nothing else of the daemon's
 * comes in. Compilers obey dozens of variables: CCC_OVERRIDE_OPTIONS holds options, COMPILER_PATH chooses programs, DEPENDENCIES_OUTPUT
 * writes files. A distcc that is started by accident as a compiler sees the guard and does not go round in circles.
 */
export function compilerEnvironment(own: NodeJS.ProcessEnv, searchPath: readonly string[]): string[] {
  // Text that makes clang crash would have it start another program.
  const environment: Record<string, string> = { LLVM_DISABLE_SYMBOLIZATION: '1', PATH: searchPath.join(':') };
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && languages.test(name) && localeNames.test(value)) environment[name] = value;
  }
  const level = Number.parseInt(own['_DISTCC_SAFEGUARD'] ?? '0', 10);
  environment['_DISTCC_SAFEGUARD'] = String((Number.isNaN(level) ? 1 : level) + 1);
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}
