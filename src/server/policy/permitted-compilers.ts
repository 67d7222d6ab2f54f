import { systemReason } from '../../system/error-text.ts';
import { aboutCompiler } from '../../wire/refusal.ts';
import { accessSync, constants, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';

/** The decision about a compiler's name: the program to run and its argv[0], or why it may not run. */
export type Permission = { readonly path: string; readonly name: string } | { readonly refused: string };

/** Decides which programs clients may run. */
export interface PermittedCompilers {
  permit(name: string): Permission;
}

/** What the decisions are based on. */
export interface CompilerPolicy {
  /** `--masquerade-dir`, looked at before the usual places. */
  readonly masqueradeDirs: readonly string[];
  /** PATH, or DISTCCD_PATH instead of it. */
  readonly searchPath: string;
  /** `DISTCC_CMDLIST` and `DISTCC_CMDLIST_NUMWORDS` (doc/distcc-behaviour.md, "Permitted compilers"). */
  readonly commandList: string | undefined;
  readonly commandListWords: number;
  /** `--enable-tcp-insecure`. */
  readonly everything: boolean;
}

/** The usual masquerade directories: that of a local installation, and that of Debian's packages. */
export const usualMasqueradeDirs: readonly string[] = ['/usr/local/lib/distcc', '/usr/lib/distcc'];

/** How long a decision is remembered, in ms: a build asks for the same name thousands of times. */
const believedMs = 3000;

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/**
 * Whether a path is an entry of a masquerade directory: a program, or a link, even when the client program that it
 * points to is not installed.
 */
const isEntry = (path: string): boolean => {
  try {
    return lstatSync(path).isSymbolicLink() || isProgram(path);
  } catch {
    return false;
  }
};

const realPath = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
};

/**
 * The search path without relative entries and without masquerade directories, where a compiler's name is only a link
 * to distcc.
 */
export function compilerPath(searchPath: string, masqueradeDirs: readonly string[]): string[] {
  const masks = new Set(masqueradeDirs.map((dir) => realPath(dir) ?? dir));
  return searchPath.split(':').filter((entry) => isAbsolute(entry) && !masks.has(realPath(entry) ?? entry));
}

function isPopulated(dir: string): boolean {
  try {
    return readdirSync(dir).length > 0;
  } catch {
    return false;
  }
}

/**
 * Reads the policy once at start.
 * @throws Failure (status 110) when no compiler would be permitted, or the command list cannot be read
 */
export function readPermittedCompilers(policy: CompilerPolicy): PermittedCompilers {
  const dirs = [...policy.masqueradeDirs, ...usualMasqueradeDirs];
  const path = compilerPath(policy.searchPath, dirs);
  const find = (name: string): string | undefined => path.map((dir) => join(dir, name)).find(isProgram);
  if (policy.commandList !== undefined) return byCommandList(policy.commandList, policy.commandListWords, find);
  if (policy.everything) return believing((name) => anything(name, find));
  if (!dirs.some(isPopulated)) {
    throw new Failure(
      exitStatus.compilerMissing,
      `no compiler is permitted: none of ${dirs.map((dir) => `"${dir}"`).join(', ')} holds a name; ` +
        'fill one with update-distcc-symlinks, or name a directory of links with --masquerade-dir',
    );
  }
  return believing((name) => byMasquerade(name, dirs, find));
}

function believing(decide: (name: string) => Permission): PermittedCompilers {
  const known = new Map<string, { permission: Permission; until: number }>();
  return {
    permit(name) {
      const now = Date.now();
      const found = known.get(name);
      if (found !== undefined && found.until > now) return found.permission;
      // Strangers choose the names, so the number of remembered ones is limited.
      if (known.size >= 256) known.clear();
      const permission = decide(name);
      known.set(name, { permission, until: now + believedMs });
      return permission;
    },
  };
}

const notFound = (name: string): Permission => ({ path: name, name });

function byMasquerade(name: string, dirs: readonly string[], find: (name: string) => string | undefined): Permission {
  const short = basename(name);
  if (name !== short && !isAbsolute(name)) {
    return { refused: `${aboutCompiler(name)} is a relative path: name it without a directory` };
  }
  if (short === '' || short === '.' || short === '..' || !dirs.some((dir) => isEntry(join(dir, short)))) {
    return {
      refused: `${aboutCompiler(name)} is not permitted here: the administrator can add its name to ${dirs.at(-1) ?? ''} with update-distcc-symlinks`,
    };
  }
  const found = find(short);
  // A permitted name without a program is not refused: as in distcc the start fails, and the client is told so.
  if (found === undefined) return isAbsolute(name) ? refusedPath(name) : notFound(short);
  if (!isAbsolute(name)) return { path: found, name };
  // gcc looks for its parts relative to its path, so it is called by this server's path, not the client's.
  return realPath(name) === realPath(found) ? { path: found, name: found } : refusedPath(name);
}

const refusedPath = (name: string): Permission => ({
  refused: `${aboutCompiler(name)} is not the "${basename(name)}" of this server: name it without a directory`,
});

function anything(name: string, find: (name: string) => string | undefined): Permission {
  if (isAbsolute(name)) return { path: isProgram(name) ? name : (find(basename(name)) ?? name), name };
  if (name.includes('/')) return { refused: `${aboutCompiler(name)} is a relative path: name it without a directory` };
  return { path: find(name) ?? name, name };
}

function byCommandList(file: string, words: number, find: (name: string) => string | undefined): PermittedCompilers {
  let lines: string[];
  try {
    lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    throw new Failure(
      exitStatus.compilerMissing,
      `cannot read the command list "${file}" that DISTCC_CMDLIST names: ${systemReason(error)}; no compiler would be permitted`,
    );
  }
  const tail = (name: string): string => name.split('/').slice(-words).join('/');
  const listed = new Map([...lines].reverse().map((line) => [tail(line), line]));
  return {
    permit(name) {
      const line = listed.get(tail(name));
      if (line === undefined)
        return { refused: `${aboutCompiler(name)} is not in this server's command list: the administrator can add it` };
      return { path: isAbsolute(line) ? line : (find(line) ?? line), name: line };
    },
  };
}
