import type { BuildSummary } from '../../src/agent-state/events.ts';

/** A build that runs, with what is given in place of what it has. */
export const playedBuild = (more: Partial<BuildSummary> = {}): BuildSummary => ({
  began: Date.now() - 12_000,
  ended: Date.now(),
  running: true,
  jobs: 50,
  remote: 40,
  local: 10,
  failedJobs: 0,
  wallSeconds: 12,
  hosts: [],
  localReasons: [],
  failures: [],
  preprocessedReasons: [],
  unpreprocessed: 40,
  preprocessed: 0,
  results: 0,
  slowest: [],
  limit: 'slots',
  limitText: 'all slots were busy: add hosts',
  ...more,
});
