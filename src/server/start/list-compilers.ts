import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { usualMasqueradeDirs } from '../policy/permitted-compilers.ts';
import type { PermittedCompilers } from '../policy/permitted-compilers.ts';

/** The compilers that clients may run, in one line. */
export function listCompilers(
  options: DaemonOptions,
  compilers: PermittedCompilers,
  environment: NodeJS.ProcessEnv,
): string {
  const list = environment['DISTCC_CMDLIST'];
  if (list === undefined && options['enable-tcp-insecure']) return 'every program';
  const names = list === undefined ? masqueradeNames(options) : readFileSync(list, 'utf8').split('\n');
  const known = [...new Set(names)].filter((name) => name !== '').sort();
  const found: string[] = [];
  const lacking: string[] = [];
  for (const name of known) {
    const permission = compilers.permit(name);
    if ('path' in permission && isAbsolute(permission.path) && existsSync(permission.path)) {
      found.push(permission.path === name ? name : `${name} (${permission.path})`);
    } else lacking.push(name);
  }
  const rest = lacking.length === 0 ? '' : `; permitted and not installed: ${lacking.join(', ')}`;
  return `${found.length === 0 ? 'none' : found.join(', ')}${rest}`;
}

function masqueradeNames(options: DaemonOptions): string[] {
  const usual = usualMasqueradeDirs.filter((dir) => existsSync(dir));
  return [...options['masquerade-dir'], ...usual].flatMap((dir) => {
    try {
      return readdirSync(dir);
    } catch {
      return [];
    }
  });
}
