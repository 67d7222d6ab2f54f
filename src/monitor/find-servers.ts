import { samePrefix } from './address-prefix.ts';

/** The most names of one search. */
const mostNames = 500;

/** All effects of a search. */
export interface SearchEffects {
  /** The address of a name; undefined when it has none. */
  resolve(name: string): Promise<string | undefined>;
  /** Tries a server and prints the result. */
  probe(name: string, address: string): Promise<void>;
  tell(event: string): void;
}

/** Which names to look for, and when to stop. */
export interface SearchPlan {
  readonly names: readonly string[];
  /** Whether the names are numbered: then a missing one ends the search. */
  readonly numbered: boolean;
  /** How many numbered names may be missing before the search ends. */
  readonly gap: number;
  /** How many names are looked up at a time. */
  readonly atOnce: number;
  /** Leading bits that every address must share with the first one. */
  readonly prefixBits: number;
}

/** The names that a format stands for: `build%d` gives build1, build2 and so on. */
export function numberedNames(format: string): string[] {
  return Array.from({ length: mostNames }, (_, index) => format.replace('%d', () => String(index + 1)));
}

/** Looks up all names of a plan and tries those servers; returns how many names were found. */
export async function findServers(plan: SearchPlan, effects: SearchEffects): Promise<number> {
  const names = plan.names.slice(0, mostNames);
  const probes: Promise<void>[] = [];
  let next = 0;
  let missing = 0;
  let first: string | undefined;
  const mayGoOn = (): boolean => next < names.length && (!plan.numbered || missing <= plan.gap);
  const lookInTurn = async (): Promise<void> => {
    while (mayGoOn()) {
      const name = names[next] ?? '';
      next += 1;
      effects.tell(`Looking up ${name}`);
      const address = await effects.resolve(name);
      first ??= address;
      if (address === undefined || first === undefined || !samePrefix(first, address, plan.prefixBits)) {
        missing += 1;
        effects.tell(`${name} not found`);
      } else {
        probes.push(effects.probe(name, address));
      }
    }
  };
  await Promise.all(Array.from({ length: plan.atOnce }, lookInTurn));
  await Promise.all(probes);
  return probes.length;
}
