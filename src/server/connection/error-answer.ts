import { exitStatus } from '../../basics/exit-status.ts';
import { systemReason } from '../../system/error-text.ts';
import type { ProtocolVersion } from '../../wire/protocol-version.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import { encodeRefusal } from '../../wire/refusal.ts';
import { encodeResponse } from '../../wire/response.ts';
import { exited } from '../../wire/wait-status.ts';
import { endedWithout } from '../job/job-end.ts';
import type { JobEnd, Refused } from '../job/job-end.ts';
import type { ClientLog } from '../log/log-limit.ts';
import { ClientGone, Overdue, Overload, Refusal } from '../policy/refusal.ts';

/**
 * The end of a conversation without an object: the line for the log, the answer to the client, and the class to count.
 */
export interface ErrorAnswer {
  readonly log: Parameters<ClientLog['say']>;
  /** The bytes for the client; left out when nobody would read them. */
  readonly answer?: readonly Buffer[];
  readonly end: JobEnd;
}

/** The reason to count. A request that is not here in time is one that came too slowly. */
function refusedBy(error: unknown): Refused {
  if (error instanceof Refusal) return { reason: error.reason, sentence: error.message };
  return { reason: error instanceof Overdue ? 'too_slow' : 'internal_error', sentence: systemReason(error) };
}

/** How a request that could not be read is counted. */
function endOfBadRequest(error: unknown): JobEnd {
  if (error instanceof Overload) return endedWithout('REJ_OVERLOAD', exitStatus.busy, refusedBy(error));
  if (error instanceof ProtocolError) {
    const refused = { reason: 'bad_request', sentence: error.message } as const;
    switch (error.kind) {
      case 'refused':
      case 'malformed':
      case 'version':
      case 'too large':
        return endedWithout('REJ_BAD_REQ', exitStatus.protocol, refused);
      case 'truncated':
        return endedWithout('OTHER', exitStatus.truncated);
      case 'compression':
        return endedWithout('CLI_DISCONN', exitStatus.inputOutput, refused);
    }
  }
  if (error instanceof ClientGone) return endedWithout('CLI_DISCONN', exitStatus.inputOutput);
  return endedWithout('OTHER', exitStatus.timeout, refusedBy(error));
}

/**
 * For a request that could not be read: the peer may not know the protocol, so the connection is closed without an
 * answer, as in distcc.
 */
export function unreadRequestAnswer(client: string, error: unknown): ErrorAnswer {
  return {
    log: ['a request that could not be read', 'error', `${systemReason(error)}, from ${client}`],
    end: endOfBadRequest(error),
  };
}

/** The answer for a compile that took too long: distcc's status 118. */
function tooLong(version: ProtocolVersion, { message }: Overdue): Buffer[] {
  const nothing = Buffer.alloc(0);
  const stderr = Buffer.from(`distccd: ${message}: the limit is --job-lifetime on the server\n`);
  return encodeResponse({ version, status: exited(exitStatus.timeout), stderr, stdout: nothing, object: nothing });
}

/** For a client that has left, or was closed because others needed its share; `reason` tells which. */
function goneClientAnswer(client: string, reason: unknown): ErrorAnswer {
  if (reason instanceof Overload) {
    return {
      log: ['a job that was refused', 'warning', `ended the answer to ${client}: ${reason.message}`],
      end: endedWithout('REJ_OVERLOAD', exitStatus.busy, refusedBy(reason)),
    };
  }
  return {
    log: ['a job that was given up', 'error', `client ${client} disconnected: killed its job`],
    end: endedWithout('CLI_DISCONN', exitStatus.inputOutput),
  };
}

/**
 * For a request that was read and gets no object. The answer makes every version of distcc continue with the next host
 * or locally. `reason` is why the conversation was ended early, if it was.
 */
export function failedRequestAnswer(
  client: string,
  version: ProtocolVersion,
  error: unknown,
  reason: unknown,
): ErrorAnswer {
  if (error instanceof ClientGone) return goneClientAnswer(client, reason);
  if (error instanceof Overdue) {
    return {
      log: ['a job that was given up', 'error', `${error.message}: killed the job of ${client}`],
      answer: tooLong(version, error),
      end: endedWithout('COMPILE_TIMEOUT', exitStatus.timeout),
    };
  }
  if (error instanceof ProtocolError) return unreadRequestAnswer(client, error);
  if (error instanceof Refusal) {
    return {
      log: ['a job that was refused', 'warning', `refused a job of ${client}: ${error.message}`],
      answer: encodeRefusal(version, error.message),
      end:
        error instanceof Overload
          ? endedWithout('REJ_OVERLOAD', exitStatus.busy, refusedBy(error))
          : endedWithout('OTHER', exitStatus.ok, refusedBy(error)),
    };
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    log: ['a job that was lost', 'error', `lost a job of ${client}: ${trace}`],
    answer: encodeRefusal(version, `this server could not do the job: ${systemReason(error)}`),
    end: endedWithout('OTHER', exitStatus.general, refusedBy(error)),
  };
}
