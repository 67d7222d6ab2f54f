import { readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import { readForeignFile } from '../../system/foreign-file.ts';
import { Decoder } from '../../wire/decoder.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import { readResponseHead } from '../../wire/response.ts';
import type { ResponseHead } from '../../wire/response.ts';
import { connectPatience, likelyAddress } from '../connect-tcp.ts';
import { badAnswer, lostConnection } from '../connection.ts';
import { GivenUp, TransportError } from '../faults.ts';
import type { DistantHost, TcpHost } from '../host.ts';
import type { Carrier, HostResponse } from '../world.ts';
import type { Launcher } from './launcher.ts';
import { LauncherError } from './launcher.ts';
import type { AnswerMessage } from './messages/carry.ts';

/** What is read of an answer whose messages are longer than the beginning that comes along. */
const mostlyEnough = 64 * 1024;
/** What is looked at of an object, in bytes. */
const headOfObject = 64;
/** ETIMEDOUT: what the launcher says when nothing moved for too long. */
const timedOut = 110;

/** Who goes, and for whom. */
export interface CarrySettings {
  readonly launcher: Pick<Launcher, 'carry' | 'sendText'>;
  /** The launcher's process. */
  readonly pid: number;
  readonly environment: Environment;
}

function faultOf({ step, error, size }: AnswerMessage, place: string, idleSeconds: number): TransportError {
  const reason = new LauncherError(error).message;
  if (step === 'given up') return new GivenUp();
  if (step === 'connecting') {
    return new TransportError(
      error === timedOut ? `timeout while connecting to ${place}` : `nonblocking connect to ${place} failed: ${reason}`,
    );
  }
  const said = error === timedOut ? `IO timeout: no byte was moved for ${idleSeconds} s` : reason;
  return lostConnection(error === 0 ? 'the connection was closed' : said, size > 0);
}

/** The first bytes of an answer, read where they lie, or all of it sent by a launcher whose files we cannot get at. */
async function bytesOfAnswer(answer: AnswerMessage, most: number, { launcher, pid }: CarrySettings): Promise<Buffer> {
  const memory = Buffer.allocUnsafe(Math.min(answer.size, most));
  return readForeignFile({ pid, ...answer }, memory) ? memory : launcher.sendText('answer');
}

interface Parsed {
  readonly head: ResponseHead;
  readonly at: number;
  readonly bytes: Buffer;
}

/** Undefined when more bytes than these have to be looked at. @throws ProtocolError */
function parse(bytes: Buffer, size: number): Parsed | undefined {
  const decoder = new Decoder(readResponseHead());
  decoder.feed(bytes);
  if (bytes.length === size) decoder.end();
  const at = bytes.length - decoder.surplus;
  if (decoder.result === undefined || bytes.length < Math.min(size, at + headOfObject)) return undefined;
  return { head: decoder.result.value, at, bytes };
}

async function readAnswerOf(answer: AnswerMessage, settings: CarrySettings): Promise<HostResponse> {
  const { size } = answer;
  const parsed =
    parse(answer.beginning, size) ??
    parse(await bytesOfAnswer(answer, mostlyEnough, settings), size) ??
    parse(await bytesOfAnswer(answer, size, settings), size);
  if (parsed === undefined) throw new ProtocolError('truncated', 'the answer has no end');
  const { head, at, bytes } = parsed;
  const { status, stderr, stdout, objectLength: length } = head;
  if (at + length < size) throw new ProtocolError('malformed', 'more bytes came after its end');
  if (at + length > size)
    throw new ProtocolError('truncated', `the connection ended after ${size - at} of ${length} bytes`);
  return { status, stderr, stdout, object: { at, length, head: bytes.subarray(at, at + headOfObject) } };
}

function carrierTo({ port }: TcpHost, address: string, settings: CarrySettings): Carrier {
  const idleSeconds = readVariable('DISTCC_IO_TIMEOUT', settings.environment);
  const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return async (head) => {
    const waits = { connectMs: connectPatience, idleMs: idleSeconds * 1000 };
    const answer = await settings.launcher.carry({ address, port, ...waits, token: 'DOTI', head });
    if (answer.step !== 'done' && (answer.error !== 0 || answer.size === 0)) throw faultOf(answer, place, idleSeconds);
    try {
      return await readAnswerOf(answer, settings);
    } catch (error) {
      throw error instanceof ProtocolError ? badAnswer(error, answer.size > 0) : error;
    }
  };
}

/** The launcher's way to a host: plain text over TCP, to an address that is known. */
export async function carrierFor(host: DistantHost, settings: CarrySettings): Promise<Carrier | undefined> {
  if (host.kind !== 'tcp' || host.version !== 1 || readVariable('DISTCC_SAVE_TEMPS', settings.environment))
    return undefined;
  const address = await likelyAddress(host);
  return address === undefined ? undefined : carrierTo(host, address, settings);
}
