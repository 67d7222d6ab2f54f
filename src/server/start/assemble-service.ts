import { systemReason } from '../../system/error-text.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { logLevelNames } from '../../config/daemon-options.ts';
import { ignoredText } from '../../config/read-daemon-options.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import type { Logger } from '../../logging/log-line.ts';
import { descriptorLimit } from '../../system/descriptors/descriptor-limit.ts';
import { quoted } from '../../wire/quoted.ts';
import type { Caps } from '../../wire/inputs/caps.ts';
import { inFence, folderSeen, tryFence } from '../../system/fence/fence.ts';
import type { FenceFound } from '../../system/fence/fence.ts';
import { findTreeRoots, TreeRoots } from '../../system/fence/tree-roots.ts';
import type { TreeRootsFound } from '../../system/fence/tree-roots.ts';
import { steadyClock } from '../../system/machine/every-second.ts';
import { ChildGuard } from '../../system/processes/child-guard.ts';
import { spawn } from '../../system/processes/spawn.ts';
import type { Spawn } from '../../system/processes/spawn.ts';
import { openSpool, sweepSpools } from '../../system/files/temporary-folder.ts';
import type { Spool } from '../../system/files/temporary-folder.ts';
import type { Places } from '../../system/fence/toolchain-paths.ts';
import type { AccessList } from '../policy/access-list.ts';
import { KnownCompilers } from '../compilers/known-compilers.ts';
import { lookAtCompiler } from '../compilers/look-at-compiler.ts';
import type { Compiler, NamedProgram } from '../compilers/look-at-compiler.ts';
import { ByteBudget } from '../limits/byte-budget.ts';
import { planCapacity, usualShare } from '../limits/capacity.ts';
import type { Capacity } from '../limits/capacity.ts';
import { compilerEnvironment } from '../job/compiler-environment.ts';
import type { Service } from '../connection/service.ts';
import { openDaemonLog } from '../log/daemon-log.ts';
import type { DaemonLog } from '../log/daemon-log.ts';
import { FairQueue } from '../limits/fair-queue.ts';
import { JobBoard } from '../job/job-board.ts';
import { JobPlaces } from '../job/job-places.ts';
import { JobStatistics } from '../job/job-statistics.ts';
import { LogLimit } from '../log/log-limit.ts';
import { chooseLogTarget } from '../log/log-target.ts';
import type { Outlets } from '../log/log-target.ts';
import type { Notices } from '../log/startup-notices.ts';
import { slowestPace } from '../limits/transfer-pace.ts';
import type { ServedCompiler } from './list-compilers.ts';
import { openTrees } from './open-trees.ts';
import type { TreesFound } from './open-trees.ts';
import { readRules } from './read-rules.ts';
import type { Rules } from './read-rules.ts';

const spoolPrefix = 'distccd-spool-';
const deadlines = { receiving: 1800_000, silence: 300_000, waiting: 1800_000, answering: 600_000 };

/** A service whose every part has been tried. */
export interface AssembledService extends Service {
  readonly daemonLog: DaemonLog;
  readonly jobs: number;
  /** Looks for the compilers that are permitted by name. */
  readonly served: () => readonly ServedCompiler[];
  /** Applies other rules to jobs that begin from now on; the fence stays. */
  readonly follow: (rules: Rules) => void;
  readonly capacity: Capacity;
  readonly fence: FenceFound;
  /** Whether clients' own files are compiled here. */
  readonly ownFiles: TreesFound;
  /** Finds out what a compiler is. */
  readonly lookAt: (program: NamedProgram) => Promise<Compiler | undefined>;
  /** Takes away all that the daemon has put into directories. What cannot be removed is only logged. */
  readonly remove: () => Promise<void>;
}

/** How a service that ssh's clients get differs from others. */
export interface SshManner {
  /** Clients' own files are compiled in roots also where each client may run every program outside of them. */
  readonly rootsForAll?: boolean;
  /** What clients are told after their answers. */
  readonly promise?: Caps | undefined;
}

