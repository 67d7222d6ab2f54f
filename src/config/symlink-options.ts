import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { flag, readOptions, repeated, valued } from './options.ts';
import type { OptionValues, Reading } from './options.ts';
import { versionBlock } from './version.ts';

const path = (value: string): string | undefined =>
  value.startsWith('/') && !value.includes('\0') ? value : undefined;

/** Reads the name of a program: one part of a path. */
const programName = (value: string): string | undefined =>
  /^[A-Za-z0-9_][\w.+-]{0,254}$/.test(value) ? value : undefined;

/** Every option of update-distcc-symlinks. */
export const symlinkOptions = {
  'dry-run': flag({ help: 'show what would change, and change nothing' }),
  verbose: flag({ help: 'show what changes' }),
  'masquerade-dir': repeated({
    value: 'DIR',
    help: 'fill DIR instead of the usual directory (repeatable)',
    expects: 'an absolute path',
    read: path,
  }),
  'compiler-dir': repeated({
    value: 'DIR',
    help: 'look for compilers in DIR instead of the usual directories (repeatable)',
    expects: 'an absolute path',
    read: path,
  }),
  distcc: valued({
    value: 'FILE',
    help: 'make links to this client program',
    initial: undefined,
    expects: 'an absolute path',
    read: path,
  }),
  root: valued({
    value: 'DIR',
    help: 'work on the system whose files are below DIR',
    initial: undefined,
    expects: 'an absolute path',
    read: path,
  }),
  without: repeated({
    value: 'NAME',
    help: 'from now on, make no link with this name, and remove the one that is there (repeatable)',
    expects: 'the name of a compiler, such as clang-14',
    read: programName,
  }),
  with: repeated({
    value: 'NAME',
    help: 'take --without NAME back (repeatable)',
    expects: 'the name of a compiler, such as clang-14',
    read: programName,
  }),
};

/** The values of update-distcc-symlinks' options. */
export type SymlinkOptions = OptionValues<typeof symlinkOptions>;

/** Where a kind of system keeps what update-distcc-symlinks needs. */
export interface SymlinkPlaces {
  readonly custom: 'debian' | 'freebsd';
  /** Directories to fill. */
  readonly masqueradeDirs: readonly string[];
  readonly compilerDirs: readonly string[];
  /** Directories that hold one directory for each target triple of gcc, and in it one entry for each version. */
  readonly toolchainDirs: readonly string[];
  readonly distcc: string;
  /** The administrator's list of names that get no link in the directories above. */
  readonly unwanted: string;
}

const debian: SymlinkPlaces = {
  custom: 'debian',
  masqueradeDirs: ['/usr/lib/distcc'],
  compilerDirs: ['/usr/bin'],
  toolchainDirs: ['/usr/lib/gcc', '/usr/lib/gcc-cross'],
  distcc: '/usr/bin/distcc',
  unwanted: '/etc/distcc/masquerade.without',
};

/** The first directory is for the PATH of users, the second holds the names that the daemon permits. */
const freebsd: SymlinkPlaces = {
  custom: 'freebsd',
  masqueradeDirs: ['/usr/local/libexec/distcc', '/usr/local/lib/distcc'],
  compilerDirs: ['/usr/bin', '/usr/local/bin'],
  toolchainDirs: [],
  distcc: '/usr/local/bin/distcc',
  unwanted: '/usr/local/etc/distcc/masquerade.without',
};

/** The places of a platform, by Node's name for it: `linux`, `freebsd`. */
export function symlinkPlaces(platform: string): SymlinkPlaces {
  return platform === 'freebsd' ? freebsd : debian;
}

function checkTogether(options: SymlinkOptions): void {
  const changed = [...options.without, ...options.with];
  if (options['masquerade-dir'].length > 0 && changed.length > 0) {
    throw new Failure(
      exitStatus.badArguments,
      '--without and --with are about the usual directory: leave --masquerade-dir out',
    );
  }
  const both = options.without.find((name) => options.with.includes(name));
  if (both !== undefined)
    throw new Failure(exitStatus.badArguments, `--without and --with both name "${both}": leave one out`);
}

/** Reads the command line of update-distcc-symlinks. @throws Failure (status 101) */
export function readSymlinkOptions(words: readonly string[], platform: string): Reading<typeof symlinkOptions> {
  const { masqueradeDirs, compilerDirs, distcc, unwanted } = symlinkPlaces(platform);
  const reading = readOptions(
    {
      program: 'update-distcc-symlinks',
      table: symlinkOptions,
      usage: '[options]',
      version: versionBlock('update-distcc-symlinks', 'protocols 1 and 2'),
      footer: `Makes a link to ${distcc} in ${masqueradeDirs.join(' and ')} for each compiler in ${compilerDirs.join(' and ')}, and
removes links to distcc whose compiler is gone. Other files stay as they are. --without and --with change the list in
${unwanted}, which each later run follows.`,
    },
    words,
  );
  if ('options' in reading) checkTogether(reading.options);
  return reading;
}
