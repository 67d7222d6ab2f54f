import { statSync } from 'node:fs';
import type { JobMessage, Surroundings } from '../../wire/agent/job.ts';

function numberOf(path: string): number {
  try {
    return statSync(path).ino;
  } catch {
    return 0;
  }
}

let ours: Surroundings | undefined;

function ownSurroundings(): Surroundings {
  const { dev, ino } = statSync('/');
  const [mounts, users, network] = ['mnt', 'user', 'net'].map((name) => numberOf(`/proc/self/ns/${name}`));
  return [mounts ?? 0, users ?? 0, network ?? 0, dev, ino];
}

/**
 * Whether a launcher sees the same files, users and network as this process. In a container or a sandbox it does not:
 * hosts and programs differ there, and it uses a private agent.
 */
export function sharesSurroundings({ surroundings }: Pick<JobMessage, 'surroundings'>): boolean {
  ours ??= ownSurroundings();
  return ours.every((number, at) => number === surroundings[at]);
}
