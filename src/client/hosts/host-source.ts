import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { Failure } from '../../basics/failure.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import { pathOf } from '../../system/byte-text.ts';
import { errorCode, systemReason } from '../../system/error-text.ts';
import { distccDirectory, readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import { noHosts, parseHostList, shuffle } from './host-list.ts';
import type { HostList, HostSource } from './host-list.ts';

/** The list of the whole machine, where this system keeps such files. */
export const systemHosts = process.platform === 'freebsd' ? '/usr/local/etc/distcc/hosts' : '/etc/distcc/hosts';

/** A longer file, in bytes, is certainly not a host list. */
export const longestList = 1024 * 1024;

/** Reads a file without waiting: the file may be a pipe to which nobody writes. */
function readText(path: string): string {
  // Links are followed, since a user may keep the list elsewhere.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    // A link to /dev/null is a way to have no list.
    if (found.isCharacterDevice()) return '';
    if (!found.isFile() && !found.isDirectory()) refuse(`"${path}" is not a regular file: it cannot hold a host list`);
    if (found.size > longestList) refuse(`"${path}" is longer than 1 MiB: this is not a host list`);
    return readFileSync(descriptor, 'latin1');
  } finally {
    closeSync(descriptor);
  }
}

function refuse(sentence: string, cause?: unknown): never {
  throw new Failure(exitStatus.badHostSpecification, sentence, { cause });
}

const missing: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EACCES', 'ENOTDIR']);

function readHostsFile(name: string): string | undefined {
  const path = pathOf(name);
  if (path === undefined) return undefined;
  try {
    return readText(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (missing.has(errorCode(error))) return undefined;
    return refuse(`cannot read "${path}": ${systemReason(error)}`, error);
  }
}

/** The list in DISTCC_HOSTS, which comes before all files. */
export function sourceInVariable(environment: Environment): HostSource | undefined {
  const text = readVariable('DISTCC_HOSTS', environment);
  return text === undefined ? undefined : { name: '$DISTCC_HOSTS', text, unit: 'words' };
}

/**
 * The files that may hold the list. Only the first that exists is read (doc/distcc-behaviour.md, "Sources of the host
 * list").
 */
function hostFiles(environment: Environment): string[] {
  const directory = distccDirectory(environment);
  return [...(directory === undefined ? [] : [`${directory}/hosts`]), systemHosts];
}

/** The list's source: the first that there is. @throws Failure (status 106) when it cannot be read */
export function findHostSource(environment: Environment): HostSource | undefined {
  const variable = sourceInVariable(environment);
  if (variable !== undefined) return variable;
  for (const name of hostFiles(environment)) {
    const text = readHostsFile(name);
    if (text !== undefined) return { name, text, unit: 'lines' };
  }
  return undefined;
}

/**
 * Reads a source and keeps the order of its words.
 * @throws Failure (status 106) when it is too long, or not a host list
 */
export function parseSource(source: HostSource): HostList {
  if (source.text.length >= longestList) refuse(`"${source.name}" is longer than 1 MiB: this is not a host list`);
  return parseHostList(source);
}

/**
 * The hosts of a source in the order of use. A list without hosts is not an error, but has a warning.
 * @throws Failure (status 106) when the list cannot be read
 */
export function listFrom(source: HostSource | undefined, parse = parseSource): HostList {
  if (source === undefined) {
    return {
      ...noHosts,
      warnings: [`no hostlist is set; can't distribute work: set DISTCC_HOSTS or write ${systemHosts}`],
    };
  }
  const list = parse(source);
  const empty = list.hosts.length === 0 ? [`${source.name} contained no hosts; can't distribute work`] : [];
  const hosts = list.randomize ? shuffle(list.hosts, Math.random) : list.hosts;
  return { ...list, hosts, warnings: [...list.warnings, ...empty] };
}

/** The user's list, read in this process. @throws Failure (status 106) when it cannot be read */
export function loadHosts(environment: Environment): HostList {
  return listFrom(findHostSource(environment));
}
