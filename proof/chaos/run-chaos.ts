import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitStatus } from '../../src/basics/exit-status.ts';
import { Failure } from '../../src/basics/failure.ts';
import { endChild, endGroup } from '../../demo/child.ts';
import type { Cleanup } from '../../demo/cleanup.ts';
import { makeMasqueradeDirectory } from '../../demo/daemons.ts';
import type { Sources } from '../../demo/sources.ts';
import type { Dice } from '../dice.ts';
import { startHost } from './host.ts';
import type { Host } from './host.ts';
import { agentsIn, makeMischief } from './mischief.ts';
import { filesBelow, lockedFiles, processesWith, signalTo } from './processes.ts';
import { differences, makeProject, startMake } from './project.ts';
import type { Goal, Levels, Project } from './project.ts';

/** What is built, and how it is told apart from everything else on this machine. */
export interface ChaosPlan {
  readonly top: string;
  readonly sources: Sources;
  readonly levels: Levels;
  readonly dice: Dice;
  /** Whether to begin another round after this many. */
  readonly goesOn: (rounds: number) => boolean;
  readonly say: (line: string) => void;
}

/** Everything that the rounds share. */
interface Field {
  readonly plan: ChaosPlan;
  readonly place: string;
  readonly own: string;
  readonly temporary: string;
  readonly mark: string;
  readonly distcc: string;
  readonly hosts: readonly [Host, ...Host[]];
  readonly project: Project;
  readonly environment: NodeJS.ProcessEnv;
}

/** How many times a user would run make again. */
const patience = 60;
/** A build that takes longer than this hangs. */
const longestMs = 600_000;

const failure = (sentence: string): Failure => new Failure(exitStatus.general, sentence);

/** Waits until `lacks` returns nothing, for 20 s at most; returns what it returned last. */
async function waitFor(lacks: () => readonly string[]): Promise<readonly string[]> {
  let lacking = lacks();
  for (let waited = 0; waited < 20_000 && lacking.length > 0; waited += 100) {
    await new Promise((next) => setTimeout(next, 100));
    lacking = lacks();
  }
  return lacking;
}

/** One make, which has to end well unless launchers were killed meanwhile; tells whether it did. */
async function makeOnce(field: Field, goal: Goal, launchersKilled: () => number): Promise<boolean> {
  const before = launchersKilled();
  const { child, ended } = startMake(field.project, goal, field.distcc, field.environment);
  const late = setTimeout(() => endGroup(child), longestMs);
  const { status, output } = await ended;
  clearTimeout(late);
  if (status === 0) return true;
  if (status !== null && launchersKilled() > before) return false;
  const tail = output.split('\n').slice(-30).join('\n');
  throw failure(`make ended with ${status} though no launcher was killed:\n${tail}`);
}

/** Builds until make has come to its end, and gives how often it was called. */
async function make(field: Field, goal: Goal, launchersKilled: () => number): Promise<number> {
  mkdirSync(goal.out);
  let times = 1;
  while (!(await makeOnce(field, goal, launchersKilled))) {
    times += 1;
    if (times > patience) throw failure(`make did not finish in ${patience} attempts`);
  }
  return times;
}

async function build(field: Field, name: string, launchersKilled: () => number): Promise<number> {
  const goal = { out: join(field.place, `out-${name}`), kind: 'plain' } as const;
  const times = await make(field, goal, launchersKilled);
  // What a killed launcher leaves beside an object is removed when the process that it started ends.
  const different = await waitFor(() => differences(field.project, goal));
  if (different.length > 0) throw failure(`the objects are not those of a local build: ${different.join(', ')}`);
  rmSync(goal.out, { recursive: true });
  return times;
}

/** What a build must not leave anywhere. */
function leftovers({ own, temporary, mark, hosts }: Field): string[] {
  const agents = new Set(agentsIn(own));
  const daemons = new Set(hosts.map((host) => host.daemon().process.pid));
  const compilers = processesWith(mark).filter(({ pid }) => !agents.has(pid) && !daemons.has(pid));
  return [
    ...compilers.map(({ pid, command }) => `process ${pid}: ${command.slice(0, 200)}`),
    ...hosts.flatMap((host) => host.leftovers()),
    ...(agents.size > 0 ? [] : filesBelow(join(own, 'state')).map((name) => `state/${name}`)),
    ...(agents.size > 0 ? [] : filesBelow(temporary).map((name) => `tmp/${name}`)),
    ...(agents.size > 0 ? [] : lockedFiles(own).map((name) => `a lock on ${name}`)),
  ];
}

