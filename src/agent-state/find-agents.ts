import { statSync } from 'node:fs';
import { bytesOf, pathOf } from '../system/byte-text.ts';
import { agentSockets } from './agent-sockets.ts';
import { agentVersion } from './agent-version.ts';
import { ask } from './ask-agent.ts';
import type { Question } from '../wire/agent/question.ts';
import type { AgentStatus } from './status.ts';

type Environment = Readonly<Record<string, string | undefined>>;

function isOwn(folder: string): boolean {
  return statSync(bytesOf(folder), { throwIfNoEntry: false })?.uid === process.geteuid?.();
}

function namedFolder({ DISTCC_DIR, XDG_RUNTIME_DIR, HOME }: Environment, directory: string): string | undefined {
  const [own = '', run = '', home = ''] = [DISTCC_DIR, XDG_RUNTIME_DIR, HOME];
  if (own !== '') return own.startsWith('/') ? `${own}/agent` : `${directory}/${own}/agent`;
  if (run.startsWith('/') && isOwn(run)) return `${run}/distcc`;
  return home.startsWith('/') ? `${home}/.distcc/agent` : undefined;
}

/** The longest path of a socket in bytes, with its NUL (unix(7); unix(4) on FreeBSD). */
const longestPath = process.platform === 'freebsd' ? 104 : 108;

/** FNV-1a with 64 bits. */
function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytesOf(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

/**
 * The folder of the agent's socket, found as the launcher finds it: a folder in /tmp when the usual one has too long a
 * path for a socket. Undefined when no variable names a folder.
 */
export function agentFolder(environment: Environment, directory: string): string | undefined {
  const folder = namedFolder(environment, directory);
  if (folder === undefined || bytesOf(`${folder}/${agentVersion}`).length < longestPath) return folder;
  return `/tmp/distcc-${process.geteuid?.()}-${hashOf(folder)}`;
}

/** The sockets of this account's agents in a folder; none in another account's, where anything could listen and answer. */
export function ownAgentSockets(folder: string): string[] {
  const path = pathOf(folder);
  try {
    return path !== undefined && isOwn(folder) ? agentSockets(path) : [];
  } catch {
    return [];
  }
}

/** Asks every agent with a socket in a folder: after an upgrade two run for a while. */
export async function askAgents(folder: string | undefined, question: Question): Promise<AgentStatus[]> {
  const sockets = folder === undefined ? [] : ownAgentSockets(folder);
  const answers = await Promise.all(sockets.map((path) => ask(path, question).catch(() => undefined)));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a program of ours wrote it, in a folder that only we can enter
  return answers.filter((text) => text !== undefined).map((text) => JSON.parse(text) as AgentStatus);
}
