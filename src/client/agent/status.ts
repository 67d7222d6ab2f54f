/** What an agent tells about itself. */
export interface AgentStatus {
  readonly pid: number;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  readonly jobsDone: number;
  /** What the largest recent compiler or linker of this machine used, in bytes; 0 when nothing is known. */
  readonly largestLocalJob: number;
  /** What one more compiler or linker here would have to wait for now, besides a place. */
  readonly lacks?: string;
  /** Jobs that wait for a place. */
  readonly waiting: number;
  readonly jobs: readonly {
    readonly pid: number;
    readonly directory: string;
    readonly words: readonly string[];
    readonly waitsFor?: string;
  }[];
  /** Hosts, and kinds of work of this machine, with the jobs that they have now. */
  readonly places: readonly { readonly name: string; readonly jobs: number }[];
  /** In how many seconds a host would do a job; null is never: it refused one just now. */
  readonly expected: readonly { readonly name: string; readonly seconds: number | null }[];
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
    ...status.jobs.map(
      ({ pid, words, waitsFor }) =>
        `  ${pid} ${shortened(words.join(' '))}${waitsFor === undefined ? '' : ` (waits for ${waitsFor})`}`,
    ),
    ...status.places.map(({ name, jobs }) => `place ${name}: ${jobs}`),
    ...status.expected.map(({ name, seconds }) =>
      seconds === null ? `refused a job just now: ${name}` : `expected time of ${name}: ${seconds.toFixed(1)} s`,
    ),
    ...(status.largestLocalJob === 0
      ? []
      : [`the largest recent job of this machine used ${Math.round(status.largestLocalJob / 1e6)} MB`]),
    ...status.resting.map(({ name, why, seconds }) => `resting ${name}: ${seconds} s more: ${why}`),
    '',
  ].join('\n');
}
