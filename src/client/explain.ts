import { Failure } from '../basics/failure.ts';
import { textLog } from './text-log.ts';
import type { AgentStatus } from './agent/status.ts';
import { lockName } from './host.ts';
import type { Host } from './host.ts';
import { loadHosts } from './host-source.ts';
import { placeOf, understand } from './job.ts';
import { outputObstacle } from './output.ts';
import { toolsIn } from './tools.ts';
import type { Call } from './world.ts';

function stateOf(host: Host, status: AgentStatus | undefined): string {
  const name = lockName(host);
  const jobs = status?.places.find((place) => place.name === name)?.jobs ?? 0;
  const places = `${jobs} of ${host.slots} places taken`;
  if (host.kind === 'local') return `this machine, ${places}`;
  if (host.down) return 'marked down: take ",down" away to use it';
  const rest = status?.resting.find((resting) => resting.name === name);
  if (rest !== undefined) return `rests ${rest.seconds} s more, because it failed: ${rest.why}`;
  return places;
}

function hostLines(call: Call, status: AgentStatus | undefined): string[] {
  try {
    const { hosts, warnings } = loadHosts(call.environment);
    const lines = hosts.map((host, at) => `  ${at + 1}. ${host.definition}: ${stateOf(host, status)}`);
    return [...warnings, ...(lines.length === 0 ? [] : ['hosts, in the order of preference:', ...lines])];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [`the host list cannot be used: ${error.message}`];
  }
}

/**
 * Says where a command would run, why, and what would have to change to distribute it; nothing is run.
 * @throws Failure when it is no call of a compiler
 */
export function explain(call: Call, status: AgentStatus | undefined): string {
  const tools = toolsIn(call.directory);
  const job = understand(
    call,
    tools,
    textLog('distcc', 'emergency', () => {}),
  );
  if (job.run === 'locally') {
    const cure = 'to distribute it, change what that names';
    return [`runs on this machine: ${job.because}`, cure, ''].join('\n');
  }
  const obstacle = outputObstacle(placeOf(job, job.verdict.output));
  if (obstacle !== undefined) {
    return [`runs on this machine: ${obstacle}`, 'to distribute it, make a place for its output', ''].join('\n');
  }
  const usual = `can be distributed: "${job.verdict.source}" is compiled to "${job.verdict.output}" by "${job.verdict.words[0] ?? ''}"`;
  return [usual, ...hostLines(call, status), ''].join('\n');
}
