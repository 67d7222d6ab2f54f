import { closeSync, openSync, writeSync } from 'node:fs';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure, reasonOf } from '../basics/failure.ts';
import { createLogger } from '../logging/logger.ts';
import { type Level, type Logger, priorities } from '../logging/log-line.ts';
import { openSyslog } from '../system/syslog.ts';

/** Where the daemon's log goes: `journal` is stderr with each line's priority in front (sd-daemon(3)). */
export type LogTarget =
  { readonly to: 'stderr' | 'journal' | 'syslog' | 'nowhere' } | { readonly to: 'file'; readonly path: string };

/** The daemon's log; `reopen` opens a file anew after it was moved away. */
export interface DaemonLog {
  readonly log: Logger;
  readonly reopen: () => void;
}

/** Opens the log. @throws Failure (status 107) when the file cannot be opened */
export function openDaemonLog(target: LogTarget, level: Level, format: 'text' | 'json' = 'text'): DaemonLog {
  const made = { program: 'distccd', level, format };
  switch (target.to) {
    case 'stderr':
      return { log: createLogger({ ...made, sink: (line) => writeLine(2, line) }), reopen: () => {} };
    case 'journal': {
      const write = (line: string, at: Level): void => writeLine(2, `<${priorities[at]}>${line}`);
      return { log: createLogger({ ...made, prefix: false, sink: write }), reopen: () => {} };
    }
    case 'nowhere':
      return { log: createLogger({ ...made, sink: () => {} }), reopen: () => {} };
    case 'syslog': {
      const write = openSyslog(made.program);
      return {
        log: createLogger({ ...made, prefix: false, sink: (line, at) => write(line, priorities[at]) }),
        reopen: () => {},
      };
    }
    case 'file': {
      let descriptor = openFile(target.path);
      return {
        log: createLogger({ ...made, sink: (line) => writeLine(descriptor, line) }),
        reopen: () => {
          const fresh = openFile(target.path);
          closeSync(descriptor);
          descriptor = fresh;
        },
      };
    }
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'a', 0o666);
  } catch (error) {
    throw new Failure(
      exitStatus.inputOutput,
      `cannot open the log file "${path}": ${reasonOf(error)}; make it writable for the account that serves, or leave --log-file out to use syslog`,
    );
  }
}

/** A log that cannot be written, on a full disk say, must not end the daemon. */
function writeLine(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, `${line}\n`);
  } catch {
    // Nobody could read of it anyway.
  }
}
