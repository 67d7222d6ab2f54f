import { Failure } from '../basics/failure.ts';
import { exitStatus } from '../basics/exit-status.ts';
import { readWholeNumber } from '../basics/whole-number.ts';

/** The environment variables of a program. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reports a value that is ignored or replaced. */
export type Complain = (sentence: string) => void;

/** One variable of the client. Reader, `--help` and the test of the manual page all use this entry. */
export interface Variable<T> {
  readonly help: string;
  /** The default, in the words of `--help`. */
  readonly initial: string;
  /**
   * Reads the text. A value that cannot be used is reported and replaced by the default, or is a Failure (status 101).
   */
  read(text: string | undefined, complain: Complain): T;
  /** Why the variable has no effect in this version. */
  readonly idle?: string;
}

function textVariable(help: string, initial: string): Variable<string | undefined> {
  return { help, initial, read: (text) => text };
}

/** A text with a default; an empty value counts as not set. */
function filledVariable(help: string, initial: string): Variable<string> {
  return { help, initial, read: (text) => (text === undefined || text === '' ? initial : text) };
}

/**
 * `1` is true and `0` is false; anything else is the default, as in distcc (doc/distcc-behaviour.md, "Variables of the
 * client").
 */
function switchVariable(help: string, initial: boolean): Variable<boolean> {
  return { help, initial: initial ? '1' : '0', read: (text) => (text === '1' ? true : text === '0' ? false : initial) };
}

/** A switch that is on when the variable is set, even to an empty text. */
function presentVariable(help: string): Variable<boolean> {
  return { help, initial: 'not set', read: (text) => text !== undefined };
}

function numberVariable<T>(name: string, help: string, initial: T, words: string): Variable<number | T> {
  return {
    help,
    initial: words,
    read(text, complain) {
      if (text === undefined || text === '') return initial;
      const value = readWholeNumber(text.trim(), 0, 1_000_000_000);
      if (value === undefined) complain(`${name} expects a whole number, not "${text}": using ${words}`);
      return value ?? initial;
    },
  };
}

function idleVariable(help: string, idle: string): Variable<string | undefined> {
  return { ...textVariable(help, 'not set'), idle };
}

const noFilesMode = 'the files mode (pump) is not supported yet';
const noAuthentication = 'authentication is not supported';

