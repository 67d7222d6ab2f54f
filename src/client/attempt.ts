import { baseName } from '../compiler/source-name.ts';
import { mayReadFiles } from '../compiler/reading-assembler.ts';
import { sourceReason } from '../compiler/source-reasons.ts';
import { coloured } from '../compiler/colour-words.ts';
import { remoteCommand } from '../compiler/split-command.ts';
import { bytesOf } from '../system/byte-text.ts';
import { encodeBody, encodePackedBody } from '../wire/body.ts';
import { Decoder } from '../wire/decoder.ts';
import { encodeRequestHead } from '../wire/request.ts';
import { readResponse } from '../wire/response.ts';
import type { CompileResponse } from '../wire/response.ts';
import type { Connection } from './connection.ts';
import { GivenUp, unlessInterrupted } from './faults.ts';
import { hostName } from './host.ts';
import type { DistantHost } from './host.ts';
import type { RemoteJob } from './job.ts';
import { judgeAnswer } from './judge-answer.ts';
import type { Preprocessing } from './preprocessing.ts';
import type { Carrier, HostResponse, World } from './world.ts';

/** A host that has been chosen for a job. */
export interface Chosen {
  readonly host: DistantHost;
  readonly slot: number;
}

/** What a host answered. */
export interface Answer {
  readonly response: HostResponse;
  /** Why the text, which failed, may fail there and not here, as far as it tells. */
  readonly sourceReason: string | undefined;
  /** Whether the text, which failed, is assembler that reads files: only this machine has them. */
  readonly readsFiles: boolean;
  /** How long the host and the way to it took, from when the text was there. */
  readonly seconds: number;
}

/** Connects while the preprocessor works; a source that turns out to be faulty ends the wait for a host that does not answer. */
async function connectMeanwhile(host: DistantHost, ready: Promise<unknown>, world: World): Promise<Connection> {
  const connecting = world.connect(host);
  try {
    return await unlessInterrupted(Promise.race([connecting, ready.then(() => connecting)]), world.interrupted);
  } catch (error) {
    connecting.then(
      (late) => late.close(),
      () => {},
    );
    throw error;
  }
}

/** The command for a host; clang is told what it would compile for here, so that all objects of a build agree. */
function commandFor({ verdict, directory, target }: RemoteJob): string[] {
  const argv = remoteCommand(verdict, directory);
  return target === undefined ? argv : [...argv, '-target', target];
}

/** A request on its way: what is sent first, and the text that follows. */
interface Request {
  readonly host: DistantHost;
  readonly head: Buffer;
  readonly preprocessing: Preprocessing;
}

/** Has the launcher bring the request to the host and the answer back. */
async function exchangeByLauncher(
  carry: Carrier,
  { head, preprocessing }: Request,
  world: World,
): Promise<HostResponse> {
  const { state, interrupted } = world;
  const answering = carry(head).catch(async (error: unknown) => {
    // The way is given up when the preprocessor fails, and that is what counts then, not the host.
    if (error instanceof GivenUp) await preprocessing.ready;
    throw error;
  });
  answering.catch(() => {});
  // A host that cannot be reached is known before the text is there.
  await unlessInterrupted(Promise.race([preprocessing.ready, answering]), interrupted);
  state.show('remote', 'Compile');
  return unlessInterrupted(answering, interrupted);
}

/** Connects, sends the request and reads the answer in this process. */
async function exchangeHere({ host, head, preprocessing }: Request, world: World): Promise<HostResponse> {
  const { log, state, interrupted } = world;
  const { version } = host;
  const over = preprocessing.ready.then(() => true);
  over.catch(() => {});
  const connection = await connectMeanwhile(host, preprocessing.ready, world);
  try {
    log.info('No authentication requested.');
    state.show('local', 'Preprocess');
    // A server makes its files when it has the command, which it can do while we still preprocess; else all goes at once.
    const ahead = !(await Promise.race([over, Promise.resolve(false)]));
    if (ahead) await unlessInterrupted(connection.send([head]), interrupted);
    const source = await unlessInterrupted(preprocessing.text(), interrupted);
    state.show('remote', 'Send');
    const body = await unlessInterrupted(bodyOf(version, source, world), interrupted);
    const response = await exchange(connection, { version, request: ahead ? body : [head, ...body] }, world);
    // The build waits for the object, nobody for this.
    setImmediate(() => connection.close());
    return response;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Has one host compile a job: connects while the preprocessor works, then sends the command with its text, and reads the answer.
 * @throws TransportError, CannotDistribute, OnlyHere, Interrupted
 */
export async function attempt(
  job: RemoteJob,
  { host, slot }: Chosen,
  preprocessing: Preprocessing,
  world: World,
): Promise<Answer> {
  const { log, state } = world;
  const reader = { stderrIsTerminal: world.stderrIsTerminal, environment: job.environment };
  const argv = coloured(commandFor(job), reader);
  const begin = world.seconds();
  if (log.writes('info')) log.info(`exec on ${host.definition}: ${argv.join(' ')}`);
  const ready = preprocessing.ready.then((size) => ({ size, at: world.seconds() }));
  ready.catch(() => {});
  state.show('remote', 'Connect', { file: baseName(job.name), host: hostName(host), slot });
  const request = { host, head: encodeRequestHead({ version: host.version, argv: argv.map(bytesOf) }), preprocessing };
  const carry = job.verdict.preprocessed ? undefined : await world.carrier(host);
  const response =
    carry === undefined ? await exchangeHere(request, world) : await exchangeByLauncher(carry, request, world);
  const end = world.seconds();
  const { size, at } = await ready;
  log.info(`${size} bytes from ${job.name} compiled on ${hostName(host)} ${rateOf(size, end - begin)}`);
  judgeAnswer(job, response);
  const source = response.status === 0 ? undefined : await preprocessing.text();
  return {
    response,
    sourceReason: source === undefined ? undefined : sourceReason(source, response.stderr),
    readsFiles: source !== undefined && mayReadFiles(source),
    seconds: end - at,
  };
}

/** The text as it is sent; nothing is no LZO stream. */
async function bodyOf(version: 1 | 2, source: Buffer, world: World): Promise<Buffer[]> {
  if (version === 1 || source.length === 0) return encodeBody('DOTI', version, source);
  return encodePackedBody('DOTI', await world.pack(source));
}

interface Exchange {
  readonly version: 1 | 2;
  readonly request: readonly Buffer[];
}

/** Sends a request and reads the answer, which is awaited at once, since a server may refuse a job before it has read all of it. */
async function exchange(
  connection: Connection,
  { version, request }: Exchange,
  world: World,
): Promise<CompileResponse> {
  const { log, state } = world;
  let begun: number | undefined;
  const answering = connection.receive(new Decoder(readResponse(version)), () => {
    begun = world.seconds();
    state.show('remote', 'Receive');
  });
  const sending = async (): Promise<void> => {
    await connection.send(request);
    if (begun === undefined) state.show('remote', 'Compile');
  };
  // When sending fails the answer fails with the same error, unless the server had answered already.
  sending().catch(() => {});
  const response = await unlessInterrupted(answering, world.interrupted);
  const size = response.object.length;
  log.info(`${size} bytes received ${rateOf(size, world.seconds() - (begun ?? 0))}`);
  return response;
}

function rateOf(bytes: number, seconds: number): string {
  const rate = Math.round(bytes / 1024 / Math.max(seconds, 1e-6));
  return `in ${seconds.toFixed(6)}s, rate ${rate}kB/s`;
}
