import { existsSync, readdirSync } from 'node:fs';
import { systemReason } from '../../system/error-text.ts';
import { usualJobs } from '../../system/machine/processors.ts';
import { readWholeNumber } from '../../basics/whole-number.ts';
import { readPermittedOptions } from '../../compiler/allow-list/judge-words.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import type { CommandPolicy } from '../policy/judge-command.ts';
import type { Notices } from '../log/startup-notices.ts';
import { servedCompilers } from './list-compilers.ts';
import type { ServedCompiler } from './list-compilers.ts';
import { compilerPath, readPermittedCompilers, usualMasqueradeDirs } from '../policy/permitted-compilers.ts';

/** The administrator's rules for jobs. They can change while clients are served. */
export interface Rules extends CommandPolicy {
  /** How many jobs may run at a time. */
  readonly jobs: number;
  /** How long a compiler may run, in ms. */
  readonly lifetimeMs: number;
  /** The directories in which compilers are looked for. */
  readonly path: readonly string[];
  /** Looks for the compilers that are permitted by name. */
  readonly served: () => readonly ServedCompiler[];
}

const defaultLifetimeMs = 2 * 3600_000;

/**
 * Reads the rules from the options, the variables and the directories that they name.
 * @throws Failure (status 110) when no compiler is permitted
 */
export function readRules(options: DaemonOptions, environment: NodeJS.ProcessEnv, notices: Notices): Rules {
  const masqueradeDirs = options['masquerade-dir'];
  const searchPath = environment['DISTCCD_PATH'] ?? environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const commandList = environment['DISTCC_CMDLIST'];
  const everything = options['enable-tcp-insecure'];
  if (commandList === undefined && !everything) noteUnreadable(masqueradeDirs, notices);
  const compilers = readPermittedCompilers({
    masqueradeDirs,
    searchPath,
    commandList,
    commandListWords: readWholeNumber(environment['DISTCC_CMDLIST_NUMWORDS'] ?? '1', 1, 100) ?? 1,
    everything,
  });
  if (everything) notices.push('--enable-tcp-insecure: every client may run every program here');
  return {
    compilers,
    permittedOptions: everything ? 'every option' : readPermittedOptions(options['permit-option']),
    jobs: options.jobs ?? usualJobs(),
    lifetimeMs: options['job-lifetime'] === 0 ? defaultLifetimeMs : options['job-lifetime'] * 1000,
    path: compilerPath(searchPath, [...masqueradeDirs, ...usualMasqueradeDirs]),
    served: () => servedCompilers(options, compilers, environment),
  };
}

/** Warns about a masquerade directory that cannot be read although it exists or was asked for. */
function noteUnreadable(named: readonly string[], notices: Notices): void {
  for (const dir of [...named, ...usualMasqueradeDirs.filter((usual) => existsSync(usual))]) {
    try {
      readdirSync(dir);
    } catch (error) {
      notices.push(`cannot read the masquerade directory "${dir}": ${systemReason(error)}; it permits no compiler`);
    }
  }
}
