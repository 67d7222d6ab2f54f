import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { runAgent } from '../client/agent/agent.ts';
import { readVariable } from '../config/client-environment.ts';
import { versionBlock } from '../config/version.ts';
import { run } from './run.ts';

const help = `Usage: distcc-agent SOCKET [DESCRIPTOR]

distcc starts its agent itself, one for each user and DISTCC_DIR; there is no need to call it. "distcc --agent-status"
shows what it does, "distcc --agent-stop" ends it.
`;

void run('distcc-agent', async ([path, ready]) => {
  if (path === '--version' || path === '--help') {
    const version = `${versionBlock('distcc-agent', 'protocols 1 and 2')}\n`;
    process.stdout.write(path === '--help' ? `${version}\n${help}` : version);
    return exitStatus.ok;
  }
  if (path?.startsWith('/') !== true) {
    throw new Failure(exitStatus.badArguments, 'distcc starts its agent itself: there is no need to call it');
  }
  const idleSeconds = readVariable('DISTCC_AGENT_IDLE', process.env);
  const status = await runAgent({ path, idleSeconds, ready: readWholeNumber(ready ?? '', 3, 1024) });
  // A connection that is left open must not keep it.
  process.exit(status);
});
