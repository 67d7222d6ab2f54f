import { systemReason } from '../../system/error-text.ts';
import { readFileSync } from 'node:fs';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { namesNobody, parseAccessList } from '../policy/access-list.ts';
import type { AccessList } from '../policy/access-list.ts';
import type { Notices } from '../log/startup-notices.ts';

const readAllowFile = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(
      exitStatus.badArguments,
      `cannot read the allow file "${path}": ${systemReason(error)}; correct --allow @${path}`,
    );
  }
};

/** Reads who may send jobs from `--allow`, `--allow-private` and the files they name. @throws Failure (status 101) */
export function readAccess(options: DaemonOptions, notices: Notices): AccessList {
  const source = { entries: options.allow, readFile: readAllowFile, allowPrivate: options['allow-private'] };
  const access = parseAccessList(source);
  notices.push(...access.warnings);
  if (namesNobody(source))
    notices.push(`no --allow option: serving private networks only (${access.networks.join(', ')})`);
  return access;
}
