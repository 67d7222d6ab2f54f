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

/** How often, in ms, an agent that the service manager has started looks whether the one before it has gone. */
const lookPeriod = 500;

/** What an agent is given that did not open its own door. */
export interface ActivationSettings extends Pick<AgentSettings, 'idleSeconds' | 'program'> {
  /** The path of the door. */
  readonly path: string;
  readonly door: GivenDescriptor;
  readonly manager: ServiceManager;
}

/**
 * Runs an agent for a door: a socket of the service manager with a name that stays the same, where a launcher that has
 * found no agent of its version has one started. Nothing is said there. Whoever rings is let go as soon as an agent
 * listens on the socket of its version beside the door, and looks for that one again: so an agent of another version is
 * never mistaken for the launcher's own. The door is answered until the process ends. Gives the exit status.
 * @throws Failure (status 102) when the descriptor is not a listening stream socket
 */
export async function runActivatedAgent({ path, door, manager, ...settings }: ActivationSettings): Promise<number> {
  const reason = whyNotListening(door.descriptor);
  if (reason !== undefined)
    throw new Failure(exitStatus.bindFailed, `descriptor ${door.descriptor} of the service manager is ${reason}`);
  const server = createServer((socket) => socket.on('error', () => {}).destroy());
  const answer = (): void => {
    if (!server.listening) server.listen({ fd: door.descriptor }, 1024);
    manager.tell({ READY: 1 });
  };
  const own = join(dirname(path), agentVersion);
  const patience = performance.now() + settings.idleSeconds * 1000;
  while (!(await runAgent({ ...settings, path: own, listening: answer }))) {
    // One that a launcher has started is still there. To leave a guest at the door would have us started again at once.
    answer();
    if (performance.now() > patience) break;
    await delay(lookPeriod);
  }
  manager.tell({ STOPPING: 1 });
  return exitStatus.ok;
}
