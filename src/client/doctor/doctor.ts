import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { hostText } from '../../agent-state/status.ts';
import type { AgentStatus } from '../../agent-state/status.ts';
import { distccDirectory, guardVariable, readVariable } from '../../config/client-environment.ts';
import { byteText, readable } from '../../system/byte-text.ts';
import { systemReason } from '../../system/error-text.ts';
import { removeFolder } from '../../system/files/remove-folder.ts';
import { beforeSignal } from '../../system/processes/before-signal.ts';
import { statesFromAgent, statesFromFolder } from '../explain/host-states.ts';
import type { HostState } from '../explain/host-states.ts';
import { parseHostList } from '../hosts/host-list.ts';
import { hostName, lockName } from '../hosts/host.ts';
import type { Host } from '../hosts/host.ts';
import type { Call } from '../job/call.ts';
import { callerIsUtf8 } from '../messages/callers-language.ts';
import { readLockFolder } from '../slots/lock-folder.ts';
import { checkHost } from './check-host.ts';
import { faultsIn, findingLines, Findings } from './findings.ts';
import type { Finding } from './findings.ts';
import { checkAgent, checkFlags, checkHostList, checkMasquerade } from './this-machine.ts';
import { compilerFile, compilerWords, languages, prepareTrial } from './trial.ts';
import type { Language, Trial } from './trial.ts';
import { checkVariables } from './variables.ts';

/** Hosts that are examined at a time. */
const mostAtOnce = 32;

/** The user's command for each language. */
function commandsOf({ environment, directory }: Call): ReadonlyMap<Language, readonly string[]> {
  const isHere = (name: string): boolean => compilerFile(name, environment, directory) !== undefined;
  return new Map(languages.map((language) => [language, compilerWords(language, environment, isHere)]));
}

/** Prepares the trials in a folder of its own, and notes each compiler. */
async function prepareTrials(
  commands: ReadonlyMap<Language, readonly string[]>,
  { environment }: Call,
  findings: Findings,
): Promise<readonly Trial[]> {
  const top = readVariable('TMPDIR', environment);
  let folder = '';
  // Before there is a folder, or a signal could come between the two.
  const tidied = beforeSignal(() => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });
  try {
    folder = mkdtempSync(join(readable(top), 'distcc-doctor-'));
  } catch (error) {
    tidied();
    findings.wrong(
      'compilers',
      `not tried: cannot make a folder in "${readable(top)}": ${systemReason(error)}: set TMPDIR`,
    );
    return [];
  }
  const trials: Trial[] = [];
  try {
    for (const [language, words] of commands) {
      try {
        const trial = await prepareTrial(language, words, { environment, folder });
        findings.well(
          language.name,
          `"${words.join(' ')}" is ${trial.path}, ${trial.version ?? 'which does not tell its version'}`,
        );
        trials.push(trial);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const isAlone = language.name === 'C++' && compilerFile(words[0] ?? '', environment, folder) === undefined;
        // Not everybody compiles C++.
        if (isAlone && environment[language.variable] === undefined) findings.note(language.name, error.message);
        else findings.wrong(language.name, error.message);
      }
    }
    return trials;
  } finally {
    await removeFolder(folder).catch(() => {});
    tidied();
  }
}

/** The states of hosts, by the agent if one runs, else by the lock files. */
function statesOf(hosts: readonly Host[], status: AgentStatus | undefined, { environment }: Call): HostState[] {
  if (status !== undefined) return statesFromAgent(hosts, status);
  const folder = distccDirectory(environment) ?? '/nonexistent';
  return statesFromFolder(hosts, readLockFolder(`${folder}/lock`, readVariable('DISTCC_BACKOFF_PERIOD', environment)));
}

/** The hosts of the list that the user means by a word, else the host that the word describes. @throws Failure */
function hostsFor(word: string, listed: readonly Host[]): readonly Host[] {
  const names = (host: Host): string[] => [host.definition, hostName(host), hostText(lockName(host))];
  const meant = listed.filter((host) => names(host).includes(word));
  return meant.length > 0 ? meant : parseHostList({ name: 'the command', text: word, unit: 'words' }).hosts;
}

/** A host that needs no examination, and why. */
function unexamined(host: Host, isNamed: boolean): Finding | undefined {
  if (host.kind === 'local')
    return { mark: 'note', about: 'slots', text: `this machine, ${host.slots} jobs at a time` };
  if (isNamed) return undefined;
  if (host.down)
    return { mark: 'note', about: 'host list', text: 'marked down, so it gets no jobs: take ",down" away to use it' };
  if (host.slots > 0) return undefined;
  return {
    mark: 'note',
    about: 'host list',
    text: 'its number of jobs is not above 0, so it gets none: write "/4" to use it',
  };
}

/** Runs tasks in parallel, so many at a time at most, and gives their results in order, each as soon as it is there. */
async function* inOrder<T>(tasks: readonly (() => Promise<T>)[]): AsyncGenerator<T> {
  const results: Promise<T>[] = [];
  for (let next = 0; next < tasks.length; next += 1) {
    for (let at = results.length; at < Math.min(tasks.length, next + mostAtOnce); at += 1) {
      const task = tasks[at];
      const result = task === undefined ? undefined : task();
      // Its turn to be waited for may come later.
      result?.catch(() => {});
      if (result !== undefined) results.push(result);
    }
    const result = results[next];
    if (result !== undefined) yield await result;
  }
}

const conclusion = (faults: number): string =>
  faults === 0 ? 'all is well' : `${faults} ${faults === 1 ? 'thing' : 'things'} to mend`;

/**
 * Examines this machine and the hosts of the list, or those that are named, and prints what is well and what is to be
 * mended. Gives the exit status.
 * @throws Failure when a word is not a host
 */
export async function examine(
  call: Call,
  {
    words,
    agents,
    print,
  }: {
    readonly words: readonly string[];
    readonly agents: readonly AgentStatus[];
    print(this: void, text: string): void;
  },
): Promise<number> {
  const utf8 = callerIsUtf8(call.environment);
  const show = (machine: string, findings: readonly Finding[]): void =>
    print(byteText(`${findingLines(machine, findings, { utf8 }).join('\n')}\n`));
  const here = new Findings();
  const list = checkHostList(call.environment, here);
  const listed = list?.hosts ?? [];
  const hosts = words.length === 0 ? listed : words.flatMap((word) => hostsFor(word, listed));
  checkAgent(agents, call, here);
  // What the variable means is said below; the trials are as without it.
  const unguarded = { ...call, environment: { ...call.environment, [guardVariable]: undefined } };
  const commands = commandsOf(unguarded);
  checkMasquerade(languages, unguarded, here);
  const trials = await prepareTrials(commands, unguarded, here);
  await checkFlags(commands, unguarded, here);
  checkVariables(call.environment, here);
  show('this machine', here.all);
  let faults = faultsIn(here.all);
  const states = statesOf(hosts, agents[0], call);
  const tasks = hosts.map((host, at) => async () => {
    const known = unexamined(host, words.length > 0);
    if (known !== undefined || host.kind === 'local') return { host, findings: known === undefined ? [] : [known] };
    const exam = { trials, environment: call.environment, state: states[at], others: [...listed, ...hosts] };
    return { host, findings: (await checkHost(host, exam)).all };
  });
  for await (const { host, findings } of inOrder(tasks)) {
    show(readable(host.definition), findings);
    faults += faultsIn(findings);
  }
  print(`${conclusion(faults)}\n`);
  return faults === 0 ? exitStatus.ok : exitStatus.general;
}
