import { Failure } from '../../basics/failure.ts';
import type { Reason } from '../../compiler/verdict.ts';
import { readVariable } from '../../config/client-environment.ts';
import type { JobHosts } from '../hosts/changing-hosts.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Effects } from './effects.ts';

/** The hosts, or why there are none. */
export function readHosts({ environment }: RemoteJob, effects: Effects): JobHosts | Reason {
  try {
    const hosts = effects.hosts();
    const isEmpty = hosts.list.hosts.length === 0;
    if (isEmpty) effects.tellAllIsLocal();
    // A probe of configure must not find a line of ours among the compiler's.
    for (const warning of hosts.list.warnings)
      if (isEmpty) effects.log.info(warning);
      else if (effects.isNews(warning)) effects.log.warning(warning);
    effects.progress.lists(hosts.list.hosts);
    return hosts;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // A job that may not run here has to say why it fails.
    if (!readVariable('DISTCC_FALLBACK', environment) || effects.isNews(error.message))
      effects.log.error(error.message);
    else effects.log.info(error.message);
    return { because: 'the host list cannot be used', cure: `mend it: ${error.message}` };
  }
}
