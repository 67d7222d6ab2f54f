import { systemReason } from '../../system/error-text.ts';
import { closeSync, openSync, writeSync } from 'node:fs';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { createLogger } from '../../logging/logger.ts';
import type { AdjustableLogger } from '../../logging/logger.ts';
import { printable, priorities } from '../../logging/log-line.ts';
import type { Fields, Level } from '../../logging/log-line.ts';
import type { Journal, JournalEntry } from '../../system/service-manager/journal.ts';
import { openSyslog } from '../../system/service-manager/syslog.ts';

/**
 * Where the daemon's log is written. `journal` stores the facts of a line as fields when the journal's socket can be
 * reached; otherwise it is stderr with each line's priority in front (sd-daemon(3)).
 */
export type LogTarget =
  | { readonly to: 'stderr' | 'syslog' | 'nowhere' }
  | { readonly to: 'journal'; readonly journal: Journal | undefined }
  | { readonly to: 'file'; readonly path: string };

/** The daemon's log. `reopen` opens its file again after log rotation has moved it. */
export interface DaemonLog {
  readonly log: AdjustableLogger;
  readonly reopen: () => void;
}

/** Opens the log. @throws Failure (status 107) when the file cannot be opened */
export function openDaemonLog(target: LogTarget, level: Level, format: 'text' | 'json' = 'text'): DaemonLog {
  const made = { program: 'distccd', level, format };
  switch (target.to) {
    case 'stderr':
      return { log: createLogger({ ...made, sink: (line) => writeLine(2, line) }), reopen: () => {} };
    case 'journal': {
      const { journal = () => false } = target;
      const write = (line: string, at: Level, fields: Fields): void => {
        const entry = {
          MESSAGE: line,
          PRIORITY: priorities[at],
          SYSLOG_IDENTIFIER: made.program,
          ...journalFields(fields),
        };
        if (!journal(entry)) writeLine(2, `<${priorities[at]}>${line}`);
      };
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

/**
 * Facts as fields of the journal, for `journalctl DISTCC_CLIENT=...`. Control characters that a client chose are
 * escaped.
 */
function journalFields(fields: Fields): JournalEntry {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`DISTCC_${name.toUpperCase()}`, printable(String(value))]),
  );
}

function openFile(path: string): number {
  try {
    return openSync(path, 'a', 0o666);
  } catch (error) {
    throw new Failure(
      exitStatus.inputOutput,
      `cannot open the log file "${path}": ${systemReason(error)}; make it writable for the account that serves, or leave --log-file out to use syslog`,
    );
  }
}

/** Writes a line. A log that cannot be written, as on a full disk, must not end the daemon. */
function writeLine(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, `${line}\n`);
  } catch {
    // The error could not be logged either.
  }
}