/** Sets up everything that serving needs, as the account that serves, so that nothing fails only with the first job. */
export function assembleService(
  options: DaemonOptions,
  access: () => AccessList,
  notices: Notices,
  { rootsForAll = false, promise, ...outlets }: Outlets & SshManner,
): AssembledService {
  const ignored = ignoredText(options);
  // Under inetd every client would repeat it.
  if (ignored !== undefined && !options.inetd) notices.push(ignored);
  let rules = readRules(options, process.env, notices);
  const daemonLog = openDaemonLog(
    chooseLogTarget(options, notices, outlets),
    logLevelNames[options['log-level']],
    options['log-format'],
  );
  const spool = makeSpool(daemonLog.log);
  const fence = findFence(options, spool, placesOf(rules));
  const capacity = planCapacity(options['max-memory'] ?? usualShare(), descriptorLimit());
  // Under inetd every client would repeat this notice.
  if (fence.lacks !== undefined && !options.inetd) notices.push(fence.lacks);
  const queue = new FairQueue(rules.jobs);
  const insecure = options['enable-tcp-insecure'] && options.fence !== 'none';
  const treeFence = rootsForAll && insecure ? tryIn(spool, placesOf(rules)) : fence;
  const guard = new ChildGuard();
  // How compilers are started follows from the rules.
  let workplace = makeWorkplace(rules, { fence, treeFence }, spool, guard);
  const setup = {
    roots: (): TreeRootsFound => workplace.roots,
    compilerEnvironment: () => workplace.treeEnvironment,
    spool,
    log: daemonLog.log,
    memory: capacity.memory,
    environment: process.env,
  };
  const ownFiles = openTrees(options, setup, notices);
  const over = new AbortController();
  const looks = new Set<Promise<unknown>>();
  const look = (program: NamedProgram): Promise<Compiler | undefined> => {
    if (over.signal.aborted) return Promise.resolve(undefined);
    const looked = lookAtCompiler(program, service, over.signal).finally(() => looks.delete(looked));
    looks.add(looked);
    return looked;
  };
  const lookAndTell = async (program: NamedProgram): Promise<Compiler | undefined> => {
    const compiler = await look(program);
    const name = `the compiler ${quoted(program.name)}`;
    if (compiler === undefined) daemonLog.log.info(`${name} cannot be compared with those of clients`);
    else daemonLog.log.info(`${name} is ${compiler.fingerprint.version}, for ${compiler.fingerprint.target}`);
    return compiler;
  };
  const service: AssembledService = {
    daemonLog,
    log: daemonLog.log,
    get jobs() {
      return rules.jobs;
    },
    follow(next) {
      rules = next;
      workplace = makeWorkplace(rules, { fence, treeFence }, spool, guard);
      queue.resize(rules.jobs);
    },
    capacity,
    clientLog: new LogLimit(daemonLog.log),
    places: new JobPlaces(spool),
    get spawn() {
      return workplace.spawn;
    },
    fence,
    ownFiles,
    trees: ownFiles.kind === 'offered' ? ownFiles.service : undefined,
    promise,
    known: options.inetd
      ? undefined
      : new KnownCompilers({ look: lookAndTell, takeSlot: () => queue.takeIdle(), now: steadyClock }),
    lookAt: look,
    async remove() {
      over.abort();
      // A compiler that is looked at may write until it has ended.
      await Promise.allSettled(looks);
      const all = [...(ownFiles.kind === 'offered' ? [ownFiles] : []), spool];
      for (const each of all) {
        await each.remove().catch((error: unknown) => {
          daemonLog.log.error(`${systemReason(error)}: the next start of the daemon tries again`);
        });
      }
    },
    access,
    get compilers() {
      return rules.compilers;
    },
    served: () => rules.served(),
    get permittedOptions() {
      return rules.permittedOptions;
    },
    get environment() {
      return workplace.environment;
    },
    get lifetimeMs() {
      return rules.lifetimeMs;
    },
    graceMs: 1000,
    queue,
    budget: new ByteBudget(capacity.requests),
    answerFiles: new ByteBudget(capacity.answers),
    deadlines,
    pace: slowestPace,
    statistics: new JobStatistics(),
    board: new JobBoard(),
  };
  return service;
}

const placesOf = ({ path }: Rules): Places => ({ directories: path, temporary: process.cwd() });

interface Workplace extends Pick<Service, 'spawn' | 'environment'> {
  readonly roots: TreeRootsFound;
  readonly treeEnvironment: readonly string[];
}

function makeWorkplace(
  rules: Rules,
  { fence, treeFence }: { readonly fence: FenceFound; readonly treeFence: FenceFound },
  spool: Spool,
  guard: ChildGuard,
): Workplace {
  const places = placesOf(rules);
  // The namespaces of a job with a root of its own end with the daemon by themselves.
  const start: Spawn = fence.kind === 'root' ? spawn : guard.watch(spawn);
  return {
    spawn: inFence(start, fence.kind, places),
    roots: findTreeRoots(treeFence, () => new TreeRoots(spawn, places, spool)),
    environment: compilerEnvironment(process.env, rules.path, folderSeen(fence.kind)),
    treeEnvironment: compilerEnvironment(process.env, rules.path, folderSeen(treeFence.kind)),
  };
}

/** What these options alone make of the fence; undefined when it is tried. */
export function fenceByOptions(options: DaemonOptions): FenceFound | undefined {
  if (options['enable-tcp-insecure']) return { kind: 'none' };
  if (options.fence !== 'none') return undefined;
  return { kind: 'none', lacks: 'a compiler could get at the files of other jobs: --fence none' };
}

/** Finds what can keep jobs apart. A client that may run every program needs no fence. */
function findFence(options: DaemonOptions, spool: Spool, places: Places): FenceFound {
  const unwanted = fenceByOptions(options);
  if (unwanted !== undefined) return unwanted;
  const found = tryIn(spool, places);
  if (options.fence === 'full' && found.lacks !== undefined) {
    throw new Failure(exitStatus.badArguments, `--fence full cannot be had here: ${found.lacks}`);
  }
  return found;
}

function tryIn(spool: Spool, places: Places): FenceFound {
  const folder = spool.lend('job');
  try {
    return tryFence(folder, places);
  } finally {
    // What is left goes with the whole spool.
    spool.takeBack(folder).catch(() => {});
  }
}

function makeSpool(log: Logger): Spool {
  const directory = process.env['TMPDIR'] || '/tmp';
  try {
    process.chdir(directory);
    const swept = sweepSpools(directory, spoolPrefix);
    if (swept.length > 0) log.notice(`removed what a daemon that did not end properly left: ${swept.join(', ')}`);
    return openSpool(directory, spoolPrefix);
  } catch (error) {
    throw new Failure(
      exitStatus.inputOutput,
      `cannot use the temporary directory "${directory}": ${systemReason(error)}; set TMPDIR to one that the account may write`,
    );
  }
}
