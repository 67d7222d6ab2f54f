import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../../basics/failure.ts';
import { baseName } from '../../compiler/names/source-name.ts';
import { agentFolder } from '../../agent-state/find-agents.ts';
import { agentVersion } from '../../agent-state/agent-version.ts';
import type { AgentStatus } from '../../agent-state/status.ts';
import { distccDirectory, readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import { clientVersion } from '../../config/client-options.ts';
import { pathOf, readable } from '../../system/byte-text.ts';
import { pathDirectories } from '../../system/files/path-search.ts';
import { totalSlots } from '../hosts/host-list.ts';
import type { HostList } from '../hosts/host-list.ts';
import { findHostSource, parseSource, systemHosts } from '../hosts/host-source.ts';
import { programsIn } from '../user-files/find-programs.ts';
import type { Findings } from './findings.ts';
import { jobOf } from './trial.ts';
import type { Language } from './trial.ts';

/** Where this command runs. */
export interface Place {
  readonly environment: Environment;
  readonly directory: string;
}

const example = '"server1/8 localhost/2"';

/** Reads the host list and notes what it is; undefined when there is none that can be used. */
export function checkHostList(environment: Environment, findings: Findings): HostList | undefined {
  const about = 'host list';
  try {
    const source = findHostSource(environment);
    if (source === undefined) {
      const own = distccDirectory(environment);
      const files = own === undefined ? systemHosts : `${readable(own)}/hosts or ${systemHosts}`;
      findings.wrong(
        about,
        `there is none, so nothing is distributed: set DISTCC_HOSTS, or write ${files}, such as ${example}`,
      );
      return undefined;
    }
    // Not in the order of one job, which "--randomize" would change.
    const list = parseSource(source);
    const name = readable(source.name);
    const usable = list.hosts.filter((host) => host.kind !== 'local' && !host.down && host.slots > 0);
    if (list.hosts.length === 0)
      findings.wrong(about, `${name} has no hosts, so nothing is distributed: add some, such as ${example}`);
    else if (usable.length === 0)
      findings.wrong(
        about,
        `${name} has no other machine that may be used, so nothing is distributed: add some, such as ${example}`,
      );
    else
      findings.well(
        about,
        `${name}: ${list.hosts.length} ${list.hosts.length === 1 ? 'host' : 'hosts'}, ${totalSlots(list)} jobs at a time, so "make -j${totalSlots(list)}"`,
      );
    for (const warning of list.warnings) findings.note(about, warning);
    if (usable.length > 0 && list.hosts[0]?.kind === 'local' && !list.randomize)
      findings.note(about, '"localhost" stands first, so jobs go to other hosts when it is full: move it to the end');
    return list;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    findings.wrong(about, `it cannot be used, so nothing is distributed: ${error.message}`);
    return undefined;
  }
}

/** Why no agent can listen in a folder, as the launcher sees it; undefined when one can. */
function obstacleToAgent(folder: string | undefined): string | undefined {
  if (folder === undefined) return 'none of DISTCC_DIR, XDG_RUNTIME_DIR and HOME names a folder for it: set HOME';
  const path = pathOf(folder);
  if (path === undefined) return undefined;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    const above = dirname(path);
    // The launcher makes ~/.distcc and the folder in it.
    const made = above.endsWith('/.distcc') ? dirname(above) : above;
    const place = existsSync(above) ? above : made;
    return mayWrite(place) ? undefined : `"${path}" cannot be made in "${place}": make it, or set DISTCC_DIR`;
  }
  if (!found.isDirectory()) return `"${path}" is not a folder: remove it`;
  if (found.uid !== process.geteuid?.()) return `"${path}" belongs to another account: remove it, or set DISTCC_DIR`;
  if ((found.mode & 0o077) !== 0) return `"${path}" is open to other accounts: chmod 700 it`;
  return mayWrite(path) ? undefined : `"${path}" is not writable: allow it, or set DISTCC_DIR`;
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Notes whether the agent runs. */
export function checkAgent(
  agents: readonly AgentStatus[],
  { environment, directory }: Place,
  findings: Findings,
): void {
  if (!readVariable('DISTCC_AGENT', environment)) return;
  const obstacle = agents.length > 0 ? undefined : obstacleToAgent(agentFolder(environment, directory));
  if (obstacle !== undefined)
    findings.wrong('agent', `none can run, so every job starts a process of its own: ${obstacle}`);
  else if (agents.length === 0) findings.note('agent', 'none runs yet: the first job starts it');
  for (const { pid, version, jobsDone } of agents) {
    if (version === agentVersion)
      findings.well('agent', `process ${pid}, ${jobsDone} ${jobsDone === 1 ? 'job' : 'jobs'} done`);
    else findings.note('agent', `process ${pid} has another version and ends when its jobs are done`);
  }
}

/** Whether a command of the environment is passed on to distcc. */
const callsDistcc = (words: string | undefined): boolean =>
  (words ?? '').split(/\s+/).some((word) => baseName(word) === 'distcc');

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** What another distcc than this one says of itself; undefined for this one, and for one that says nothing. */
function otherVersion(program: string): string | undefined {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 2000, stdio: ['ignore', 'pipe'] });
  const line = firstLine(stdout ?? '');
  return line === '' || line === firstLine(clientVersion()) ? undefined : line;
}

