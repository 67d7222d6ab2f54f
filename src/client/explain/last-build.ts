import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { BuildSummary } from '../../agent-state/events.ts';
import { agentFolder, askAgents } from '../../agent-state/find-agents.ts';
import type { Call } from '../job/call.ts';

/**
 * The build that runs, or the last one, as the agents of this user have counted it: after an upgrade two agents run for
 * a while.
 * @throws Failure (status 100) when no agent runs, or none has had a job
 */
export async function lastBuild({ environment, directory }: Call): Promise<BuildSummary> {
  const agents = await askAgents(agentFolder(environment, directory), 'status');
  if (agents.length === 0) {
    const sentence =
      'no agent is running, which counts builds: it starts with the first job, and ends some time after the last';
    throw new Failure(exitStatus.general, sentence);
  }
  const builds = agents.flatMap(({ build }) => (build === undefined ? [] : [build]));
  const [latest] = builds.sort((one, other) => other.ended - one.ended);
  if (latest === undefined) throw new Failure(exitStatus.general, 'the agent has had no job since it started');
  return latest;
}
