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

/** Serves the one client on stdin and stdout, and returns distcc's internal code of its job as the exit status. */
export async function runInetd(options: DaemonOptions, connection: StandardConnection): Promise<ExitStatus> {
  // inetutils' inetd leaks what it holds.
  keepDescriptors();
  const notices: Notices = [];
  const listNotices: Notices = [];
  const access = readAccess(options, listNotices);
  const stream = open(connection);
  const client = identifyClient(stream, { options, access, environment: process.env });
  lowerPriority(options, notices);
  becomeServingAccount(options, notices);
  const stderr = connection.stderrLost ? 'stderr is the connection here' : 'on request';
  const service = assembleService(options, () => access, notices, { stderr });
  // They would come again with every client: whoever looks for the reason of something asks for them.
  for (const notice of [...(client.admitted ? [] : listNotices), ...notices]) service.log.info(notice);
  try {
    return await serveClient(stream, client, service, stopReasons(service));
  } finally {
    service.remove();
  }
}

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
 * A signal ends the conversation before its compile starts, a second one, or the end of the ssh session, at any time.
 */
function stopReasons({ log }: AssembledService): StopReasons {
  const drain = new AbortController();
  const kill = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    const reason = new Refusal('this server is stopping: try another one');
    log.notice(`${signal}: ending`);
    if (drain.signal.aborted || signal === 'SIGHUP') kill.abort(reason);
    else drain.abort(reason);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', stop);
  return { drain: drain.signal, kill: kill.signal };
}

/** Where the client has stderr, the log is the only place to say why it was not served. */
export function logFailure(error: unknown): void {
  openDaemonLog({ to: 'syslog' }, 'error').log.error(systemReason(error));
}
