import { cureOf } from './host-cure.ts';
import type { Reason } from '../../compiler/verdict.ts';
import type { Host } from '../hosts/host.ts';
import type { Slots } from '../slots/slots.ts';

/** The reason of a job without a host list, or with an empty one. */
export const noHostsListed = 'no hosts are listed';

type Failures = ReadonlyMap<Host, string>;

/** Why a host gets no job; undefined when it could. */
function whyNot(host: Host, failures: Failures, slots: Pick<Slots, 'whyResting'>): string | undefined {
  if (host.kind === 'local') return undefined;
  if (host.down) return 'is marked ",down"';
  if (host.slots === 0) return 'is listed with no slots';
  return failures.get(host) ?? slots.whyResting(host);
}

/** Why no host can be used for a job, and what to do about it; `failures` has why hosts did not do it. */
export function whyNobody(hosts: readonly Host[], failures: Failures, slots: Pick<Slots, 'whyResting'>): Reason {
  if (hosts.length === 0)
    return {
      because: noHostsListed,
      cure: `list hosts in DISTCC_HOSTS, ~/.distcc/hosts or /etc/distcc/hosts; then "distcc --doctor" tells whether they work`,
    };
  const [first, ...others] = hosts.flatMap((host) => {
    const why = whyNot(host, failures, slots);
    return why === undefined ? [] : [{ host: host.definition, why }];
  });
  if (first === undefined) return { because: 'no host can be used', cure: cureOf('') };
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return { because: `no host can be used: ${first.host}: ${first.why}${more}`, cure: cureOf(first.why) };
}