/** Every variable that the client knows (doc/distcc-behaviour.md, "Variables of the client"). */
export const clientVariables = {
  DISTCC_HOSTS: textVariable('hosts to use, instead of a hosts file', 'not set'),
  DISTCC_DIR: textVariable('directory of the host list, locks and state files', '~/.distcc'),
  DISTCC_VERBOSE: switchVariable('1 logs everything, including why a job stays here', false),
  DISTCC_LOG: filledVariable('file to write the log to', ''),
  UNCACHED_ERR_FD: numberVariable(
    'UNCACHED_ERR_FD',
    'descriptor to write the log to (set by ccache)',
    undefined,
    'stderr',
  ),
  DISTCC_FALLBACK: switchVariable('0: fail instead of compiling here when no host can', true),
  DISTCC_SKIP_LOCAL_RETRY: presentVariable('set: do not repeat here what fails to compile on a host'),
  DISTCC_NO_REWRITE_CROSS: presentVariable('set: send compiler names unchanged'),
  DISTCC_PREPROCESS: {
    help: 'here: preprocess every source on this machine',
    initial: 'auto',
    read(text: string | undefined, complain: Complain): 'auto' | 'here' {
      if (text === 'here') return 'here';
      if (text !== undefined && text !== '' && text !== 'auto')
        complain(`DISTCC_PREPROCESS is auto or here, not "${text}": using auto`);
      return 'auto';
    },
  },
  DISTCC_MISMATCH: {
    help: 'allow: use hosts whose compiler is another one than here',
    initial: 'avoid',
    read(text: string | undefined, complain: Complain): 'avoid' | 'allow' {
      if (text === 'allow') return 'allow';
      if (text !== undefined && text !== '' && text !== 'avoid')
        complain(`DISTCC_MISMATCH is avoid or allow, not "${text}": using avoid`);
      return 'avoid';
    },
  },
  DISTCC_VERIFY: switchVariable('1: compare what hosts make of unpreprocessed sources', false),
  DISTCC_PERMIT_OPTIONS: {
    help: "options that the hosts' --permit-option permits, with blanks between",
    initial: 'none',
    read: (text: string | undefined): readonly string[] => (text ?? '').split(/\s+/).filter((word) => word !== ''),
  },
  DISTCC_BACKOFF_PERIOD: numberVariable(
    'DISTCC_BACKOFF_PERIOD',
    'seconds that a failed host rests, 0 for none',
    60,
    '60',
  ),
  DISTCC_IO_TIMEOUT: {
    help: 'seconds without progress after which a host has failed',
    initial: '300',
    read(text: string | undefined): number {
      const value = text === undefined ? 300 : readWholeNumber(text.trim(), 1, 1_000_000);
      if (value === undefined) {
        throw new Failure(exitStatus.badArguments, `Bad DISTCC_IO_TIMEOUT value: ${text}: it is a number of seconds`);
      }
      return value;
    },
  },
  DISTCC_PAUSE_TIME_MSEC: numberVariable(
    'DISTCC_PAUSE_TIME_MSEC',
    'milliseconds between looks for a free slot',
    undefined,
    '10 to 50',
  ),
  DISTCC_SAVE_TEMPS: switchVariable('1 keeps preprocessed sources and server messages', false),
  DISTCC_SSH: filledVariable('command that opens ssh connections, split at blanks', 'ssh'),
  TMPDIR: filledVariable('directory of temporary files', '/tmp'),
  DISTCC_AGENT: switchVariable('0 does every job without the resident agent', true),
  DISTCC_AGENT_IDLE: {
    help: 'seconds without a job after which the agent ends',
    initial: '600',
    read: (text: string | undefined): number => readWholeNumber(text ?? '', 1, 1_000_000) ?? 600,
  },
  DISTCC_TCP_CORK: idleVariable('gather small packets', 'requests are always gathered'),
  DISTCC_PRINCIPAL: idleVariable('service principal', noAuthentication),
  INCLUDE_SERVER_PORT: idleVariable('include server of pump', noFilesMode),
  DISTCC_MAX_DISCREPANCY: idleVariable('tolerated discrepancies of pump', noFilesMode),
  DISTCC_EXCLUDE_FRESH_FILES: idleVariable('fresh files and pump', noFilesMode),
  DISTCC_ENABLE_DISCREPANCY_EMAIL: idleVariable('mail about discrepancies', 'no mail is ever sent'),
  DISTCC_EMAILLOG_WHOM_TO_BLAME: idleVariable('address of that mail', 'no mail is ever sent'),
} as const satisfies Readonly<Record<string, Variable<unknown>>>;

type Variables = typeof clientVariables;

/** Reads one variable. Throws a Failure (status 101) when its value makes it impossible to go on. */
export function readVariable<Name extends keyof Variables>(
  name: Name,
  environment: Environment,
  complain: Complain = () => {},
): ReturnType<Variables[Name]['read']> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the entry's own reader made the value
  return clientVariables[name].read(environment[name], complain) as ReturnType<Variables[Name]['read']>;
}

/** The directory of hosts, locks and state files; undefined when neither DISTCC_DIR nor HOME is set. */
export function distccDirectory(environment: Environment): string | undefined {
  const own = readVariable('DISTCC_DIR', environment);
  if (own !== undefined && own !== '') return own;
  const home = environment['HOME'];
  return home === undefined || home === '' ? undefined : `${home}/.distcc`;
}

/** The variable by which a client notices that distcc itself started it. */
export const guardVariable = '_DISTCC_SAFEGUARD';

/**
 * How many distccs have called each other above this one: 0 for a call by the user. A value that is not a number counts
 * as 1.
 */
export function guardLevel(environment: Environment): number {
  const text = environment[guardVariable];
  return text === undefined ? 0 : (readWholeNumber(text, 0, 1_000_000) ?? 1);
}
