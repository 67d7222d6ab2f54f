import { constants } from 'node:os';
import { writeHostPort } from '../../basics/address-text.ts';
import { readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import type { Logger } from '../../logging/log-line.ts';
import { readable } from '../../system/byte-text.ts';
import { readForeignFile } from '../../system/files/foreign-file.ts';
import type { Caps } from '../../wire/inputs/caps.ts';
import { readCapsOrEnd } from '../../wire/inputs/caps.ts';
import { Decoder } from '../../wire/reading/decoder.ts';
import type { Grammar } from '../../wire/reading/decoder.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import { refusalMark } from '../../wire/refusal.ts';
import { tokenLength } from '../../wire/token.ts';
import { readResponse, readResponseHead } from '../../wire/response.ts';
import {
  CannotDistribute,
  ConnectionLost,
  GivenUp,
  InputsOutdated,
  JobRefused,
  TransportError,
} from '../job/faults.ts';
import { addressesOf, noteAnswer } from '../transport/host-addresses.ts';
import type { DistantHost } from '../hosts/host.ts';
import { sshCommand } from '../transport/ssh-command.ts';
import type { Progress } from '../compile/progress.ts';
import type { HostRequest } from '../compile/effects.ts';
import type { HostResponse } from '../compile/host-answer.ts';
import type { Launcher } from './launcher.ts';
import { LauncherError } from './launcher-error.ts';
import type { AnswerMessage, CarryBody, CarryMessage, Way } from '../../wire/agent/carry.ts';
import type { Gate } from '../../wire/agent/gate.ts';

/** How long connecting may take, in ms (doc/protocol.md, "Timeouts"). */
export const connectPatience = 4000;
/** Bytes to read of an answer whose messages did not fit into the beginning that ANSWER holds. */
const mostlyEnough = 64 * 1024;
/** How many bytes of an object are looked at. */
export const headOfObject = 64;

/** What the user should check when no answer arrives. */
const silences = {
  tcp:
    'server provided no answer. Is the server configured to allow access from your IP address? ' +
    'Does the server have the compiler installed, and may it run it?',
  ssh: 'no answer: ssh has to log in without asking for anything, and to find distccd there',
} as const;

/** The launcher that carries a request, and the job's settings for it. */
export interface CarrySettings {
  readonly launcher: Pick<Launcher, 'carry' | 'keep' | 'sendText'>;
  /** The launcher's process. */
  readonly pid: number;
  readonly environment: Environment;
  readonly log: Logger;
  readonly progress: Pick<Progress, 'isFollowed' | 'reached' | 'moved'>;
  /** Takes what a host offers, undefined for nothing; left out when nobody asks. */
  readonly offered?: ((offer: Caps | undefined) => void) | undefined;
}

/**
 * The message about a lost connection. A stock server that refuses a client just closes without an answer, so the
 * message tells the user what that can mean.
 */
function lost(reason: string, answered: boolean, kind: Way['kind']): ConnectionLost {
  return new ConnectionLost(answered ? reason : `${silences[kind]} (${reason})`);
}

/** The message about an answer that cannot be read. */
function badAnswer(error: ProtocolError, answered: boolean, kind: Way['kind']): TransportError {
  if (error.kind === 'refused') return new JobRefused(error.message.replace(refusalMark, ''), { cause: error });
  return lost(answered ? `bad answer from server: ${error.message}` : 'the connection was closed', answered, kind);
}

/** The message about a host that cannot be reached, or stopped answering. */
function unreachable({ error, address }: AnswerMessage, way: Way): TransportError {
  const reason = new LauncherError(error).message;
  if (way.kind === 'ssh') return new TransportError(`failed to exec ${readable(way.command[0])}: ${reason}`);
  const name = way.addresses[address] ?? '';
  const target = writeHostPort(name, way.port);
  return new TransportError(
    error === constants.errno.ETIMEDOUT
      ? `timeout while connecting to ${target}`
      : `nonblocking connect to ${target} failed: ${reason}`,
  );
}

/**
 * An answer that has come. `greeted` is whether the host has said something before, on the same connection.
 * @throws TransportError, GivenUp, CannotDistribute when none has come; InputsOutdated when the gate was closed
 */
export function requireAnswer(
  answer: AnswerMessage,
  way: Way,
  { environment }: CarrySettings,
  greeted = false,
): AnswerMessage {
  if (answer.step === 'done' || (answer.error === 0 && answer.size > 0)) return answer;
  const answered = answer.size > 0 || greeted;
  throw faultOf(answer, way, { answered, idleSeconds: readVariable('DISTCC_IO_TIMEOUT', environment) });
}

function faultOf(
  answer: AnswerMessage,
  way: Way,
  { answered, idleSeconds }: { readonly answered: boolean; readonly idleSeconds: number },
): TransportError | CannotDistribute | InputsOutdated {
  const { step, error } = answer;
  if (step === 'closed') return new InputsOutdated();
  if (step === 'given up' && error === constants.errno.ECANCELED) return new GivenUp();
  if (step === 'given up')
    return new CannotDistribute(`cannot bring a job to a host: ${new LauncherError(error).message}`);
  if (step === 'connecting') return unreachable(answer, way);
  if (error === 0) return lost('the connection was closed', answered, way.kind);
  if (error !== constants.errno.ETIMEDOUT) return lost(new LauncherError(error).message, answered, way.kind);
  const { message } = lost(`IO timeout: no byte was moved for ${idleSeconds} s`, answered, way.kind);
  return new TransportError(message);
}

/**
 * The first bytes of an answer, read from the launcher's memory file; or the whole answer, sent by a launcher whose
 * files cannot be opened from here.
 */
async function bytesOfAnswer(answer: AnswerMessage, most: number, { launcher, pid }: CarrySettings): Promise<Buffer> {
  if (answer.beginning.length === answer.size) return answer.beginning;
  const memory = Buffer.allocUnsafe(Math.min(answer.size, most));
  return readForeignFile({ pid, ...answer }, memory) ? memory : launcher.sendText('answer');
}

/** A few bytes of an answer of which the first ones were looked at. */
export async function bytesWithin(
  answer: AnswerMessage,
  { from, length, seen }: { readonly from: number; readonly length: number; readonly seen: Buffer },
  settings: CarrySettings,
): Promise<Buffer> {
  if (from + length <= seen.length) return seen.subarray(from, from + length);
  const memory = Buffer.allocUnsafe(length);
  if (readForeignFile({ pid: settings.pid, ...answer }, memory, from)) return memory;
  return (await settings.launcher.sendText('answer')).subarray(from, from + length);
}

/** What stands before the object of an answer, where that begins, and the bytes that were looked at. */
interface Parsed<T> {
  readonly head: T;
  readonly at: number;
  readonly bytes: Buffer;
}

/** Undefined when these bytes are not enough. @throws ProtocolError */
function parse<T>(grammar: Grammar<T>, bytes: Buffer, size: number): Parsed<T> | undefined {
  const decoder = new Decoder(grammar);
  decoder.feed(bytes);
  if (bytes.length === size) decoder.end();
  const at = bytes.length - decoder.surplus;
  if (decoder.result === undefined || bytes.length < Math.min(size, at + headOfObject)) return undefined;
  return { head: decoder.result.value, at, bytes };
}

/**
 * Reads what stands before the object, and of that the first bytes; the rest stays where it is. @throws ProtocolError
 */
export async function readHead<T>(
  grammar: () => Grammar<T>,
  answer: AnswerMessage,
  settings: CarrySettings,
): Promise<Parsed<T>> {
  const { size } = answer;
  const parsed =
    parse(grammar(), answer.beginning, size) ??
    parse(grammar(), await bytesOfAnswer(answer, mostlyEnough, settings), size) ??
    parse(grammar(), await bytesOfAnswer(answer, size, settings), size);
  if (parsed === undefined) throw new ProtocolError('truncated', 'the answer has no end');
  return parsed;
}

/** The error about an answer that goes on after its end. */
export const surplus = (): ProtocolError => new ProtocolError('malformed', 'more bytes came after its end');

/** Reads what a host offers after an answer. @throws ProtocolError when it is something else */
function readOffer(bytes: Buffer, { offered }: CarrySettings): void {
  const decoder = new Decoder(readCapsOrEnd());
  try {
    decoder.feed(bytes);
    if (bytes.length === 0) decoder.end();
  } catch {
    throw surplus();
  }
  // One that has not come whole is not waited for.
  const isOffer = bytes.length === 0 || bytes.toString('latin1', 0, 4) === 'CAPS';
  if (!isOffer || decoder.surplus > 0) throw surplus();
  offered?.(decoder.result?.value);
}

/** Reads an answer of version 1 and leaves the object where it is. */
async function readPlain(answer: AnswerMessage, settings: CarrySettings): Promise<HostResponse> {
  const { size } = answer;
  const { head, at, bytes } = await readHead(readResponseHead, answer, settings);
  const { status, stderr, stdout, objectLength: length } = head;
  if (at + length <= size) {
    const whole = at + length === size ? bytes : await bytesOfAnswer(answer, size, settings);
    readOffer(whole.subarray(at + length, size), settings);
  } else throw new ProtocolError('truncated', `the connection ended after ${size - at} of ${length} bytes`);
  const read = (from: number, wanted: number): Promise<Buffer> =>
    bytesWithin(answer, { from: at + from, length: wanted, seen: bytes }, settings);
  return { status, stderr, stdout, object: { at, length, head: bytes.subarray(at, at + headOfObject), read } };
}

/** Reads an answer of version 2, and unpacks it. */
async function readPacked(answer: AnswerMessage, settings: CarrySettings): Promise<HostResponse> {
  const decoder = new Decoder(readResponse(2));
  const bytes = await bytesOfAnswer(answer, answer.size, settings);
  decoder.feed(bytes);
  if (decoder.result === undefined) decoder.end();
  if (decoder.result === undefined) throw surplus();
  readOffer(bytes.subarray(bytes.length - decoder.surplus), settings);
  return decoder.result.value;
}

/** How a launcher gets to a host. @throws TransportError */
export async function wayTo(host: DistantHost, { environment, log }: CarrySettings): Promise<Way> {
  if (host.kind === 'ssh') return { kind: 'ssh', command: sshCommand(host, readVariable('DISTCC_SSH', environment)) };
  const addresses = await addressesOf(host);
  if (log.writes('debug')) log.debug(`connecting to ${addresses.join(', ')} port ${host.port}`);
  return { kind: 'tcp', addresses, port: host.port };
}

/**
 * Gives the launcher the body that it waits for. Not when its trip has ended meanwhile: the next trip may need another
 * body.
 */
async function withBody(
  going: Promise<AnswerMessage>,
  body: () => Promise<Buffer>,
  launcher: Pick<Launcher, 'keep'>,
): Promise<AnswerMessage> {
  let back = false;
  const giving = body().then((bytes) => {
    if (!back) launcher.keep(bytes);
    return going;
  });
  try {
    return await Promise.race([going, giving]);
  } finally {
    back = true;
  }
}

/** What goes to a host. */
interface Message extends Pick<CarryMessage, 'ending' | 'token' | 'head'> {
  readonly body: CarryBody | (() => Promise<Buffer>);
  readonly gate?: Gate | undefined;
}

/** Tells how far it has got, and when. */
export function noteMarks({ ago }: AnswerMessage, progress: Pick<Progress, 'reached'>): void {
  progress.reached('connected', ago.connected);
  progress.reached('sent', ago.sent);
  progress.reached('answered', ago.answered);
}

/**
 * Has the launcher go to a host, and come back with something.
 * @throws TransportError; GivenUp; CannotDistribute; InputsOutdated when the gate was closed
 */
export async function goTo(
  host: DistantHost,
  way: Way,
  { body, gate, ...message }: Message,
  settings: CarrySettings,
): Promise<AnswerMessage> {
  const { launcher, environment, progress } = settings;
  const made = typeof body === 'function' ? body : undefined;
  const kind = typeof body === 'function' ? 'kept' : body;
  const waits = { connectMs: connectPatience, idleMs: readVariable('DISTCC_IO_TIMEOUT', environment) * 1000 };
  const going = launcher.carry({ way, ...waits, body: kind, tells: progress.isFollowed, ...message }, gate);
  const answer = await (made === undefined ? going : withBody(going, made, launcher));
  noteMarks(answer, progress);
  const reached = answer.step === 'done' || answer.step === 'exchanging';
  if (reached && host.kind === 'tcp' && way.kind === 'tcp') noteAnswer(host, way.addresses[answer.address] ?? '');
  return requireAnswer(answer, way, settings);
}

function measured(bytes: Buffer, tell: (length: number) => void): Buffer {
  tell(bytes.length);
  return bytes;
}

/**
 * Has the launcher send a request to a host and fetch the answer.
 * @throws TransportError; GivenUp when preprocessing failed; CannotDistribute when the launcher lacks a resource; any
 * error of the body
 */
export async function carry(host: DistantHost, request: HostRequest, settings: CarrySettings): Promise<HostResponse> {
  let over = false;
  request.ready.catch(() => (over = true));
  const way = await wayTo(host, settings);
  // The launcher may have another task by now.
  if (over) throw new GivenUp();
  const { head } = request;
  const ending = settings.offered === undefined ? 'object' : 'offer';
  let length = 0;
  const { body: make = 'text' } = request;
  const body = typeof make === 'function' ? async () => measured(await make(), (bytes) => (length = bytes)) : make;
  const what: Pick<Message, 'body' | 'token'> =
    body === 'in head' ? { body: 'none', token: 'NONE' } : { body, token: 'DOTI' };
  const answer = await goTo(host, way, { ...what, ending, head }, settings);
  if (body === 'text') length = await request.ready;
  settings.progress.moved(head.length + (body === 'in head' ? 0 : tokenLength + length), answer.size);
  try {
    return await (host.version === 1 ? readPlain : readPacked)(answer, settings);
  } catch (error) {
    throw error instanceof ProtocolError ? badAnswer(error, answer.size > 0, way.kind) : error;
  }
}
