import { openStateFile, sweepStateFolder } from '../../job-state/state-folder.ts';
import type { Report, StateFile } from '../../job-state/state-folder.ts';
import type { Logger } from '../../logging/log-line.ts';
import { readable } from '../../system/byte-text.ts';
import { systemReason } from '../../system/error-text.ts';

const shown = (report: Report | undefined): Report =>
  report?.file === undefined ? (report ?? {}) : { ...report, file: readable(report.file) };

/** The folders of state files of this process's jobs. */
const usedFolders = new Set<string>();

/** Takes away what clients and agents that were killed have left in a folder; those that live are not disturbed. */
function sweep(folder: string, log: Logger | undefined): void {
  try {
    sweepStateFolder(folder);
  } catch (error) {
    log?.debug(`state files of killed clients stay: ${systemReason(error)}`);
  }
}

/** Takes away what killed clients have left wherever this process had jobs: an agent's last work. */
export function sweepStates(): void {
  for (const folder of usedFolders) sweep(folder, undefined);
}

/**
 * The state file of the client with this process id, in the user's folder if there is one; names of files come as
 * bytes.
 */
export function openState(folder: string | undefined, pid: number, log: Logger): StateFile {
  if (folder === undefined) return { know: () => {}, show: () => {}, remove: () => {} };
  const states = `${folder}/state`;
  if (!usedFolders.has(states)) sweep(states, log);
  usedFolders.add(states);
  const file = openStateFile(states, pid, (error) => {
    log.debug(`monitors will not see this job: ${systemReason(error)}`);
  });
  return {
    know: (side, report) => file.know(side, shown(report)),
    show: (side, phase, report) => file.show(side, phase, shown(report)),
    remove: () => file.remove(),
  };
}
