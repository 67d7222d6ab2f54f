import { isAboutCompiler } from '../../wire/refusal.ts';
import { waitAtMost } from '../../system/wait-at-most.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import type { ExitStatus } from '../../basics/exit-status.ts';
import type { Reason } from '../../compiler/verdict.ts';
import { attempt } from './attempt.ts';
import type { Answer, Chosen } from './attempt.ts';
import { attemptInputs } from './attempt-inputs.ts';
import { askHost, askPatienceMs, isToBeAsked, mustBeAsked } from './ask-host.ts';
import { findInputs } from './inputs-way.ts';
import {
  CannotDistribute,
  CompilerUnfit,
  InputsFailed,
  InputsOutdated,
  JobRefused,
  OnlyHere,
  TransportError,
  unlessInterrupted,
} from '../job/faults.ts';
import type { Found } from '../headers/inputs.ts';
import { lockName } from '../hosts/host.ts';
import type { DistantHost, Host } from '../hosts/host.ts';
import type { JobHosts } from '../hosts/changing-hosts.ts';
import { compilerOf } from './judge-answer.ts';
import { readHosts } from './read-hosts.ts';
import type { RemoteJob } from '../job/understand.ts';
import { whyNobody } from './why-nobody.ts';
import { startPreprocessing } from './preprocessing.ts';
import type { Preprocessing } from './preprocessing.ts';
import type { Preference } from '../slots/choose-slot.ts';
import { rendezvousOrder } from '../slots/rendezvous.ts';
import { mostAttemptsWithoutBackOff } from '../slots/slot-order.ts';
import type { HostSlot, Slot } from '../slots/slots.ts';
import type { Effects } from './effects.ts';

/** The result of trying to have a host compile. */
export type Distribution =
  /** A host ran its compiler, with or without success. */
  | { readonly kind: 'answered'; readonly host: DistantHost; readonly answer: Answer }
  /** Only the compiler here can do the job, or report what is wrong with it. */
  | ({ readonly kind: 'only here' } & Reason)
  /** By the host list this machine is next. */
  | { readonly kind: 'here'; readonly slot: Slot }
  /** No host is left, or none can be reached from here; `last` failed last. */
  | {
      readonly kind: 'nobody';
      readonly status: ExitStatus;
      readonly last: Host | undefined;
      readonly reason: Reason;
    };

/** What has been tried so far. */
interface Trail {
  /** Hosts that failed this job, and hosts that lack its compiler. */
  readonly failed: Set<Host>;
  /** What hosts have failed this job for, and why others are passed over. */
  readonly failures: Map<Host, string>;
  attempts: number;
  last: Host | undefined;
  preprocessing: Preprocessing | undefined;
  /** What the job may read, once that has been asked. */
  inputs: Promise<Found> | undefined;
  /** Whether to look at the disk for that, since what an earlier job has told is not so any more. */
  looks: boolean;
}

/** A host that keeps results may have this job's: if it can, the same job goes to the same host each time. */
function preferenceOf({ directory, verdict }: RemoteJob, hosts: JobHosts, effects: Effects): Preference {
  let order: readonly string[] | undefined;
  return (free) => {
    const keeping = new Map(
      free.flatMap((host) =>
        host.kind !== 'local' && effects.inputs.resultsAreKeptBy(host) ? [[lockName(host), host]] : [],
      ),
    );
    if (keeping.size === 0) return undefined;
    // A job that waits asks at each change of the slots.
    order ??= rendezvousOrder({ directory, source: verdict.source }, hosts.list.hosts.map(lockName));
    const first = order.find((name) => keeping.has(name));
    return first === undefined ? undefined : keeping.get(first);
  };
}

/**
 * Waits for a slot at a host. Where it helps, the source is preprocessed meanwhile, so that the host can start at once;
 * not when this machine is on the list, since then the text may not be needed.
 */
