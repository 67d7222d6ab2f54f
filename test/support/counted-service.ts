import { JobBoard } from '../../src/server/job/job-board.ts';
import { JobStatistics } from '../../src/server/job/job-statistics.ts';
import { ByteBudget } from '../../src/server/limits/byte-budget.ts';
import { FairQueue } from '../../src/server/limits/fair-queue.ts';
import type { CountedService } from '../../src/server/metrics/stats-source.ts';

const requests = { total: 8_388_608, overdraft: 0 };

/** A service without clients, with seven slots and gcc, unless the test says otherwise. */
export function counted(change: Partial<CountedService> = {}): CountedService {
  return {
    statistics: new JobStatistics(),
    board: new JobBoard(),
    jobs: 7,
    queue: new FairQueue(7),
    budget: new ByteBudget(requests),
    capacity: { requests, answers: requests, connections: { total: 10, perAddress: 5 }, memory: 8_388_608 },
    ownFiles: { kind: 'lacking', lacks: '--no-tree' },
    served: () => [{ name: 'gcc', path: '/usr/bin/gcc' }],
    ...change,
  };
}
