import { StartError } from '../../system/processes/reaper.ts';
import type { PackedBody } from '../../wire/body.ts';
import type { Compiled } from './answer.ts';
import { unlessFull } from './full-disk.ts';
import { inJobFolder, notStarted, openResults, runCompiler } from './job-folder.ts';
import type { JobTools } from './job-folder.ts';
import type { JobCommand } from '../policy/judge-command.ts';
import type { ClientLog } from '../log/log-limit.ts';
import { ResultFile } from './result-file.ts';
import { writeSource } from './write-source.ts';

export type { JobTools } from './job-folder.ts';

/** One compile. */
export interface Job {
  readonly command: JobCommand;
  readonly source: PackedBody;
  /** Called when the source has been written to its file, so that its memory can be freed. */
  readonly sourceWritten: () => void;
  readonly signal: AbortSignal;
  readonly log: ClientLog;
}

/**
 * Runs one compile in its own folder, which is always removed afterwards. The compiler's output files are returned
 * open; the caller closes them.
 * @throws the signal's reason when the job is given up, Refusal when its result cannot be sent
 */
export function runJob(job: Job, tools: JobTools): Promise<Compiled> {
  const { command, signal } = job;
  return inJobFolder(tools, async (folder) => {
    await writeSource(`${folder.path}/${command.input}`, job.source, signal);
    job.sourceWritten();
    try {
      const ended = await runCompiler(command, folder, job, tools);
      const compiled = openResults(folder, ended, (open) => ({
        object: ended.status === 0 ? open(command.output, 'object') : ResultFile.empty,
      }));
      return unlessFull(folder.path, compiled);
    } catch (error) {
      if (error instanceof StartError) return notStarted(command, error, job.log);
      throw error;
    }
  });
}
