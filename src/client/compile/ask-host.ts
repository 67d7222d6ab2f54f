import { waitAtMost } from '../../system/wait-at-most.ts';
import { failsOnWarnings } from '../../compiler/messages/error-words.ts';
import { encodeRequest } from '../../wire/request.ts';
import { unlessInterrupted } from '../job/faults.ts';
import { hostName } from '../hosts/host.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Effects } from './effects.ts';
import { compilerOf } from './judge-answer.ts';
import { judgeCompiler } from './judge-compiler.ts';
import { obstacleToInputs } from './inputs-way.ts';

/** A source that any compiler takes, in C as in C++. */
const source = Buffer.from('int asked;\n');

/** How long a job waits for what another one asks, in ms: past that it is preprocessed, as for a host without offer. */
export const askPatienceMs = 1000;

/**
 * Whether a host has to tell what it takes before it gets a job. Others may learn that from their answer, but
 * preprocessed text lacks some warnings, and where warnings are errors a compile must not succeed for that.
 */
export function mustBeAsked(job: RemoteJob, host: DistantHost, { inputs }: Effects): boolean {
  return inputs.mayBeAsked(host) && failsOnWarnings(job.verdict.words) && obstacleToInputs(job) === undefined;
}

/**
 * Whether a host should tell what it takes before it gets a job. The first one is an ordinary job, from whose answer
 * the agent learns that. The other jobs of a `make -j` would have been preprocessed by then: one line costs less. Over
 * ssh it would cost a login.
 */
export function isToBeAsked(job: RemoteJob, host: DistantHost, effects: Effects): boolean {
  const { inputs } = effects;
  if (mustBeAsked(job, host, effects)) return true;
  return host.kind === 'tcp' && inputs.isMet(host) && inputs.mayBeAsked(host) && obstacleToInputs(job) === undefined;
}

/** Has a host compile one line, because hosts tell after an answer what else they take. */
async function askByJob(job: RemoteJob, host: DistantHost, effects: Effects): Promise<void> {
  const { verdict } = job;
  effects.log.info(`${hostName(host)} compiles one line, to tell what it takes`);
  const argv = [verdict.words[0] ?? '', '-c', 'asked.c', '-o', 'asked.o'];
  const head = Buffer.concat(encodeRequest({ version: host.version, argv, source }));
  const request = { head, compiler: compilerOf(job), asksCompiler: true, ready: Promise.resolve(0) };
  const response = await effects.carry(host, { ...request, body: 'in head' });
  // What it makes of this line comes from the same compiler as what it would make of the job.
  await judgeCompiler({ ...job, verdict: { ...verdict, words: argv, assemble: false } }, host, response, effects);
}

/**
 * Asks a host that has not told what it takes, once in an agent's life; other jobs that have chosen it wait for that.
 * @throws TransportError, CannotDistribute, Interrupted
 */
export async function askHost(job: RemoteJob, host: DistantHost, effects: Effects): Promise<void> {
  const must = mustBeAsked(job, host, effects);
  let own = false;
  const asking = effects.inputs.askOnce(host, () => {
    own = true;
    return askByJob(job, host, effects);
  });
  if (asking === undefined) return;
  effects.progress.begin('connect');
  effects.state.show('remote', 'Connect', { host: hostName(host) });
  if (!own && !must) await unlessInterrupted(waitAtMost(askPatienceMs, asking), effects.interrupted);
  else await unlessInterrupted(asking, effects.interrupted);
}