async function expectNothingLeft(field: Field, when: string): Promise<void> {
  const left = await waitFor(() => leftovers(field));
  if (left.length > 0) throw failure(`${when} this is left:\n  ${left.join('\n  ')}`);
}

async function chaoticRound(field: Field, number: number): Promise<void> {
  const { plan, hosts, own, distcc, mark } = field;
  const mischief = makeMischief({ hosts, own, distcc, mark, dice: plan.dice });
  try {
    const times = await build(field, String(number), mischief.launchersKilled);
    plan.say(
      `round ${number}: identical after ${times} make${times === 1 ? '' : 's'}, ` +
        `${mischief.story.length} blows, ${mischief.launchersKilled()} launchers killed`,
    );
  } catch (error) {
    plan.say(`what was done:\n  ${mischief.story.join('\n  ')}`);
    throw error;
  } finally {
    await mischief.end();
  }
}

/** How an agent sent its jobs to hosts. */
interface Sent {
  readonly unpreprocessed: number;
  readonly preprocessed: number;
  readonly reasons: readonly { readonly why: string; readonly jobs: number }[];
}

function sentBy({ distcc, environment }: Field): Sent {
  const { stdout } = spawnSync(distcc, ['--agent-status', '--json'], { env: environment, encoding: 'utf8' });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agents' own status
  const [agent, ...more] = JSON.parse(stdout) as readonly { readonly sent: Sent }[];
  if (agent === undefined || more.length > 0) throw failure(`there is not one agent: ${stdout}`);
  return agent.sent;
}

/** A new agent, which has given no host up and has heard what each of them offers, after one job for each. */
async function meetHosts({ own, distcc, environment, project, mark }: Field): Promise<void> {
  spawnSync(distcc, ['--agent-stop'], { env: environment, stdio: 'ignore' });
  await waitFor(() => agentsIn(own).map(String));
  const source = join(project.directory, `${mark}-met.c`);
  writeFileSync(source, 'int met;\n');
  for (const host of (environment['DISTCC_HOSTS'] ?? '').split(' ')) {
    const settings = { ...environment, DISTCC_HOSTS: host, DISTCC_FALLBACK: '0', DISTCC_IO_TIMEOUT: '60' };
    const words = ['cc', '-c', source, '-o', source.replace(/c$/, 'o')];
    // The way to the host is in this process, which must not wait for it.
    const child = spawn(distcc, words, { env: settings, stdio: 'ignore' });
    await once(child, 'exit');
    if (child.exitCode !== 0) throw failure(`${host} does not do a job when all is calm`);
  }
  for (const ending of ['c', 'o']) rmSync(source.replace(/c$/, ending));
}

/**
 * Builds with debug information, which only jobs that are sent unpreprocessed have as here; they must be at least half
 * of the jobs, and no job may go the slow way unnoticed.
 */
async function buildFromInputs(field: Field): Promise<void> {
  const before = sentBy(field);
  const goal = { out: join(field.place, 'out-debug'), kind: 'debug' } as const;
  await make(field, goal, () => 0);
  const after = sentBy(field);
  const sources = after.unpreprocessed - before.unpreprocessed;
  const texts = after.preprocessed - before.preprocessed;
  const why = after.reasons.map(({ why: reason, jobs }) => `${jobs} because ${reason}`).join(', ');
  const said = `sent to hosts when all was calm: ${sources} sources, ${texts} preprocessed here`;
  field.plan.say(why === '' ? said : `${said}: ${why}`);
  const offering = field.hosts.filter((host) => host.takesInputs()).length;
  if (offering < field.hosts.length) field.plan.say(`only ${offering} of the hosts compile clients' own files`);
  else if (sources < texts) throw failure('fewer than half of the jobs were sent unpreprocessed');
  const different = differences(field.project, goal);
  const objects = different.filter((what) => what.endsWith('.o differs'));
  if (different.length > objects.length || objects.length > texts)
    throw failure(`the build with -g is not that of a local one: ${different.join(', ')}`);
  rmSync(goal.out, { recursive: true });
}

