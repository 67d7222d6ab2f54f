import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { daemonVariableLines } from './daemon-environment.ts';
import { daemonOptions } from './daemon-options.ts';
import type { DaemonOptions } from './daemon-options.ts';
import { readOptions } from './options.ts';
import { versionBlock } from './version.ts';

/** What the administrator is told of words that are not options; undefined when there are none. */
export function ignoredText({ ignored = [] }: DaemonOptions): string | undefined {
  if (ignored.length === 0) return undefined;
  const words = ignored.map((word) => `"${word}"`).join(' ');
  return `ignored ${words}, which is not an option: leave it out; each address needs an --allow of its own`;
}

const later = 'leave it out, or use distcc 3.4 for it';

/** Options of distcc 3.4 that this version lacks: refused with advice, never ignored. */
const missing = {
  auth: later,
  blacklist: later,
  whitelist: later,
  'show-principal': later,
  sysroot: later,
  'make-me-a-botnet': 'its name is --enable-tcp-insecure',
};

const footer = `Compilers are permitted by their names in the masquerade directories: --masquerade-dir, /usr/local/lib/distcc,
/usr/lib/distcc. Signals: SIGTERM and SIGINT finish the jobs that are here and end, a second one ends at once; SIGHUP
reads the allow files and the masquerade directories again, opens the log file anew, and applies what --reload-file says.

Environment variables, with what holds when they are not set:
${daemonVariableLines().join('\n')}`;

/** Reads distccd's command line. @throws Failure (status 101) */
export function readDaemonOptions(
  words: readonly string[],
): { readonly options: DaemonOptions } | { readonly print: string } {
  const reading = readOptions(
    {
      program: 'distccd',
      table: daemonOptions,
      usage: '[options]',
      version: versionBlock('distccd', 'protocols 1 and 2'),
      footer,
      missing,
    },
    words,
  );
  if ('print' in reading) return reading;
  const options = { ...reading.options, ignored: reading.others };
  if (options.json && !options['show-compilers']) {
    const sentence = '--json needs --show-compilers: give both, or leave --json out';
    throw new Failure(exitStatus.badArguments, sentence);
  }
  if (options.wizard) {
    return { options: { ...options, daemon: true, 'no-detach': true, 'log-stderr': true, 'log-level': 'debug' } };
  }
  return { options: { ...options, 'log-level': options.verbose ? 'debug' : options['log-level'] } };
}
