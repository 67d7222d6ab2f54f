/** What an agent tells about itself. */
export interface AgentStatus {
  readonly pid: number;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly jobsDone: number;
  /** Jobs that wait for a place. */
  readonly waiting: number;
  readonly jobs: readonly { readonly pid: number; readonly directory: string; readonly words: readonly string[] }[];
  /** Hosts, and kinds of work of this machine, with the jobs that they have now. */
  readonly places: readonly { readonly name: string; readonly jobs: number }[];
  readonly resting: readonly { readonly name: string; readonly why: string; readonly seconds: number }[];
}

const longestCommand = 100;

function shortened(text: string): string {
  return text.length > longestCommand ? `${text.slice(0, longestCommand)}...` : text;
}

/** The status as people read it. */
export function statusText(status: AgentStatus): string {
  return [
    `distcc-agent ${status.version}, process ${status.pid}, up ${status.uptimeSeconds} s, ${Math.round(status.memoryBytes / 1e6)} MB`,
    `jobs: ${status.jobs.length} now, ${status.waiting} waiting for a place, ${status.jobsDone} done`,
    ...status.jobs.map(({ pid, words }) => `  ${pid} ${shortened(words.join(' '))}`),
    ...status.places.map(({ name, jobs }) => `place ${name}: ${jobs}`),
    ...status.resting.map(({ name, why, seconds }) => `resting ${name}: ${seconds} s more: ${why}`),
    '',
  ].join('\n');
}
