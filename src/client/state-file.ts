import { openStateFile } from '../job-state/state-folder.ts';
import type { Report, StateFile } from '../job-state/state-folder.ts';
import type { Logger } from '../logging/log-line.ts';
import { readable } from '../system/byte-text.ts';
import { systemReason } from '../system/error-text.ts';

const shown = (report: Report | undefined): Report =>
  report?.file === undefined ? (report ?? {}) : { ...report, file: readable(report.file) };

/** The state file of the client with this process id, in the user's folder if there is one; names of files come as bytes. */
export function openState(folder: string | undefined, pid: number, log: Logger): StateFile {
  if (folder === undefined) return { know: () => {}, show: () => {}, remove: () => {} };
  const file = openStateFile(`${folder}/state`, pid, (error) => {
    log.debug(`monitors will not see this job: ${systemReason(error)}`);
  });
  return {
    know: (side, report) => file.know(side, shown(report)),
    show: (side, phase, report) => file.show(side, phase, shown(report)),
    remove: () => file.remove(),
  };
}
