import { defaultPort } from '../wire/port.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { flag, repeated, valued } from './options.ts';
import type { OptionValues } from './options.ts';

/** The names that `--log-level` accepts, and their levels. */
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

/** Reads a number as distcc does, in C's way: decimal, octal after 0, hexadecimal after 0x. */
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

/** The kernel's range of /proc/PID/oom_score_adj. */
function readOomScore(text: string): number | undefined {
  const size = readWholeNumber(text.replace(/^-/, ''), 0, 1000);
  return size === undefined ? undefined : text.startsWith('-') ? -size : size;
}

const multiples: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const mebibyte = 1024 ** 2;
const mostBytes = 1024 ** 4;

/** Reads a size in bytes, or with K, M or G for powers of 1024. */
function readSize(least: number): (text: string) => number | undefined {
  return (text) => {
    const [, digits = '', unit = ''] = /^(\d{1,13})([KMG]?)$/i.exec(text) ?? [];
    const bytes = digits === '' ? Number.NaN : Number(digits) * (multiples[unit.toUpperCase()] ?? 1);
    return bytes >= least && bytes <= mostBytes ? bytes : undefined;
  };
}

const isLevelName = (text: string): text is LevelName => Object.hasOwn(logLevelNames, text);
const text = (value: string): string | undefined => (value === '' || value.includes('\0') ? undefined : value);
const path = (value: string): string | undefined => (value.startsWith('/') ? text(value) : undefined);

