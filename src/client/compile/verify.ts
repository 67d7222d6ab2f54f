import { exitStatusOf } from '../job/result-text.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Answer } from './attempt.ts';
import type { Effects } from './effects.ts';
import type { Made } from './inputs-effects.ts';

/** Names what differs between two compiles of one command; a number of bytes tells where an object does. */
export function differencesOf(there: Made, here: Made): string[] {
  const differences: string[] = [];
  if (there.status !== here.status) {
    differences.push(`the exit status (${exitStatusOf(there.status)} there, ${exitStatusOf(here.status)} here)`);
  }
  for (const [what, one, other] of [
    ['the object', there.object, here.object],
    ['the dependency file', there.dependencies, here.dependencies],
    ['the messages', there.stderr, here.stderr],
    ['the standard output', there.stdout, here.stdout],
  ] as const) {
    if (one.equals(other)) continue;
    const at = one.findIndex((byte, position) => byte !== other[position]);
    differences.push(
      `${what} (${one.length} bytes there, ${other.length} here, from byte ${at === -1 ? one.length : at} on)`,
    );
  }
  return differences;
}

/** What can be read at a path after these bytes were written there: a compile to /dev/null leaves nothing. */
export const leftAt = (path: string, bytes: Buffer): Buffer => (path === '/dev/null' ? Buffer.alloc(0) : bytes);

/**
 * Compiles here a job that a host has compiled from its inputs, compares, and leaves what was made here. Gives the exit
 * status.
 */
export async function verify(job: RemoteJob, host: DistantHost, answer: Answer, effects: Effects): Promise<number> {
  const { response, dependencies } = answer;
  const here = await effects.inputs.compileAside(job);
  const there = {
    status: response.status,
    stdout: response.stdout,
    stderr: response.stderr,
    object: leftAt(job.verdict.output, await effects.contentOf(response.object)),
    dependencies:
      dependencies === undefined
        ? Buffer.alloc(0)
        : leftAt(dependencies.path, await effects.contentOf(dependencies.output)),
  };
  const differences = differencesOf(there, here);
  const name = `${job.name}, compiled from its inputs on ${host.definition}`;
  if (differences.length === 0) effects.log.info(`${name}: the same as here`);
  else effects.log.error(`${name}: not the same as here: ${differences.join(', ')}`);
  effects.tell('stdout', here.stdout);
  effects.tell('stderr', here.stderr);
  const status = exitStatusOf(here.status);
  effects.end(status);
  return status;
}
