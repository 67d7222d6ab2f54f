import { systemReason } from '../../system/error-text.ts';
import { readFileSync } from 'node:fs';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { namesNobody, parseAccessList } from '../policy/access-list.ts';
import type { AccessList } from '../policy/access-list.ts';
import type { Notices } from '../log/startup-notices.ts';

const readAllowFile =
  (option: string) =>
  (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw new Failure(
        exitStatus.badArguments,
        `cannot read the allow file "${path}": ${systemReason(error)}; correct --${option} @${path}`,
      );
    }
  };

/** Reads who may send jobs from `--allow`, `--allow-private` and the files they name. @throws Failure (status 101) */
export function readAccess(options: DaemonOptions, notices: Notices): AccessList {
  const source = { entries: options.allow, readFile: readAllowFile('allow'), allowPrivate: options['allow-private'] };
  const access = parseAccessList(source);
  notices.push(...access.warnings);
  if (namesNobody(source))
    notices.push(`no --allow option: serving private networks only (${access.networks.join(', ')})`);
  return access;
}

/** Who may read the counters, in one line of a report. */
export const describeReaders = (readers: AccessList): string =>
  `counters: told to this machine and ${readers.networks.join(', ')}`;

/**
 * Reads who may read the counters, besides this machine, from `--stats-allow` and the files it names; undefined when it
 * is not given: then those may who may send jobs. @throws Failure (status 101)
 */
export function readReaders(options: DaemonOptions, notices: Notices): AccessList | undefined {
  const entries = options['stats-allow'];
  if (entries.length === 0) return undefined;
  const readers = parseAccessList({ entries, readFile: readAllowFile('stats-allow'), allowPrivate: false });
  notices.push(...readers.warnings);
  return readers;
}