/** Every option of distccd (doc/distcc-behaviour.md, "Options of distccd"). */
export const daemonOptions = {
  daemon: flag({ help: 'serve a TCP port until told to stop (the default, unless stdin is a socket)' }),
  inetd: flag({
    help: 'serve one client on stdin and stdout, then end (the default when stdin is a socket)',
  }),
  check: flag({ help: 'show what would be served, where and to whom, or what is wrong, and exit' }),
  'show-policy': flag({ help: 'show which compiler options are permitted, and exit' }),
  'show-compilers': flag({
    help: 'show the permitted compilers: path, version, target, hashes of their files; and exit',
  }),
  json: flag({ help: 'with --show-compilers: print JSON' }),
  'no-detach': flag({ help: 'stay in the foreground' }),
  port: valued({
    short: 'p',
    value: 'PORT',
    help: `listen on this TCP port (default ${defaultPort})`,
    initial: defaultPort,
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
    help: 'write lines of this level and worse (default notice: one line for each job)',
    initial: 'notice',
    expects: `one of ${Object.keys(logLevelNames).join(', ')}`,
    read: (value) => (isLevelName(value) ? value : undefined),
  }),
  'log-format': valued({
    value: 'FORMAT',
    help: 'write lines of text, or of json: one object a line (default text)',
    initial: 'text',
    expects: 'text or json',
    read: (value) => (value === 'text' || value === 'json' ? value : undefined),
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
  'reload-file': valued({
    value: 'FILE',
    help: 'on SIGHUP, read the options from FILE, one word a line, if it exists',
    initial: undefined,
    expects: 'an absolute path',
    read: path,
  }),
  user: valued({
    value: 'NAME',
    help: 'when started as root, serve as this account (default: distcc, else distccd, else nobody)',
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
  'max-memory': valued({
    value: 'SIZE',
    help: 'the most memory for requests and answers: bytes, or with K, M or G (default: a quarter of the memory, at most 1G)',
    initial: undefined,
    expects: 'a size from 16M to 1024G, such as 512M',
    read: readSize(16 * mebibyte),
  }),
  'input-cache': valued({
    value: 'SIZE',
    help: 'keep files of clients up to this size: K, M or G (default: 2G, or a quarter of a small file system)',
    initial: undefined,
    expects: 'a size from 64M to 1024G, such as 10G',
    read: readSize(64 * mebibyte),
  }),
  'result-cache': valued({
    value: 'SIZE',
    help: 'keep results of compiles from source, up to this size (K, M, G); 0: none (default: 2G with CACHE_DIRECTORY, else 0)',
    initial: undefined,
    expects: '0, or a size from 1M to 1024G, such as 2G',
    read: (value) => (value === '0' ? 0 : readSize(mebibyte)(value)),
  }),
  lifetime: valued({
    value: 'SECONDS',
    help: 'finish the running jobs and end after this time (default 0: never)',
    initial: 0,
    expects: 'a number of seconds from 0 to 2000000',
    read: readNumber(0, 2_000_000),
  }),
  'idle-exit': valued({
    value: 'SECONDS',
    help: 'under a service manager that holds the sockets: end after this time without a client (default 0: never)',
    initial: 0,
    expects: 'a number of seconds from 0 to 2000000',
    read: readNumber(0, 2_000_000),
  }),
  'oom-score-adj': valued({
    value: 'N',
    help: 'when memory runs out, have the kernel end the daemon and its compilers sooner (1000) or later (-1000) than others',
    initial: undefined,
    expects: 'a number from -1000 to 1000',
    read: readOomScore,
  }),
  fence: valued({
    value: 'KIND',
    help: 'restrict compilers to their jobs: as far as this system can (auto, the default), not at all (none), or fully, else serve nothing (full)',
    initial: 'auto',
    expects: 'auto, full or none',
    read: (value) => (value === 'auto' || value === 'full' || value === 'none' ? value : undefined),
  }),
  'no-tree': flag({
    help: 'compile only text that clients have preprocessed, and never their own files in a root of their own',
  }),
  resident: valued({
    value: 'SECONDS',
    help: 'over ssh: keep a daemon for the next jobs, until none has come for this time (default 600; 0: keep none)',
    initial: 600,
    expects: 'a number of seconds from 0 to 86400',
    read: readNumber(0, 86400),
  }),
  stats: flag({ help: 'serve job counters over HTTP' }),
  'stats-port': valued({
    value: 'PORT',
    help: 'with --stats, listen on this TCP port (default 3633)',
    initial: 3633,
    expects: 'a port number from 1 to 65535',
    read: readNumber(1, 65535),
  }),
  'stats-listen': repeated({
    value: 'ADDRESS',
    help: 'with --stats, listen on this address or host name (repeatable; default: this machine only)',
    expects: 'an address or a host name',
    read: text,
  }),
  'stats-allow': repeated({
    value: 'ADDRESS[/BITS]',
    help: 'let this network read the counters, instead of those who may compile (repeatable); @FILE as for --allow',
    expects: 'an address such as 192.168.1.0/24, or @FILE',
    read: text,
  }),
  zeroconf: flag({ help: 'announce this server on the local network by avahi-publish-service' }),
  'masquerade-dir': repeated({
    value: 'DIR',
    help: 'also permit the compilers named in DIR (repeatable; looked at before the usual directories)',
    expects: 'an absolute path',
    read: path,
  }),
  'permit-option': repeated({
    value: 'WORD',
    help: 'also permit this compiler option; with "=" at its end, any value after it (repeatable; see --show-policy)',
    expects: 'an option of a compiler, such as -fstack-usage or -fprofile-dir=',
    read: (value) => (/^-[\x21-\x7e]+$/.test(value) ? value : undefined),
  }),
  'enable-tcp-insecure': flag({ help: 'permit every command: any client may run any program here' }),
  'no-fork': flag({ help: 'accepted without effect: nothing is forked here' }),
  'no-fifo': flag({ help: 'accepted without effect: nothing needs a named pipe here' }),
  wizard: flag({ short: 'W', help: 'for debugging: --daemon --no-detach --log-stderr --verbose' }),
};

/** The values of distccd's options. */
export type DaemonOptions = OptionValues<typeof daemonOptions> & {
  /** Words that are not options, which distcc's own daemon ignores too. */
  readonly ignored?: readonly string[];
};
