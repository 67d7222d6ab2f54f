import { openStateFile, sweepStateFolder } from '../../job-state/state-folder.ts';
import type { Report, StateFile } from '../../job-state/state-folder.ts';
import type { SpareFiles } from '../../job-state/spare-files.ts';
import type { Logger } from '../../logging/log-line.ts';
import { readable } from '../../system/byte-text.ts';
import { systemReason } from '../../system/error-text.ts';

const shown = (report: Report | undefined): Report =>
  report?.file === undefined ? (report ?? {}) : { ...report, file: readable(report.file) };

/** The folders in which this process has made state files. */
const usedFolders = new Set<string>();

/** Removes the state files of killed clients and agents from a folder. */
function sweep(folder: string, log: Logger | undefined): void {
  try {
    sweepStateFolder(folder);
  } catch (error) {
    log?.debug(`state files of killed clients stay: ${systemReason(error)}`);
  }
}

/** Removes the state files of killed clients wherever this process had jobs; an agent does this before it ends. */
export function sweepStates(): void {
  for (const folder of usedFolders) sweep(folder, undefined);
}

/**
 * The state file of the client with this process id, in the user's folder if there is one. File names are byte texts.
 */
export function openState(folder: string | undefined, pid: number, log: Logger, spares?: SpareFiles): StateFile {
  if (folder === undefined) return { know: () => {}, show: () => {}, remove: () => {} };
  const states = `${folder}/state`;
  if (!usedFolders.has(states)) sweep(states, log);
  usedFolders.add(states);
  const unseen = (error: unknown): void => log.debug(`monitors will not see this job: ${systemReason(error)}`);
  const file = openStateFile(states, pid, unseen, spares);
  return {
    know: (side, report) => file.know(side, shown(report)),
    show: (side, phase, report) => file.show(side, phase, shown(report)),
    remove: () => file.remove(),
  };
}