/** After the storm: a build that nobody disturbs ends at once, and then nothing is left. */
async function calmRound(field: Field): Promise<void> {
  const { hosts, own, distcc, environment, plan } = field;
  for (const { relay } of hosts) relay.calm();
  await meetHosts(field);
  await build(field, 'calm', () => 0);
  await buildFromInputs(field);
  await expectNothingLeft(field, 'after the last build');
  spawnSync(distcc, ['--agent-stop'], { env: environment, stdio: 'ignore' });
  await waitFor(() => agentsIn(own).map(String));
  await expectNothingLeft(field, 'after the agent has ended');
  for (const host of hosts) {
    const { process: daemon } = host.daemon();
    await endChild(daemon);
    // A second signal may come when it has done everything, and does not listen to signals any more.
    const done = readFileSync(join(field.place, `${host.name}.log`), 'utf8').endsWith(' ended\n');
    if (daemon.exitCode !== 0 && !(daemon.signalCode === 'SIGTERM' && done))
      throw failure(`${host.name} ended with ${daemon.exitCode ?? daemon.signalCode}`);
    const left = host.disk ? [] : filesBelow(join(field.place, host.name));
    if (left.length > 0) throw failure(`${host.name} left ${left.join(', ')}`);
  }
  const met = new Map<string, number>();
  for (const { relay } of hosts) for (const [what, times] of relay.done) met.set(what, (met.get(what) ?? 0) + times);
  plan.say(`connections: ${[...met].map(([what, times]) => `${times} ${what}`).join(', ')}`);
}

async function layOut(plan: ChaosPlan, cleanup: Cleanup): Promise<Field> {
  const place = mkdtempSync(join(tmpdir(), 'distccd-chaos-'));
  cleanup.add(() => rmSync(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  chmodSync(place, 0o755);
  const mark = `chaos${process.pid}x${plan.dice.seed}`;
  cleanup.add(() => {
    for (const { pid } of processesWith(mark)) signalTo(pid, 'SIGKILL');
  });
  const [own, temporary] = ['distcc', 'tmp'].map((name) => join(place, name)) as [string, string];
  for (const folder of [own, temporary]) mkdirSync(folder);
  const distcc = join(plan.top, 'dist/bin/distcc');
  makeMasqueradeDirectory(join(place, 'links'), distcc);
  const project = makeProject(plan.sources, plan.levels, { place, mark });
  const [object = Buffer.alloc(0)] = project.references.plain.values();
  const where = { top: plan.top, path: place, mark, object };
  const hosts: [Host, ...Host[]] = [await startHost(0, where, plan.dice, cleanup)];
  for (const number of [1, 2]) hosts.push(await startHost(number, where, plan.dice, cleanup));
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:_?DISTCC|MAKE|MFLAGS)/.test(name));
  const environment = {
    ...Object.fromEntries(kept),
    DISTCC_HOSTS: hosts.map(({ relay }, at) => `127.0.0.1:${relay.port}/6${at === 0 ? '' : ',lzo'}`).join(' '),
    DISTCC_DIR: own,
    DISTCC_BACKOFF_PERIOD: '1',
    DISTCC_IO_TIMEOUT: '3',
    TMPDIR: temporary,
    CHAOS: mark,
  };
  return { plan, place, own, temporary, mark, distcc, hosts, project, environment };
}

/**
 * Builds real code with three daemons, an agent and launchers that are killed and stopped, through relays that cut,
 * delay and garble: every build ends well, with the objects of a local one, and leaves nothing. Where the user may not
 * mount, no disk is filled.
 * @throws Failure that says what did not hold
 */
export async function runChaos(plan: ChaosPlan, cleanup: Cleanup): Promise<void> {
  const field = await layOut(plan, cleanup);
  if (!field.hosts[0].disk) plan.say('no disk is filled: that needs root and unshare(1)');
  for (let number = 1; plan.goesOn(number - 1); number += 1) await chaoticRound(field, number);
  await calmRound(field);
}
