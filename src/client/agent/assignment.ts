import type { Logger } from '../../logging/log-line.ts';
import type { JobMessage } from '../../wire/agent/job.ts';
import type { Progress } from '../compile/progress.ts';
import type { Call } from '../job/call.ts';
import type { Launcher } from './launcher.ts';

/** One job and its launcher. */
export interface Assignment {
  readonly call: Call;
  readonly job: JobMessage;
  readonly launcher: Launcher;
  readonly log: Logger;
  readonly progress: Progress;
}
