/**
 * What an agent tells those who follow it (question "follow"): REPORT messages, each with a JSON array of events. The
 * first event is a Picture; a follower that cannot keep up gets a new Picture in place of what it has missed.
 * Times are ms since 1970. Texts are readable: bytes that are not UTF-8 are escaped.
 */

/** What a job does at the moment. "queue" waits for a slot; "compile" is at the host, "local" is a command here. */
export type JobPhase = 'queue' | 'scan' | 'preprocess' | 'connect' | 'send' | 'compile' | 'receive' | 'local';

/** In these a job is at its host; before them it waits or is prepared on the client. */
export const phasesAtHost: ReadonlySet<JobPhase> = new Set(['connect', 'send', 'compile', 'receive']);

/** A job that has not ended. */
export interface RunningJob {
  /** Its number in this agent's life, from 1. */
  readonly job: number;
  readonly pid: number;
  readonly directory: string;
  /** The source's name as the command has it; without a single source the output's, or the command's last word. */
  readonly file: string;
  readonly began: number;
  readonly phase: JobPhase;
  /** When this phase began. */
  readonly since: number;
  /** The host's definition without options, such as "build1" or "build1:4000"; undefined on this machine. */
  readonly host?: string;
  /** The slot at that host, from 0. */
  readonly slot?: number;
  /** What a job waits for; why it is local. */
  readonly why?: string;
}

/** A host of the list, as the agent knows it. */
export interface HostPicture {
  readonly name: string;
  /** Slots by the host list. */
  readonly slots: number;
  /** Whether it takes unpreprocessed sources; undefined before it has been asked. */
  readonly takesInputs?: boolean;
  /** Jobs it has done, and attempts that failed, since the agent started. */
  readonly done: number;
  readonly failed: number;
  /** How many seconds it is expected to need for a job. */
  readonly expected?: number;
  /** Why it gets no jobs, and until when. */
  readonly rest?: { readonly why: string; readonly until: number };
}

/** This machine. */
export interface MachinePicture {
  readonly processors: number;
  /** Busy share of all processors since the last picture, from 0 to 1. */
  readonly busy: number;
  readonly memoryBytes: number;
  readonly availableBytes: number;
}

/** How a job ended. */
export interface JobEnd {
  readonly job: number;
  readonly file: string;
  readonly began: number;
  readonly ended: number;
  /** Where it was compiled; undefined for this machine. */
  readonly host?: string;
  readonly slot?: number;
  /** Its exit status; undefined when the agent does not learn it. */
  readonly status?: number;
  /** Why it was compiled here. */
  readonly why?: string;
  /** Whether its user, or the build, ended it: then nobody knows its status. */
  readonly interrupted?: true;
  /** How it was sent: "unpreprocessed", "preprocessed", or "result" for one that the host had kept. */
  readonly sent?: 'unpreprocessed' | 'preprocessed' | 'result';
  /** Bytes to and from the host. */
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** When each phase began, in order; with host and slot where those are others than above, as in a failed attempt. */
  readonly phases: readonly {
    readonly phase: JobPhase;
    readonly at: number;
    readonly host?: string;
    readonly slot?: number;
  }[];
}

/** What the last build did, or the present one so far. A build ends after 5 s without a job. */
export interface BuildSummary {
  readonly began: number;
  /** The end of its last job. */
  readonly ended: number;
  readonly running: boolean;
  readonly jobs: number;
  readonly remote: number;
  readonly local: number;
  /** Jobs that ended with another status than 0. */
  readonly failedJobs: number;
  readonly wallSeconds: number;
  /** How long this machine would have needed alone, by what its own jobs and the hosts took; undefined if unknown. */
  readonly localSeconds?: number;
  readonly hosts: readonly {
    readonly name: string;
    readonly jobs: number;
    readonly failures: number;
    readonly busySeconds: number;
    readonly bytesOut: number;
    readonly bytesIn: number;
  }[];
  /** Why jobs were compiled here, most frequent first. */
  readonly localReasons: readonly { readonly why: string; readonly jobs: number; readonly cure: string }[];
  /** Why attempts at hosts failed. */
  readonly failures: readonly {
    readonly host: string;
    readonly why: string;
    readonly count: number;
    readonly cure: string;
  }[];
  /** Why sources were preprocessed here, though a host takes unpreprocessed ones. */
  readonly preprocessedReasons: readonly { readonly why: string; readonly jobs: number }[];
  readonly unpreprocessed: number;
  readonly preprocessed: number;
  /** How many of the unpreprocessed ones got a result that the host had kept. */
  readonly results: number;
  /** At most ten, slowest first. */
  readonly slowest: readonly { readonly file: string; readonly host?: string; readonly seconds: number }[];
  /** What kept it from being faster. */
  readonly limit: 'client' | 'slots' | 'network' | 'local jobs' | 'commands' | 'unknown';
  /** The same as a sentence with its cure. */
  readonly limitText: string;
}

/** Everything that a follower shows. */
export interface Picture {
  readonly kind: 'picture';
  readonly at: number;
  readonly agent: { readonly pid: number; readonly version: string; readonly started: number };
  readonly hosts: readonly HostPicture[];
  readonly machine: MachinePicture;
  readonly jobs: readonly RunningJob[];
  /** Jobs that this machine has done since the agent started, and how many of them failed. */
  readonly here: { readonly done: number; readonly failed: number };
  /** The last ends, oldest first, at most 2000 of the last five minutes. */
  readonly ended: readonly JobEnd[];
  readonly build?: BuildSummary;
}

/** What changes. */
export type AgentEvent =
  | Picture
  | { readonly kind: 'job'; readonly job: RunningJob }
  | { readonly kind: 'end'; readonly end: JobEnd }
  | { readonly kind: 'failure'; readonly at: number; readonly job: number; readonly host: string; readonly why: string }
  /** All hosts, whenever one of them changes; at most ten times a second. */
  | { readonly kind: 'hosts'; readonly hosts: readonly HostPicture[] }
  /** Once a second while somebody follows. */
  | { readonly kind: 'machine'; readonly at: number; readonly machine: MachinePicture }
  /** Once a second during a build, and when it has ended. */
  | { readonly kind: 'build'; readonly build: BuildSummary };
