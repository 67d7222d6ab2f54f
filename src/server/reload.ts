import os from 'node:os';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { logLevelNames } from '../config/daemon-options.ts';
import { readDaemonOptions } from '../config/read-daemon-options.ts';
import type { DaemonOptions, daemonOptions } from '../config/daemon-options.ts';
import { systemReason } from '../system/error-text.ts';
import type { AccessList } from './policy/access-list.ts';
import { readAccess, readReaders } from './start/read-access.ts';
import type { Notices } from './log/startup-notices.ts';
import type { AssembledService } from './start/assemble-service.ts';
import { answerReload, readReloadFile } from './start/reload-file.ts';
import { readRules } from './start/read-rules.ts';

type Name = keyof typeof daemonOptions;

/** When a changed option takes effect. `none`: it only mattered at the start. */
export const effects: Readonly<Record<Name, 'at once' | 'after a restart' | 'none'>> = {
  allow: 'at once',
  'allow-private': 'at once',
  check: 'none',
  daemon: 'none',
  'enable-tcp-insecure': 'after a restart',
  fence: 'after a restart',
  'idle-exit': 'after a restart',
  inetd: 'after a restart',
  'job-lifetime': 'at once',
  jobs: 'at once',
  json: 'none',
  lifetime: 'after a restart',
  listen: 'after a restart',
  'log-file': 'after a restart',
  'log-format': 'after a restart',
  'log-level': 'at once',
  'log-stderr': 'after a restart',
  'masquerade-dir': 'at once',
  'max-memory': 'after a restart',
  nice: 'at once',
  'no-detach': 'none',
  'no-fifo': 'none',
  'no-fork': 'none',
  'no-tree': 'after a restart',
  'oom-score-adj': 'after a restart',
  'permit-option': 'at once',
  'pid-file': 'after a restart',
  port: 'after a restart',
  'reload-file': 'after a restart',
  'input-cache': 'after a restart',
  resident: 'none',
  'result-cache': 'after a restart',
  'show-compilers': 'none',
  'show-policy': 'none',
  stats: 'after a restart',
  'stats-allow': 'at once',
  'stats-listen': 'after a restart',
  'stats-port': 'after a restart',
  user: 'after a restart',
  // Its effect is in --log-level.
  verbose: 'none',
  wizard: 'none',
  zeroconf: 'after a restart',
};

const isName = (name: string): name is Name => Object.hasOwn(effects, name);

/** The options that differ, in the order of the table. */
function differences(before: DaemonOptions, next: DaemonOptions): Name[] {
  const text = (value: unknown): string => JSON.stringify(value) ?? '';
  return Object.keys(before)
    .filter(isName)
    .filter((name) => text(before[name]) !== text(next[name]));
}

/** A changed option, with its value when that is a single word. */
function describe(name: Name, options: DaemonOptions): string {
  const value = options[name];
  return typeof value === 'string' || typeof value === 'number' ? `--${name} ${value}` : `--${name}`;
}

/** Changes the priority of this process, which new compilers inherit; false when only root may do that. */
function changeNice(before: number, next: number): boolean {
  try {
    os.setPriority(Math.max(-20, Math.min(os.getPriority() - before + next, 19)));
    return true;
  } catch {
    return false;
  }
}

/** The present priority. The service manager's helper can change it where this process may not. */
function priority(): number | undefined {
  try {
    return os.getPriority();
  } catch {
    return undefined;
  }
}

/** The configuration of a running daemon, which can change without losing a job. */
export class Configuration {
  readonly #words: readonly string[];
  #options: DaemonOptions;
  #priority = priority();
  access: AccessList;
  /** Who may read the counters; undefined when those may who may send jobs. */
  readers: AccessList | undefined;

  /** `words` is the command line; the others are what was read from it at the start. */
  constructor(words: readonly string[], options: DaemonOptions, access: AccessList, readers?: AccessList) {
    this.#words = words;
    this.#options = options;
    this.access = access;
    this.readers = readers;
  }

  /**
   * Reads the options from `--reload-file`, and all files that they name, and applies what can be applied at once. An
   * error leaves everything as it was. One line in the log reports the result.
   */
  reload(service: AssembledService): void {
    const { log } = service;
    const file = this.#options['reload-file'];
    try {
      const text = this.#apply(service, file);
      log.notice(text);
      if (file !== undefined) answerReload(file, 'applied');
    } catch (error) {
      log.error(`${systemReason(error)}; keeping what was in force`);
      if (file !== undefined) answerReload(file, 'refused');
    }
  }

  #apply(service: AssembledService, file: string | undefined): string {
    const request = file === undefined ? undefined : readReloadFile(file);
    const reading = readDaemonOptions(request?.words ?? this.#words);
    if (!('options' in reading)) {
      throw new Failure(
        exitStatus.badArguments,
        'the new options do not start a daemon: leave --help and --version out',
      );
    }
    const next = reading.options;
    const notices: Notices = [];
    const access = readAccess(next, notices);
    const readers = readReaders(next, notices);
    // --enable-tcp-insecure also decides about the fence, which cannot change, so its old value stays in force.
    const insecure = this.#options['enable-tcp-insecure'];
    const rules = readRules({ ...next, 'enable-tcp-insecure': insecure }, process.env, notices);
    service.daemonLog.reopen();
    // Nothing after this line can fail.
    const changed: string[] = [];
    const waiting: string[] = [];
    let inForce = this.#options;
    for (const name of differences(this.#options, next)) {
      if (effects[name] === 'none') continue;
      const possible = name !== 'nice' || changeNice(this.#options.nice, next.nice);
      if (effects[name] === 'at once' && possible) {
        inForce = { ...inForce, [name]: next[name] };
        changed.push(describe(name, next));
      } else waiting.push(`--${name}`);
    }
    service.follow(rules);
    service.daemonLog.log.setLevel(logLevelNames[next['log-level']]);
    this.access = access;
    this.readers = readers;
    this.#options = inForce;
    for (const notice of notices) service.log.warning(notice);
    return [
      `read the configuration again: serving ${access.networks.join(', ')}, ${rules.jobs} jobs at a time`,
      ...part('changed', [...changed, ...this.#otherPriority(changed)]),
      ...part('only after a restart', [...waiting, ...(request?.waiting ?? [])]),
    ].join('; ');
  }

  /** Reports a priority that the service manager's helper has changed. */
  #otherPriority(changed: readonly string[]): string[] {
    const now = priority();
    const known = now === this.#priority || changed.some((text) => text.startsWith('--nice'));
    this.#priority = now;
    return known ? [] : [`priority ${now}`];
  }
}

const part = (title: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${title}: ${names.join(', ')}`];
