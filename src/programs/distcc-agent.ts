import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { runAgent } from '../client/agent/agent.ts';
import { readVariable } from '../config/client-environment.ts';
import { run } from './run.ts';

void run('distcc-agent', async ([path, ready]) => {
  if (path?.startsWith('/') !== true) {
    throw new Failure(exitStatus.badArguments, 'distcc starts its agent itself: there is no need to call it');
  }
  const idleSeconds = readVariable('DISTCC_AGENT_IDLE', process.env);
  const status = await runAgent({ path, idleSeconds, ready: readWholeNumber(ready ?? '', 3, 1024) });
  // A connection that is left open must not keep it.
  process.exit(status);
});
