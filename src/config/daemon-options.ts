import { readWholeNumber } from '../basics/whole-number.ts';
import { flag, type OptionValues, readOptions, type Reading, repeated, valued } from './options.ts';
import { versionBlock } from './version.ts';

/** The names that `--log-level` takes and the level each one means. */
export const logLevelNames = {
  emerg: 'emergency',
  emergency: 'emergency',
  alert: 'alert',
  critical: 'critical',
  crit: 'critical',
  error: 'error',
  err: 'error',
  warning: 'warning',
  warn: 'warning',
  notice: 'notice',
  note: 'notice',
  info: 'info',
  debug: 'debug',
} as const;

type LevelName = keyof typeof logLevelNames;

/** distcc reads numbers in C's way: decimal, octal behind 0, hexadecimal behind 0x. */
function readNumber(least: number, most: number): (text: string) => number | undefined {
  return (text) => {
    const value = /^0x[0-9a-f]{1,8}$/i.test(text)
      ? Number.parseInt(text, 16)
      : /^0[0-7]{1,10}$/.test(text)
        ? Number.parseInt(text, 8)
        : (readWholeNumber(text, 0, 2 ** 31) ?? Number.NaN);
    return value >= least && value <= most ? value : undefined;
  };
}

const isLevelName = (text: string): text is LevelName => Object.hasOwn(logLevelNames, text);
const text = (value: string): string | undefined => (value === '' || value.includes('\0') ? undefined : value);
const path = (value: string): string | undefined => (value.startsWith('/') ? text(value) : undefined);

/** Every option of distccd (server-daemon reference, section 1). */
export const daemonOptions = {
  daemon: flag({ help: 'serve a TCP port until told to stop (what happens without it too)' }),
  'no-detach': flag({ help: 'stay in the foreground' }),
  port: valued({
    short: 'p',
    value: 'PORT',
    help: 'listen on this TCP port (default 3632)',
    initial: 3632,
    expects: 'a port number from 1 to 65535',
    read: readNumber(1, 65535),
  }),
  listen: repeated({
    value: 'ADDRESS',
    help: 'listen on this address or host name only (repeatable; default: every address, IPv6 and IPv4)',
    expects: 'an address or a host name',
    read: text,
  }),
  allow: repeated({
    short: 'a',
    value: 'ADDRESS[/BITS]',
    help: 'serve clients in this network (repeatable); @FILE reads one entry a line, again on SIGHUP',
    expects: 'an address such as 192.168.1.0/24, or @FILE',
    read: text,
  }),
  'allow-private': flag({
    help: 'serve private networks, this machine and link-local addresses (the default without --allow)',
  }),
  jobs: valued({
    short: 'j',
    value: 'N',
    help: 'compile at most N jobs at a time (default: processors + 2)',
    initial: undefined,
    expects: 'a number from 1 to 1000',
    read: readNumber(1, 1000),
  }),
  nice: valued({
    short: 'N',
    value: 'N',
    help: 'lower the priority of compilers by N (default 5)',
    initial: 5,
    expects: 'a number from 0 to 20',
    read: readNumber(0, 20),
  }),
  'log-file': valued({
    value: 'FILE',
    help: 'append the log to FILE',
    initial: undefined,
    expects: 'an absolute path',
    read: path,
  }),
  'log-level': valued({
    value: 'LEVEL',
    help: 'write lines of this level and worse (default notice)',
    initial: 'notice',
    expects: `one of ${Object.keys(logLevelNames).join(', ')}`,
    read: (value) => (isLevelName(value) ? value : undefined),
  }),
  'log-stderr': flag({ help: 'write the log to stderr' }),
  verbose: flag({ help: 'the same as --log-level debug' }),
  'pid-file': valued({
    short: 'P',
    value: 'FILE',
    help: 'write the process id to FILE once listening',
    initial: undefined,
    expects: 'an absolute path',
    read: path,
  }),
  user: valued({
    value: 'NAME',
    help: 'when started as root, serve as this account (default: distcc, else nobody)',
    initial: undefined,
    expects: 'the name of an account',
    read: text,
  }),
  'job-lifetime': valued({
    value: 'SECONDS',
    help: 'end a compiler that runs longer (default 0: after two hours)',
    initial: 0,
    expects: 'a number of seconds from 0 to 86400',
    read: readNumber(0, 86400),
  }),
  'masquerade-dir': repeated({
    value: 'DIR',
    help: 'also permit the compilers named in DIR (repeatable; looked at before the usual directories)',
    expects: 'an absolute path',
    read: path,
  }),
  'enable-tcp-insecure': flag({ help: 'permit every command: any client may run any program here' }),
  wizard: flag({ short: 'W', help: 'for a look inside: --daemon --no-detach --log-stderr --verbose' }),
};

/** distccd's options after reading. */
export type DaemonOptions = OptionValues<typeof daemonOptions>;

const later = 'leave it out, or use distcc 3.4 for it';

/** Options that distcc 3.4 knows and this version does not: refused with a word of advice, never ignored. */
const missing = {
  inetd: 'run a standalone daemon with --daemon',
  lifetime: 'end the daemon with SIGTERM instead',
  stats: later,
  'stats-port': later,
  zeroconf: 'name the hosts in DISTCC_HOSTS',
  auth: later,
  blacklist: later,
  whitelist: later,
  'show-principal': later,
  'no-fork': 'nothing is forked here, leave it out',
  'no-fifo': 'leave it out',
  sysroot: later,
  'make-me-a-botnet': 'its name is --enable-tcp-insecure',
};

const footer = `Compilers are permitted by their names in the masquerade directories: --masquerade-dir, /usr/local/lib/distcc,
/usr/lib/distcc. Signals: SIGTERM and SIGINT finish the running jobs and end, a second one ends at once; SIGHUP
reads the allow files again and opens the log file anew.`;

/** Reads distccd's command line. @throws Failure (status 101) */
export function readDaemonOptions(words: readonly string[]): Reading<typeof daemonOptions> {
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
  const { options } = reading;
  if (options.wizard) {
    return { options: { ...options, daemon: true, 'no-detach': true, 'log-stderr': true, 'log-level': 'debug' } };
  }
  return { options: { ...options, 'log-level': options.verbose ? 'debug' : options['log-level'] } };
}
