import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
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

/** The compilers that clients may run by name. */
export interface ListedCompilers {
  /** Whether clients may run all other programs too. */
  readonly everything: boolean;
  /** Those that are installed: their names, and the paths of their programs. */
  readonly found: readonly { readonly asked: string; readonly name: string; readonly path: string }[];
  /** Names that are permitted, of which no program is installed. */
  readonly lacking: readonly string[];
}

/** Finds the compilers that clients may run, by name. */
export function findCompilers(
  options: DaemonOptions,
  compilers: PermittedCompilers,
  environment: NodeJS.ProcessEnv,
): ListedCompilers {
  const served = servedCompilers(options, compilers, environment);
  return {
    everything: environment['DISTCC_CMDLIST'] === undefined && options['enable-tcp-insecure'],
    found: served.flatMap(({ name: asked, path }) => {
      const permission = compilers.permit(asked);
      return path === undefined || 'refused' in permission ? [] : [{ asked, name: permission.name, path }];
    }),
    lacking: served.flatMap(({ name, path }) => (path === undefined ? [name] : [])),
  };
}

const lackingText = 'permitted and not installed';

/** @throws Failure (status 110) when clients may run compilers by name, and none of them is installed */
export function requireCompiler({ everything, found, lacking }: ListedCompilers): void {
  if (everything || found.length > 0) return;
  throw new Failure(
    exitStatus.compilerMissing,
    `no compiler is installed: ${lackingText}: ${lacking.join(', ')}; install one, or set DISTCCD_PATH to where it is`,
  );
}

/** Compilers by the folder that they are in, each by its name; one whose file has another name by both. */
function inFolders(found: ListedCompilers['found']): string[] {
  const folders = new Map<string, string[]>();
  const alone: string[] = [];
  for (const { asked, path } of found) {
    const folder = dirname(path);
    if (path === asked) alone.push(asked);
    else if (path === `${folder}/${asked}`) folders.set(folder, [...(folders.get(folder) ?? []), asked]);
    else alone.push(`${asked} (${path})`);
  }
  const grouped = [...folders].map(([folder, names]) => `${names.join(', ')} (in ${folder})`);
  return [...grouped, ...(alone.length === 0 ? [] : [alone.join(', ')])];
}

/**
 * The compilers that clients may run, in one line.
 * @throws Failure (status 110) when none of them is installed
 */
export function listCompilers(
  options: DaemonOptions,
  compilers: PermittedCompilers,
  environment: NodeJS.ProcessEnv,
): string {
  const listed = findCompilers(options, compilers, environment);
  if (listed.everything) return 'every program';
  requireCompiler(listed);
  const rest = listed.lacking.length === 0 ? '' : `; ${lackingText}: ${listed.lacking.join(', ')}`;
  return `${inFolders(listed.found).join('; ')}${rest}`;
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
