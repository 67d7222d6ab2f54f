import { readFileSync, statSync } from 'node:fs';
import { Failure } from '../basics/failure.ts';
import { exitStatus } from '../basics/exit-status.ts';
import { errorCode, systemReason } from '../system/error-text.ts';
import { distccDirectory, readVariable } from '../config/client-environment.ts';
import type { Environment } from '../config/client-environment.ts';
import { noHosts, parseHostList, shuffle } from './host-list.ts';
import type { HostList, HostSource } from './host-list.ts';

/** The list of the whole machine, where this system keeps such files. */
const systemHosts = process.platform === 'freebsd' ? '/usr/local/etc/distcc/hosts' : '/etc/distcc/hosts';

/** A list that is longer is some other file. */
const longestFile = 1024 * 1024;

function readHostsFile(path: string): string | undefined {
  try {
    if (statSync(path).size > longestFile) {
      throw new Failure(exitStatus.badHostSpecification, `"${path}" is longer than 1 MiB: this is no host list`);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EACCES' || errorCode(error) === 'ENOTDIR')
      return undefined;
    throw new Failure(exitStatus.badHostSpecification, `cannot read "${path}": ${systemReason(error)}`, {
      cause: error,
    });
  }
}

/** The first host list that exists, without merging (client-run reference, section 3.1); undefined when there is none. */
function findHostSource(environment: Environment): HostSource | undefined {
  const variable = readVariable('DISTCC_HOSTS', environment);
  if (variable !== undefined) return { name: '$DISTCC_HOSTS', text: variable, places: 'words' };
  const directory = distccDirectory(environment);
  for (const name of [...(directory === undefined ? [] : [`${directory}/hosts`]), systemHosts]) {
    const text = readHostsFile(name);
    if (text !== undefined) return { name, text, places: 'lines' };
  }
  return undefined;
}

/**
 * The user's host list in the order of use. A list without hosts is no error: it says so in its warnings.
 * @throws Failure (status 106) when the list cannot be read
 */
export function loadHosts(environment: Environment, parse = parseHostList): HostList {
  const source = findHostSource(environment);
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
