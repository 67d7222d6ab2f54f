import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { whyNotListening } from '../../system/descriptors/given-descriptors.ts';
import type { GivenDescriptor } from '../../system/descriptors/given-descriptors.ts';
import type { ServiceManager } from '../../system/service-manager/sd-notify.ts';
import type { AgentSettings } from './agent.ts';
import { runAgent } from './agent.ts';
import { agentVersion } from '../../agent-state/agent-version.ts';

/** How often, in ms, an agent that the service manager started checks whether the agent before it has ended. */
const lookPeriod = 500;

/** Settings of an agent that the service manager started. */
export interface ActivationSettings extends Pick<AgentSettings, 'idleSeconds' | 'program'> {
  /** The path of the service manager's socket. */
  readonly path: string;
  readonly activationSocket: GivenDescriptor;
  readonly manager: ServiceManager;
}

/**
 * Runs an agent that the service manager started for a connection to its socket. A launcher that finds no agent of its
 * version connects to that socket; no message is sent there. The connection is closed as soon as an agent listens on
 * the socket of its version, and the launcher looks for that one again: so it never takes an agent of another version
 * for its own. The service manager's socket is served until the process ends. Returns the exit status.
 * @throws Failure (status 102) when the descriptor is not a listening stream socket
 */
export async function runActivatedAgent({
  path,
  activationSocket,
  manager,
  ...settings
}: ActivationSettings): Promise<number> {
  const reason = whyNotListening(activationSocket.descriptor);
  if (reason !== undefined)
    throw new Failure(
      exitStatus.bindFailed,
      `descriptor ${activationSocket.descriptor} of the service manager is ${reason}`,
    );
  const server = createServer((socket) => socket.on('error', () => {}).destroy());
  const answer = (): void => {
    if (!server.listening) server.listen({ fd: activationSocket.descriptor }, 1024);
    manager.tell({ READY: 1 });
  };
  const own = join(dirname(path), agentVersion);
  const patience = performance.now() + settings.idleSeconds * 1000;
  while (!(await runAgent({ ...settings, path: own, listening: answer }))) {
    // An agent that a launcher started still runs. A connection left unanswered would have systemd start us again at
    // once.
    answer();
    if (performance.now() > patience) break;
    await delay(lookPeriod);
  }
  manager.tell({ STOPPING: 1 });
  return exitStatus.ok;
}
