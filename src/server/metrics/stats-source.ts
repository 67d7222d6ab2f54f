import type { AccessList } from '../policy/access-list.ts';
import type { AssembledService } from '../start/assemble-service.ts';

/** What has been found out about compilers that clients have asked for. */
export interface CompilerFacts {
  list(): ReadonlyArray<{
    readonly name: string;
    readonly path: string;
    readonly version: string;
    readonly target: string;
  }>;
}

/** The parts of the service that are counted and shown. */
export interface CountedService extends Pick<
  AssembledService,
  'statistics' | 'board' | 'jobs' | 'queue' | 'budget' | 'capacity' | 'ownFiles' | 'served'
> {
  /** Left out where nothing is found out. */
  readonly known?: CompilerFacts | undefined;
}

/** Where the figures come from, and who may see them. */
export interface StatsSource {
  readonly service: CountedService;
  /** Who may read besides this machine. */
  readonly readers: () => AccessList;
}
