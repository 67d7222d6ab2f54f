import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The service manager's socket in the folder of the agents: whoever connects to it has an agent started. */
const doorName = 'agent.sock';

/** How the socket of an agent is called until it listens. */
export const bornPrefix = 'new-';

/** The sockets in a folder on which agents listen, or have listened. */
export function agentSockets(folder: string): string[] {
  const paths = readdirSync(folder)
    .filter((name) => name !== doorName && !name.startsWith(bornPrefix))
    .map((name) => join(folder, name));
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isSocket() === true);
}
