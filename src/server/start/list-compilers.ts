import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { usualMasqueradeDirs } from '../policy/permitted-compilers.ts';
import type { PermittedCompilers } from '../policy/permitted-compilers.ts';

/** A compiler that clients may run, as far as this server knows it. */
export interface ServedCompiler {
  /** The name that clients call it by. */
  readonly name: string;
  /** The program; undefined when it is permitted and not installed. */
  readonly path: string | undefined;
  readonly version?: string | undefined;
  /** The machine that it compiles for, such as x86_64-linux-gnu. */
  readonly target?: string | undefined;
}

/**
 * The compilers that have been permitted by name, sorted: there is an end to them, also where clients may run every
 * program.
 */
export function servedCompilers(
  options: Pick<DaemonOptions, 'masquerade-dir'>,
  compilers: PermittedCompilers,
  environment: NodeJS.ProcessEnv,
): ServedCompiler[] {
  const list = environment['DISTCC_CMDLIST'];
  const names = list === undefined ? masqueradeNames(options) : readFileSync(list, 'utf8').split('\n');
  const known = [...new Set(names)].filter((name) => name !== '').sort();
  return known.map((name) => {
    const permission = compilers.permit(name);
    const path = 'path' in permission ? permission.path : '';
    return { name, path: isAbsolute(path) && existsSync(path) ? path : undefined };
  });
}

/** The compilers that clients may run, in one line. */
export function listCompilers(
  options: DaemonOptions,
  compilers: PermittedCompilers,
  environment: NodeJS.ProcessEnv,
): string {
  if (environment['DISTCC_CMDLIST'] === undefined && options['enable-tcp-insecure']) return 'every program';
  const served = servedCompilers(options, compilers, environment);
  const found = served.flatMap(({ name, path }) => {
    return path === undefined ? [] : [path === name ? name : `${name} (${path})`];
  });
  const lacking = served.filter(({ path }) => path === undefined).map(({ name }) => name);
  const rest = lacking.length === 0 ? '' : `; permitted and not installed: ${lacking.join(', ')}`;
  return `${found.length === 0 ? 'none' : found.join(', ')}${rest}`;
}

function masqueradeNames(options: Pick<DaemonOptions, 'masquerade-dir'>): string[] {
  const usual = usualMasqueradeDirs.filter((dir) => existsSync(dir));
  return [...options['masquerade-dir'], ...usual].flatMap((dir) => {
    try {
      return readdirSync(dir);
    } catch {
      return [];
    }
  });
}
