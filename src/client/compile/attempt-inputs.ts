import { coloured } from '../../compiler/messages/colour-words.ts';
import { asCalledBy } from '../../compiler/messages/driver-name.ts';
import { dependencyOutput } from '../../compiler/command/dependency-file.ts';
import { baseName } from '../../compiler/names/source-name.ts';
import { byteText, bytesOf } from '../../system/byte-text.ts';
import type { Found } from '../headers/inputs.ts';
import { hostName } from '../hosts/host.ts';
import { TransportError, unlessInterrupted } from '../job/faults.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Answer, Chosen } from './attempt.ts';
import { travellingVariables } from './inputs-way.ts';
import { judgeAnswer } from './judge-answer.ts';
import { judgeCompiler, ownCompiler, toldDifference } from './judge-compiler.ts';
import type { Effects } from './effects.ts';

/** The user's words, without an output of ours; clang is told what it would compile for here. */
function commandFor(job: RemoteJob, effects: Effects): readonly string[] {
  const { verdict, target, environment } = job;
  const reader = { stderrIsTerminal: effects.stderrIsTerminal, environment };
  const given = verdict.appended ? verdict.words.slice(0, -2) : verdict.words;
  const [compiler = '', ...words] = coloured(given, reader);
  return [compiler, ...(target === undefined ? [] : ['-target', target]), ...words];
}

/** Messages of a compiler that a host knows by a longer name, as the one here would write them. */
function underOwnName({ argv, verdict }: RemoteJob, stderr: Buffer): Buffer {
  const names = { from: baseName(verdict.words[0] ?? ''), to: baseName(argv[0] ?? '') };
  const text = byteText(stderr);
  const renamed = asCalledBy(text, names);
  return renamed === text ? stderr : bytesOf(renamed);
}

/**
 * Has one host compile a job from its inputs.
 * @throws InputsFailed when the host may do the job from preprocessed text; InputsOutdated when it has to be looked for
 * what the job may read; TransportError, CannotDistribute, Interrupted
 */
export async function attemptInputs(
  job: RemoteJob,
  { host, slot }: Chosen,
  found: Extract<Found, { kind: 'inputs' }>,
  effects: Effects,
): Promise<Answer> {
  const { log, state, interrupted } = effects;
  const argv = commandFor(job, effects);
  const begin = effects.seconds();
  if (log.writes('info')) log.info(`exec on ${host.definition}: ${argv.join(' ')}`);
  effects.progress.begin('connect');
  state.show('remote', 'Compile', { file: baseName(job.name), host: hostName(host), slot });
  const { directory } = job;
  // The launcher cannot ask the compiler while it talks to a host.
  const own = await ownCompiler(job, effects);
  const difference = (): string | undefined =>
    own === undefined ? undefined : toldDifference(job, host, own, effects);
  const request = { found, argv, directory, environment: travellingVariables(job.environment), difference };
  const answered = await unlessInterrupted(effects.inputs.carry(host, job, request), interrupted);
  const response = { ...answered, stderr: underOwnName(job, answered.stderr) };
  const seconds = effects.seconds() - begin;
  const count = found.inputs.length;
  log.info(
    `${job.name} compiled from ${count} inputs on ${hostName(host)} in ${seconds.toFixed(6)}s, ${response.sent} bytes sent`,
  );
  judgeAnswer(job, response);
  await judgeCompiler(job, host, response, effects);
  const output = dependencyOutput(job.verdict);
  if (response.status === 0 && output.kind === 'file' && response.dependencies.length === 0)
    throw new TransportError("the answer is not a compiler's: it lacks the dependency file");
  return {
    response,
    sourceReason: undefined,
    readsFiles: false,
    seconds,
    fromInputs: true,
    kept: response.kept,
    inputs: found.inputs,
    ...(output.kind === 'file' && response.dependencies.length > 0
      ? { dependencies: { path: output.path, output: response.dependencies } }
      : {}),
  };
}
