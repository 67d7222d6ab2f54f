import { systemReason } from '../../system/error-text.ts';
import os from 'node:os';

import type { DaemonOptions } from '../../config/daemon-options.ts';
import type { Logger } from '../../logging/log-line.ts';
import { setOomScore } from '../../system/processes/oom-score.ts';
import type { Notices } from '../log/startup-notices.ts';

/** Applies `--nice` and `--oom-score-adj` to this process, from which compilers inherit them. Some values need root. */
export function lowerPriority(options: DaemonOptions, notices: Notices): void {
  const { nice, 'oom-score-adj': score } = options;
  try {
    // Not for 0: changing the priority may be forbidden here.
    if (nice > 0) os.setPriority(Math.min(os.getPriority() + nice, 19));
  } catch (error) {
    notices.push(`cannot lower the priority by ${nice}: ${systemReason(error)}; compilers run at the normal one`);
  }
  if (score === undefined) return;
  try {
    setOomScore(score);
  } catch (error) {
    notices.push(`cannot set the out-of-memory score to ${score}: ${oomReason(error)}; it stays as it was`);
  }
}

function oomReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'this system has none';
  if (code !== 'EACCES' && code !== 'EPERM') return systemReason(error);
  return process.getuid?.() === 0 ? 'here not even root may lower it' : 'only root may lower it, so start as root';
}

/** Sends SIGTERM to this process when `--lifetime` is over. */
export function limitLifetime(seconds: number, log: Logger): void {
  if (seconds === 0) return;
  setTimeout(() => {
    log.notice(`served for ${seconds} seconds, which is its --lifetime`);
    process.kill(process.pid, 'SIGTERM');
  }, seconds * 1000).unref();
}
