import { constants } from 'node:os';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { leavesTarget } from '../../compiler/command/cross-names.ts';
import type { Reason } from '../../compiler/verdict.ts';
import { firstError } from '../../compiler/messages/first-error.ts';
import { tellsResourceExhaustion } from '../../compiler/messages/resource-exhaustion.ts';
import { readVariable } from '../../config/client-environment.ts';
import { byteText } from '../../system/byte-text.ts';
import { readWaitStatus } from '../../wire/wait-status.ts';
import type { Answer } from './attempt.ts';
import { compileHere } from './compile-here.ts';
import type { SlotHere } from './compile-here.ts';
import { distribute } from './distribute.ts';
import type { Distribution } from './distribute.ts';
import { doubtOf, worthOf } from './doubtful-messages.ts';
import { Interrupted } from '../job/faults.ts';
import type { DistantHost, Host } from '../hosts/host.ts';
import { noHosts } from '../hosts/host-list.ts';
import type { HostList } from '../hosts/host-list.ts';
import { keptHere, understand } from '../job/understand.ts';
import type { LocalJob, RemoteJob } from '../job/understand.ts';
import { compilerOf } from './judge-answer.ts';
import { noHostsListed } from './why-nobody.ts';
import { withOptions } from '../job/options-files.ts';
import { exitStatusOf, resultText } from '../job/result-text.ts';
import { repeatFor, tellMessages } from './tell-messages.ts';
import { verify } from './verify.ts';
import type { Call } from '../job/call.ts';
import type { Effects } from './effects.ts';

/**
 * One compile from beginning to end: understand the command, have a host compile it, or compile here. Returns the exit
 * status for the build system.
 * @throws Interrupted; a Failure when the call makes no sense or the compiler does not exist
 */
export async function compile(call: Call, effects: Effects): Promise<number> {
  const begin = effects.seconds();
  const given = await withOptions(call, (path) => effects.readText(path));
  const understood = understand(call, await effects.findPrograms(), effects.log, given);
  effects.progress.concerns(understood.name ?? '');
  if (understood.run === 'locally') return runLocally(understood, effects);
  const job = leavesTarget(understood.verdict.words)
    ? { ...understood, target: await effects.defaultTarget(understood) }
    : understood;
  const distribution = await distributeSafely(job, effects);
  switch (distribution.kind) {
    case 'answered':
      return finish(job, { ...distribution, begin }, effects);
    case 'only here':
      return runLocally(keptHere(job, distribution), effects);
    case 'here':
      return compileHere(keptHere(job, isNext), { kind: 'taken', slot: distribution.slot }, effects);
    case 'nobody':
      return fallBack(job, { ...distribution, isNews: isWorthALine(job, distribution, effects) }, effects);
  }
}

/** Whether the user is told that no host does a job: not for each job, and not when no hosts are listed. */
function isWorthALine(
  job: RemoteJob,
  { reason }: Extract<Distribution, { kind: 'nobody' }>,
  effects: Effects,
): boolean {
  if (!mayFallBack(job)) return true;
  return reason.because !== noHostsListed && effects.isNews(reason.because);
}

/** By the host list this machine is next. */
const isNext: Reason = {
  because: 'this machine is in the host list, and was next',
  cure: 'move or remove "localhost" in the host list',
};

/** A bug of distcc must not break a build: it is reported, and the compiler runs here. */
async function distributeSafely(job: RemoteJob, effects: Effects): Promise<Distribution> {
  try {
    return await distribute(job, effects);
  } catch (error) {
    if (error instanceof Interrupted || error instanceof Failure) throw error;
    const where = error instanceof Error ? (error.stack ?? error.message) : String(error);
    effects.log.critical(`this is a fault of distcc, please report it: ${where}`);
    const reason = { because: 'distcc has failed, see its log', cure: 'report what it says' };
    return { kind: 'nobody', status: exitStatus.general, last: undefined, reason };
  }
}

/** A local job needs only the numbers of local slots from the host list, so that a faulty list does not stop it. */
function slotNumbers(effects: Effects): HostList {
  try {
    return effects.hosts().list;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    effects.log.debug(error.message);
    return noHosts;
  }
}

const waitFor = (slots: number): SlotHere => ({ kind: 'wait', slots, work: 'compile' });

async function runLocally(job: LocalJob, effects: Effects): Promise<number> {
  effects.log.info(`running locally: ${job.because}`);
  if (job.guarded) return compileHere(job, { kind: 'none' }, effects);
  const { localSlots, cppSlots } = slotNumbers(effects);
  return compileHere(
    job,
    job.preprocessOnly ? { kind: 'wait', slots: cppSlots, work: 'preprocess' } : waitFor(localSlots),
    effects,
  );
}

