import { Socket } from 'node:net';
import { systemReason } from '../system/error-text.ts';
import { exitStatus } from '../basics/exit-status.ts';
import type { ExitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import type { DaemonOptions } from '../config/daemon-options.ts';
import { keepDescriptors } from '../system/processes/inheritance.ts';
import type { StandardConnection } from '../system/descriptors/standard-descriptors.ts';
import { readAccess } from './start/read-access.ts';
import { openStream } from './connection/client-stream.ts';
import type { ClientStream } from './connection/client-stream.ts';
import type { StopReasons } from './connection/service.ts';
import { openDaemonLog } from './log/daemon-log.ts';
import type { Notices } from './log/startup-notices.ts';
import { assembleService } from './start/assemble-service.ts';
import type { AssembledService } from './start/assemble-service.ts';
import { Refusal } from './policy/refusal.ts';
import { lowerPriority } from './start/lower-priority.ts';
import { becomeServingAccount } from './start/drop-privileges.ts';
import { serveClient } from './listen/serve-client.ts';
import { identifyClient } from './listen/stdin-client.ts';
import { passToResident } from './ssh.ts';

/**
 * Serves one client on stdin and stdout, or passes a client of sshd on. Returns distcc's code for the job as the exit
 * status. `words` are those of the options.
 */
export async function runInetd(
  options: DaemonOptions,
  words: readonly string[],
  connection: StandardConnection,
): Promise<ExitStatus> {
  // inetutils' inetd lets its own descriptors leak into this process.
  keepDescriptors();
  const notices: Notices = [];
  const listNotices: Notices = [];
  const access = readAccess(options, listNotices);
  const stream = open(connection);
  const client = identifyClient(stream, { options, access, environment: process.env });
  lowerPriority(options, notices);
  becomeServingAccount(options, notices);
  const manner = client.admitted && !isNetwork(stream) ? await passToResident(stream, words, options, notices) : {};
  if (manner === undefined) return exitStatus.ok;
  const stderr = connection.stderrLost ? 'stderr is the connection here' : 'on request';
  const service = assembleService(options, () => access, notices, { stderr, ...manner });
  // Each client would repeat these notices, so they are only of level info.
  for (const notice of [...(client.admitted ? [] : listNotices), ...notices]) service.log.info(notice);
  try {
    return await serveClient(stream, client, service, stopReasons(service));
  } finally {
    await service.remove();
  }
}

const isNetwork = (stream: ClientStream): boolean => stream instanceof Socket && stream.remoteAddress !== undefined;

function open({ input, output }: StandardConnection): ClientStream {
  try {
    return openStream(input, output);
  } catch (error) {
    throw new Failure(
      exitStatus.inputOutput,
      `cannot talk to a client on stdin and stdout: ${systemReason(error)}; start the daemon with --daemon`,
      { cause: error },
    );
  }
}

/**
 * The first signal ends the conversation unless its compile has started; a second one, or the end of the ssh session,
 * ends it at any time.
 */
function stopReasons({ log }: AssembledService): StopReasons {
  const drain = new AbortController();
  const kill = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    const reason = new Refusal('stopping', 'this server is stopping: try another one');
    log.notice(`${signal}: ending`);
    if (drain.signal.aborted || signal === 'SIGHUP') kill.abort(reason);
    else drain.abort(reason);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', stop);
  return { drain: drain.signal, kill: kill.signal };
}

/** Logs why a client was not served: when stderr is the client's connection, only the log is left. */
export function logFailure(error: unknown): void {
  openDaemonLog({ to: 'syslog' }, 'error').log.error(systemReason(error));
}
