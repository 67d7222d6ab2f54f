import { baseName } from '../../compiler/names/source-name.ts';
import { mayReadFiles } from '../../compiler/content/reading-assembler.ts';
import { sourceReason } from '../../compiler/content/source-reasons.ts';
import { coloured } from '../../compiler/messages/colour-words.ts';
import { remoteCommand } from '../../compiler/command/split-command.ts';
import { bytesOf } from '../../system/byte-text.ts';
import { packingOf } from '../../wire/packing.ts';
import { encodeRequestHead } from '../../wire/request.ts';
import { GivenUp, unlessInterrupted } from '../job/faults.ts';
import { hostName } from '../hosts/host.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { Input } from '../headers/inputs.ts';
import type { RemoteJob } from '../job/understand.ts';
import { compilerOf, judgeAnswer } from './judge-answer.ts';
import { judgeCompiler } from './judge-compiler.ts';
import type { Preprocessing } from './preprocessing.ts';
import type { HostRequest, Effects } from './effects.ts';
import type { HeldOutput, HostResponse } from './host-answer.ts';

/** A host that has been chosen for a job. */
export interface Chosen {
  readonly host: DistantHost;
  readonly slot: number;
}

/** What a host answered. */
export interface Answer {
  readonly response: HostResponse;
  /**
   * Why the preprocessed text, which failed there, may compile here as source; undefined when the text gives no such
   * reason.
   */
  readonly sourceReason: string | undefined;
  /** Whether the text, which failed there, is assembler that reads files, which only this machine has. */
  readonly readsFiles: boolean;
  /** Seconds from when the text or the inputs were there to the answer. */
  readonly seconds: number;
  /** Whether the host compiled the user's own command: its messages are those of a compile here. */
  readonly fromInputs: boolean;
  /** Whether the host had this result from another job. */
  readonly kept?: boolean;
  /** What the host was told that the job may read. */
  readonly inputs?: readonly Input[];
  /** The dependency file that the host has made, and where it is written. */
  readonly dependencies?: { readonly path: string; readonly output: HeldOutput };
}

/**
 * The command for a host. clang gets the default target of this machine's clang, so that all objects of a build agree.
 */
export function commandFor({ verdict, directory, target }: RemoteJob): string[] {
  const argv = remoteCommand(verdict, directory);
  return target === undefined ? argv : [...argv, '-target', target];
}

/** Has the launcher send the request to the host and fetch the answer. */
async function exchange(host: DistantHost, request: HostRequest, effects: Effects): Promise<HostResponse> {
  const { state, interrupted } = effects;
  const answering = effects.carry(host, request).catch(async (error: unknown) => {
    // The launcher gives up when the preprocessor fails: then that error counts, and the host is not to blame.
    if (error instanceof GivenUp) await request.ready;
    throw error;
  });
  answering.catch(() => {});
  // A host that cannot be reached is noticed before preprocessing ends.
  await unlessInterrupted(Promise.race([request.ready, answering]), interrupted);
  // Until now the preprocessor has run, while the launcher connected.
  effects.progress.begin('connect');
  state.show('remote', 'Compile');
  return unlessInterrupted(answering, interrupted);
}

/** The body of the request, where it is not the launcher's text unchanged; an empty text is not packed. */
function bodyFor(
  { version }: DistantHost,
  { verdict }: RemoteJob,
  preprocessing: Preprocessing,
  effects: Effects,
): (() => Promise<Buffer>) | undefined {
  const { plain } = packingOf(version);
  if (plain && !verdict.preprocessed && !effects.keepsTemporaries) return undefined;
  return async () => {
    const text = await preprocessing.text();
    return plain || text.length === 0 ? text : effects.pack(text);
  };
}

/**
 * Has one host compile a job. The launcher connects and sends the command while the preprocessor runs, then sends the
 * text and fetches the answer.
 * @throws TransportError, CannotDistribute, OnlyHere, Interrupted
 */
export async function attempt(
  job: RemoteJob,
  { host, slot }: Chosen,
  preprocessing: Preprocessing,
  effects: Effects,
): Promise<Answer> {
  const { log, state } = effects;
  const reader = { stderrIsTerminal: effects.stderrIsTerminal, environment: job.environment };
  const argv = coloured(commandFor(job), reader);
  const begin = effects.seconds();
  if (log.writes('info')) log.info(`exec on ${host.definition}: ${argv.join(' ')}`);
  const ready = preprocessing.ready.then((size) => ({ size, at: effects.seconds() }));
  ready.catch(() => {});
  state.show('remote', 'Connect', { file: baseName(job.name), host: hostName(host), slot });
  const head = encodeRequestHead({ version: host.version, argv: argv.map(bytesOf) });
  const body = bodyFor(host, job, preprocessing, effects);
  const asksCompiler = effects.compilers.isDue(job, host);
  const request = { head, compiler: compilerOf(job), asksCompiler, ready: preprocessing.ready, body };
  const response = await exchange(host, request, effects);
  const end = effects.seconds();
  const { size, at } = await ready;
  log.info(`${size} bytes from ${job.name} compiled on ${hostName(host)} ${rateOf(size, end - begin)}`);
  judgeAnswer(job, response);
  await judgeCompiler(job, host, response, effects);
  const source = response.status === 0 ? undefined : await preprocessing.text();
  return {
    response,
    sourceReason: source === undefined ? undefined : sourceReason(source, response.stderr),
    readsFiles: source !== undefined && mayReadFiles(source),
    seconds: end - at,
    fromInputs: false,
  };
}

function rateOf(bytes: number, seconds: number): string {
  const rate = Math.round(bytes / 1024 / Math.max(seconds, 1e-6));
  return `in ${seconds.toFixed(6)}s, rate ${rate}kB/s`;
}