/** Notes whether plain names of compilers lead to distcc. */
export function checkMasquerade(
  languages: readonly Language[],
  { environment, directory }: Place,
  findings: Findings,
): void {
  const path = pathOf(environment['PATH']);
  const folders = pathDirectories(path, directory);
  const programs = programsIn(path, directory);
  const said = callsDistcc(environment['CC']) || environment['CCACHE_PREFIX'] === 'distcc';
  const how = `"make CC='distcc gcc' CXX='distcc g++'"`;
  const about = 'PATH';
  const late = languages
    .flatMap(({ compilers }) => compilers)
    .map((name) => {
      const found = programs(name).filter(({ real }) => !/^s?ccache$/.test(baseName(real)));
      return { name, link: found.find(({ ours }) => ours), real: found.find(({ ours }) => !ours) };
    })
    .filter(({ link }) => link !== undefined);
  const [first] = late;
  if (first?.link === undefined) {
    if (said) findings.well(about, 'not used: CC or CCACHE_PREFIX names distcc');
    else
      findings.note(
        about,
        `no folder of it has links to distcc, so a build has to name it: ${how}, or put /usr/lib/distcc first`,
      );
    return;
  }
  const hidden = late.find(({ link, real }) => link !== undefined && real !== undefined && real.entry < link.entry);
  if (hidden?.link === undefined || hidden.real === undefined) {
    const place = `"${first.name}" is distcc, in ${folders[first.link.entry] ?? ''}`;
    const other = otherVersion(first.link.real);
    if (other === undefined) findings.well(about, place);
    else findings.note(about, `${place}, but another one: ${first.link.real} says "${other}"`);
    return;
  }
  const order = `${folders[hidden.real.entry] ?? ''} comes before ${folders[hidden.link.entry] ?? ''}`;
  const text = `${order}, so "${hidden.name}" is not distcc`;
  if (said) findings.note(about, `${text}; CC or CCACHE_PREFIX names distcc, which works too`);
  else findings.wrong(about, `${text}: put ${folders[hidden.link.entry] ?? ''} first`);
}

const flagVariables = [
  ['CFLAGS', 'C'],
  ['CXXFLAGS', 'C++'],
  ['CPPFLAGS', 'C'],
] as const;

/** Notes flags of the environment with which every compile stays here. */
export async function checkFlags(
  commands: ReadonlyMap<Language, readonly string[]>,
  { environment, directory }: Place,
  findings: Findings,
): Promise<void> {
  for (const [variable, languageName] of flagVariables) {
    const flags = (environment[variable] ?? '').split(/\s+/).filter((word) => word !== '');
    const command = [...commands].find(([language]) => language.name === languageName);
    if (flags.length === 0 || command === undefined) continue;
    const [language, words] = command;
    const job = await jobOf(language, [...words, ...flags], { environment, directory });
    if (job.run === 'locally')
      findings.wrong(variable, `every compile with it stays here: ${job.because}: ${job.cure}`);
    else findings.well(variable, 'compiles with it can be distributed');
  }
}