async function takeHost(
  job: RemoteJob,
  hosts: JobHosts,
  trail: Trail,
  effects: Effects,
): Promise<HostSlot | undefined> {
  effects.progress.begin('queue');
  const taking = effects.slots.takeHost(hosts, trail.failed, preferenceOf(job, hosts, effects));
  if (!effects.preprocessAhead || hosts.list.hosts.some(({ kind }) => kind === 'local')) return taking;
  let decided = false;
  const decide = (): void => void (decided = true);
  taking.then(decide, decide);
  // After one turn a free slot has been taken, or the list has turned out to be empty.
  await Promise.resolve();
  if (decided) return taking;
  try {
    const distant = hosts.list.hosts.filter((host) => host.kind !== 'local');
    // Its text would be for nothing if such a host takes the source.
    if (distant.some((host) => mustBeAsked(job, host, effects))) return await taking;
    const asking = distant.flatMap((host) => effects.inputs.asking(host) ?? []);
    if (asking.length > 0) {
      await Promise.race([taking, waitAtMost(askPatienceMs, Promise.allSettled(asking))]);
      if (decided) return await taking;
    }
    if (distant.some((host) => effects.inputs.areTakenBy(host))) {
      const found = await inputsOf(job, trail, effects);
      if (found.kind === 'inputs') return await waitingFor(taking, effects);
    }
    trail.preprocessing ??= await startPreprocessing(job, hosts.list.cppSlots, effects);
    return await Promise.race([taking, trail.preprocessing.ready.then(() => waitingFor(taking, effects))]);
  } catch (error) {
    taking.then(
      (late) => late?.release(),
      () => {},
    );
    throw error;
  }
}

/** Its source is ready for a host: now it only waits for a slot. */
function waitingFor(taking: Promise<HostSlot | undefined>, { progress }: Effects): typeof taking {
  progress.begin('queue');
  return taking;
}

/** What a job may read. It is looked for once, or once more when what an earlier job has told is not so any more. */
function inputsOf(job: RemoteJob, trail: Trail, effects: Effects): Promise<Found> {
  trail.inputs ??= findInputs(job, trail.looks, effects).then((found) => {
    if (found.kind === 'preprocess') {
      effects.log.info(`${job.name} is preprocessed here: ${found.because}`);
      effects.inputs.countReason(found.because);
    }
    return found;
  });
  return trail.inputs;
}

/** Has a host compile the job from its inputs; undefined when it is to get preprocessed text instead. */
async function tryInputs(job: RemoteJob, chosen: Chosen, trail: Trail, effects: Effects): Promise<Answer | undefined> {
  if (isToBeAsked(job, chosen.host, effects)) await askHost(job, chosen.host, effects);
  if (!effects.inputs.areTakenBy(chosen.host)) return undefined;
  const found = await unlessInterrupted(inputsOf(job, trail, effects), effects.interrupted);
  if (found.kind === 'preprocess') return undefined;
  try {
    const answer = await attemptInputs(job, chosen, found, effects);
    effects.inputs.countSent(answer.kept === true ? 'result' : 'unpreprocessed');
    return answer;
  } catch (error) {
    if (error instanceof InputsOutdated && !trail.looks) {
      trail.looks = true;
      trail.inputs = undefined;
      return tryInputs(job, chosen, trail, effects);
    }
    if (!(error instanceof InputsFailed)) throw error;
    effects.inputs.countReason(error.message);
    effects.log.info(`${job.name} is preprocessed here for ${chosen.host.definition}: ${error.message}`);
    return undefined;
  }
}

/** Passes over hosts that lack the job's compiler, or have another one of that name. */
function passOverUnfit(job: RemoteJob, hosts: JobHosts, trail: Trail, effects: Effects): void {
  const compiler = compilerOf(job);
  for (const host of hosts.list.hosts) {
    if (host.kind === 'local' || trail.failed.has(host)) continue;
    const why = effects.slots.unfit(host, compiler) ?? effects.compilers.whyOther(job, host);
    if (why === undefined) continue;
    effects.log.info(`${host.definition} is passed over for ${compiler}: ${why}`);
    trail.failed.add(host);
    trail.failures.set(host, why);
  }
}

/** No host is left for a job. */
function nobody(hosts: JobHosts, trail: Trail, effects: Effects): Distribution {
  const reason = whyNobody(hosts.list.hosts, trail.failures, effects.slots);
  return { kind: 'nobody', status: exitStatus.noHosts, last: trail.last, reason };
}

/** Tries hosts until one answers; without back-off a limited number of times. */
async function tryHosts(job: RemoteJob, hosts: JobHosts, trail: Trail, effects: Effects): Promise<Distribution> {
  for (;;) {
    if (!effects.backOff && trail.attempts === mostAttemptsWithoutBackOff) {
      effects.log.warning(`Couldn't find a host in ${mostAttemptsWithoutBackOff} attempts, retrying locally`);
      return nobody(hosts, trail, effects);
    }
    passOverUnfit(job, hosts, trail, effects);
    const taken = await takeHost(job, hosts, trail, effects);
    if (taken === undefined) return nobody(hosts, trail, effects);
    const distribution = await tryHost(job, taken, trail, { hosts, effects });
    if (distribution !== undefined) return distribution;
    await hosts.refresh();
  }
}

