import type { AgentStatus } from '../../../../src/agent-state/status.ts';

/** What an agent says of itself that has had no job. */
export const idleStatus: AgentStatus = {
  pid: 4711,
  version: '1.0',
  uptimeSeconds: 4,
  memoryBytes: 72e6,
  jobsDone: 9,
  largestLocalJob: 0,
  waiting: 0,
  sent: { unpreprocessed: 0, results: 0, preprocessed: 0, reasons: [] },
  jobs: [],
  hosts: [],
  slots: [],
  expected: [],
  resting: [],
};
