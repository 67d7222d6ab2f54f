import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Environment } from '../../config/client-environment.ts';
import { agentSockets } from './agent-sockets.ts';
import { ask } from './ask.ts';
import type { questions } from './messages.ts';
import type { AgentStatus } from './status.ts';

/** The folder of the agent's socket, as the launcher finds it; undefined for a user who has no place for one. */
export function agentFolder(environment: Environment, directory: string): string | undefined {
  const { DISTCC_DIR: own = '', XDG_RUNTIME_DIR: run = '', HOME: home = '' } = environment;
  if (own !== '') return resolve(directory, own, 'agent');
  if (run.startsWith('/')) return `${run}/distcc`;
  return home.startsWith('/') ? `${home}/.distcc/agent` : undefined;
}

function socketsIn(folder: string): string[] {
  try {
    // Somebody else's folder may hold anything that answers.
    return statSync(folder).uid === process.getuid?.() ? agentSockets(folder) : [];
  } catch {
    return [];
  }
}

/** Asks every agent that lives in a folder: after an upgrade there are two for a while. */
export async function askAgents(folder: string | undefined, question: keyof typeof questions): Promise<AgentStatus[]> {
  const sockets = folder === undefined ? [] : socketsIn(folder);
  const answers = await Promise.all(sockets.map((path) => ask(path, question).catch(() => undefined)));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a program of ours wrote it, in a folder that only we can enter
  return answers.filter((text) => text !== undefined).map((text) => JSON.parse(text) as AgentStatus);
}