/** What the user can do about a host that cannot do the jobs of a compiler, as the end of a sentence. */
const cures: Readonly<Record<CompilerUnfit['kind'], string>> = {
  missing: ': until it is installed there the host gets only other jobs',
  useless: '',
  other: ': it gets no such jobs; install the same version there, or set DISTCC_MISMATCH=allow',
};

/**
 * A host that failed rests for all jobs. A host that refused this job may accept others: those of other compilers when
 * it lacks this one.
 */
function report(job: RemoteJob, host: DistantHost, error: TransportError, effects: Effects): void {
  const compiler = compilerOf(job);
  if (error instanceof CompilerUnfit) {
    const sentence = `${host.definition} ${error.message}${cures[error.kind]}`;
    if (effects.compilers.isNew(sentence)) effects.log.warning(sentence);
    else effects.log.info(sentence);
    if (error.kind === 'other') effects.compilers.isOther(job, host, `it ${error.message}`);
    else effects.slots.lacks(host, compiler, `it ${error.message}`);
    return;
  }
  if (error instanceof JobRefused) {
    const sentence = `${host.definition} refused the job: ${error.message}`;
    if (effects.isNews(sentence)) effects.log.warning(sentence);
    else effects.log.info(sentence);
    if (isAboutCompiler(error.message, compiler)) effects.slots.lacks(host, compiler, error.message);
    else effects.slots.refused(host);
    return;
  }
  const named = error.message.includes(host.name);
  const sentence = named ? error.message : `${host.definition}: ${error.message}`;
  // The jobs that were at work there fail together.
  if (effects.slots.rest(host, error.message) && effects.isNews(sentence)) effects.log.error(sentence);
  else effects.log.info(sentence);
}

/** Has a host compile the job's preprocessed text. */
async function attemptOrdinary(
  job: RemoteJob,
  chosen: Chosen,
  trail: Trail,
  { hosts, effects }: { hosts: JobHosts; effects: Effects },
): Promise<Answer> {
  const end = effects.inputs.meet(chosen.host);
  try {
    trail.preprocessing ??= await startPreprocessing(job, hosts.list.cppSlots, effects);
    const answer = await attempt(job, chosen, trail.preprocessing, effects);
    effects.inputs.countSent('preprocessed');
    return answer;
  } finally {
    end();
  }
}

/** Undefined when the host failed and another one should be tried. */
async function tryHost(
  job: RemoteJob,
  taken: HostSlot,
  trail: Trail,
  { hosts, effects }: { hosts: JobHosts; effects: Effects },
): Promise<Distribution | undefined> {
  const { host, slot } = taken;
  if (host.kind === 'local') {
    effects.state.know('local', { slot });
    // The slot is not released: the compiler here uses it.
    return { kind: 'here', slot: taken };
  }
  trail.last = host;
  effects.progress.goesTo(host, slot);
  try {
    const made = await tryInputs(job, { host, slot }, trail, effects);
    if (made !== undefined) return { kind: 'answered', host, answer: made };
    const answer = await attemptOrdinary(job, { host, slot }, trail, { hosts, effects });
    return { kind: 'answered', host, answer };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    trail.failed.add(host);
    trail.failures.set(host, error.message);
    trail.attempts += 1;
    effects.progress.failed(host, error.message);
    report(job, host, error, effects);
    return undefined;
  } finally {
    taken.release();
  }
}

/**
 * Has a job compiled by one of the listed hosts. A host that fails rests, and the next one is tried.
 * @throws Interrupted; a Failure when a setting makes it impossible to go on
 */
export async function distribute(job: RemoteJob, effects: Effects): Promise<Distribution> {
  const hosts = readHosts(job, effects);
  if ('because' in hosts) return { kind: 'nobody', status: exitStatus.noHosts, last: undefined, reason: hosts };
  const trail: Trail = {
    failed: new Set(),
    failures: new Map(),
    attempts: 0,
    last: undefined,
    preprocessing: undefined,
    inputs: undefined,
    looks: false,
  };
  try {
    return await tryHosts(job, hosts, trail, effects);
  } catch (error) {
    if (error instanceof OnlyHere) return { kind: 'only here', because: error.message, cure: error.cure };
    if (error instanceof CannotDistribute) {
      effects.log.error(error.message);
      const reason = { because: error.message, cure: 'give this machine what it lacks' };
      return { kind: 'nobody', status: exitStatus.inputOutput, last: trail.last, reason };
    }
    throw error;
  } finally {
    trail.preprocessing?.stop();
  }
}
