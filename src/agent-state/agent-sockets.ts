import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The socket of the service manager, in the same folder: connecting to it starts an agent. */
const doorName = 'agent.sock';

/** What the name of an agent's socket begins with until the agent listens. */
export const bornPrefix = 'new-';

/** The sockets in a folder on which agents listen, or have listened. */
export function agentSockets(folder: string): string[] {
  const paths = readdirSync(folder)
    .filter((name) => name !== doorName && !name.startsWith(bornPrefix))
    .map((name) => join(folder, name));
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isSocket() === true);
}
