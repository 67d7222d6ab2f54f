import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

function afterFirstDot(name: string | undefined): string | undefined {
  const dot = name?.indexOf('.') ?? -1;
  return dot <= 0 ? undefined : name?.slice(dot + 1);
}

/** The first domain in resolv.conf(5). */
function resolverDomain(): string | undefined {
  try {
    return /^[ \t]*(?:domain|search)[ \t]+([^\s.][^\s]*)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * The DNS domain of this machine: from $HOST or $HOSTNAME, else its name, else the resolver; undefined when none of
 * them has one.
 */
export function dnsDomain(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const names = [environment['HOST'], environment['HOSTNAME'], hostname()].map(afterFirstDot);
  return [...names, resolverDomain()].find((domain) => domain !== undefined && domain !== '');
}
