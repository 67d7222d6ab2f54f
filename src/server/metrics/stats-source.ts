import type { AccessList } from '../policy/access-list.ts';
import type { AssembledService } from '../start/assemble-service.ts';

/** The parts of the service that are counted and shown. */
export type CountedService = Pick<
  AssembledService,
  'statistics' | 'board' | 'jobs' | 'queue' | 'budget' | 'capacity' | 'ownFiles' | 'served'
>;

/** Where the figures come from, and who may see them. */
export interface StatsSource {
  readonly service: CountedService;
  /** Who may read besides this machine. */
  readonly readers: () => AccessList;
}