function isDiskFull(error: unknown): boolean {
  const { ENOSPC, EDQUOT } = constants.errno;
  const number =
    error instanceof Error && error.cause instanceof Error && 'errno' in error.cause ? error.cause.errno : 0;
  return number === ENOSPC || number === EDQUOT;
}

type Answered = Extract<Distribution, { kind: 'answered' }> & { readonly begin: number };

async function finish(job: RemoteJob, answered: Answered, effects: Effects): Promise<number> {
  const { host, answer } = answered;
  effects.keepMessages(answer.response.stderr);
  if (answer.fromInputs && readVariable('DISTCC_VERIFY', job.environment)) return verify(job, host, answer, effects);
  // Text that was preprocessed here may bring warnings about what only preprocessing did to it.
  const worth = answer.fromInputs ? ({ kind: 'good' } as const) : await worthOf(answer.response, job, effects);
  const response = worth.kind === 'false' ? { ...answer.response, stderr: Buffer.alloc(0) } : answer.response;
  const doubt = doubtOf(worth, job);
  if (doubt !== undefined) {
    if (response.status === 0) effects.slots.praise(host, answer.seconds, compilerOf(job));
    return runLocally(keptHere(job, doubt), effects);
  }
  if (response.status !== 0) return judgeFailure(job, answered, effects);
  const missing = mayFallBack(job) ? repeatFor(job, response.stderr, effects) : undefined;
  if (missing !== undefined) {
    effects.slots.praise(host, answer.seconds, compilerOf(job));
    effects.log.info(`${job.name} is compiled here once more, for messages in ${missing}`);
    const because = `it was compiled once more, for messages in ${missing}`;
    const again = keptHere(job, { because, cure: 'mend what it warns of' });
    return compileHere(again, waitFor(slotNumbers(effects).localSlots), effects);
  }
  const { dependencies } = answer;
  // It is written first, as by a compiler: what is saved afterwards counts only when that has worked.
  const savingDependencies =
    dependencies === undefined ? Promise.resolve() : effects.saveDependencies(dependencies.path, dependencies.output);
  const saving = Promise.all([savingDependencies, effects.saveOutput(job, response.object)]);
  effects.showPreprocessor();
  tellMessages(job, response, effects);
  effects.slots.praise(host, answer.seconds, compilerOf(job));
  effects.log.info(resultText(`compile ${job.name} on ${host.definition}`, 0));
  effects.log.info(`elapsed compilation time ${(effects.seconds() - answered.begin).toFixed(6)}s`);
  effects.end(0);
  try {
    await saving;
    return 0;
  } catch (error) {
    effects.log.error(error instanceof Error ? error.message : String(error));
    // On a full disk a compiler here would empty the old output and then fail.
    if (isDiskFull(error)) return exitStatus.inputOutput;
    const reason = { because: 'what a host had made could not be written', cure: 'see the log' };
    return fallBack(job, { status: exitStatus.inputOutput, last: host, reason }, effects);
  }
}

/** Why a job is compiled here after a host's compiler has failed. */
function failedThere({ definition }: DistantHost, status: number): Reason {
  const because = resultText(`its compile on ${definition}`, status);
  return { because, cure: 'see what the compiler says here: usually the source has an error' };
}

/** A host's compiler failed. Usually the source is wrong, but the host may be: the compiler here decides. */
async function judgeFailure(job: RemoteJob, { host, answer }: Answered, effects: Effects): Promise<number> {
  const { log } = effects;
  const { response } = answer;
  const end = readWaitStatus(response.status);
  const compilerSaysNo = end.kind === 'exited' && end.code < 128;
  if (answer.fromInputs && compilerSaysNo && mayFallBack(job)) return repeatFailure(job, host, answer, effects);
  log.error(resultText(`compile ${job.name} on ${host.definition}`, response.status));
  if (answer.readsFiles) {
    log.info('Found unsupported .incbin directive, compiling locally.');
    log.warning(`${job.name}: can't distribute due to unsupported directives, running locally`);
    const reason = { because: 'it has the assembler read files', cure: 'leave ".incbin" out' };
    return compileHere(keptHere(job, reason), waitFor(slotNumbers(effects).localSlots), effects);
  }
  if (compilerSaysNo && readVariable('DISTCC_SKIP_LOCAL_RETRY', job.environment)) {
    effects.showPreprocessor();
    tellMessages(job, response, effects);
    return end.code;
  }
  if (compilerSaysNo) log.warning(`remote compilation of '${job.name}' failed, retrying locally`);
  const reason = failedThere(host, response.status);
  const fallback = { status: exitStatusOf(response.status), last: host, andReturn: true, reason };
  if (!mayFallBack(job)) {
    const status = await fallBack(job, fallback, effects);
    effects.showPreprocessor();
    tellMessages(job, response, effects);
    return status;
  }
  const status = await fallBack(job, fallback, effects);
  if (compilerSaysNo && end.code !== status) noteDifference(job, host, answer, effects);
  return status;
}

/**
 * The user's own command failed on the user's own files, and most likely fails here in the same words: the compiler
 * here writes them, and distcc adds nothing.
 */
async function repeatFailure(job: RemoteJob, host: DistantHost, answer: Answer, effects: Effects): Promise<number> {
  const { status } = answer.response;
  effects.log.info(`${resultText(`compile ${job.name} on ${host.definition}`, status)}, compiling it here`);
  const again = keptHere(job, failedThere(host, status));
  const here = await compileHere(again, waitFor(slotNumbers(effects).localSlots), effects, 'compare');
  if (exitStatusOf(status) !== here) await noteMissed(job, host, answer, effects);
  return here;
}

/**
 * The user's own command failed there and worked here: the host lacked room, the files have changed since, or the job
 * reads something that was not found.
 */
async function noteMissed(
  job: RemoteJob,
  host: DistantHost,
  { response, inputs }: Answer,
  effects: Effects,
): Promise<void> {
  const { log, slots } = effects;
  const definition = host.definition;
  if (tellsResourceExhaustion(byteText(response.stderr))) {
    const why = 'its compiler ran out of disk space or memory';
    if (slots.rest(host, why)) log.warning(`${definition} gets no jobs for a while: ${why}`);
    effects.progress.failed(host, why);
    return;
  }
  const again = await effects.inputs.find(job);
  if (again.kind === 'inputs' && again.inputs !== inputs) {
    log.info(`${job.name} failed on ${definition} and not here: its files have changed meanwhile`);
    return;
  }
  log.warning(`remote compilation of '${job.name}' failed, retried locally and got a different result.`);
  tellDifference(job, host, response.stderr, effects);
  effects.inputs.distrust(job);
  log.info(`${job.name} is preprocessed here from now on: it may read what was not found`);
}

/** Tells and counts what a host's compiler said when it failed although the same command works here. */
function tellDifference(job: RemoteJob, host: DistantHost, stderr: Buffer, { log, progress }: Effects): void {
  const said = firstError(byteText(stderr)) ?? 'nothing';
  const compiler = compilerOf(job);
  log.info(`what ${compiler} on ${host.definition} said: ${said}`);
  progress.failed(host, `its ${compiler} failed where the one here did not, and said: ${said}`);
}

/**
 * The compile failed on the host and worked here. Once may be bad luck: only a host that does so again and again has
 * another compiler, and gets no more jobs of that name. A reason that lies in the source is not held against it.
 */
function noteDifference(job: RemoteJob, host: DistantHost, { response, sourceReason }: Answer, effects: Effects): void {
  const { log, slots } = effects;
  log.warning(`remote compilation of '${job.name}' failed, retried locally and got a different result.`);
  tellDifference(job, host, response.stderr, effects);
  if (sourceReason !== undefined) {
    log.info(`${job.name}: ${sourceReason}, which is not held against ${host.definition}`);
    return;
  }
  const compiler = compilerOf(job);
  if (!slots.differs(host, compiler)) return;
  log.warning(
    `${host.definition} gets no jobs of ${compiler} for a while: it fails there again and again, and not here`,
  );
}

interface Fallback {
  /** Why no host does it. */
  readonly reason: Reason;
  /** The exit status when falling back is disabled. */
  readonly status: number;
  readonly last: Host | undefined;
  readonly andReturn?: boolean;
  /** Whether it is worth a line. */
  readonly isNews?: boolean;
}

function mayFallBack(job: RemoteJob): boolean {
  return readVariable('DISTCC_FALLBACK', job.environment);
}

async function fallBack(
  job: RemoteJob,
  { status, last, andReturn, isNews = true, reason }: Fallback,
  effects: Effects,
): Promise<number> {
  if (!mayFallBack(job)) {
    effects.log.error('failed to distribute and fallbacks are disabled');
    return status;
  }
  const sentence =
    last === undefined
      ? 'failed to distribute, running locally instead'
      : `failed to distribute ${job.name} to ${last.definition}, running locally instead`;
  if (isNews) effects.log.warning(sentence);
  else effects.log.info(sentence);
  effects.log.info(`${job.name} is compiled here: ${reason.because}`);
  const slot = waitFor(slotNumbers(effects).localSlots);
  return compileHere(keptHere(job, reason), slot, effects, andReturn === true ? 'return' : 'end');
}
