import type { Caps } from '../../wire/inputs/caps.ts';
import type { KnownCompilers } from '../compilers/known-compilers.ts';
import type { AccessList } from '../policy/access-list.ts';
import type { ByteBudget } from '../limits/byte-budget.ts';
import type { FairQueue } from '../limits/fair-queue.ts';
import type { CommandPolicy } from '../policy/judge-command.ts';
import type { JobBoard } from '../job/job-board.ts';
import type { JobStatistics } from '../job/job-statistics.ts';
import type { JobTools } from '../job/run-job.ts';
import type { LogLimit } from '../log/log-limit.ts';
import type { Sessions } from '../inputs/sessions.ts';
import type { ResultKeeper } from '../results/result-keeper.ts';
import type { TreeRoots } from '../../system/fence/tree-roots.ts';
import type { Pace } from '../limits/transfer-pace.ts';

/** How long a connection may stay in each state, in ms. */
export interface Deadlines {
  /** From accept to the last byte of the request: a client may connect before its preprocessor has finished. */
  readonly receiving: number;
  /** Without a byte in either direction while one is expected. */
  readonly silence: number;
  readonly waiting: number;
  readonly answering: number;
}

/** What compiling clients' own files needs. */
export interface TreeService {
  /** The sessions of clients, from the first one on. */
  readonly sessions: () => Sessions;
  readonly roots: () => TreeRoots;
  /** The service's own environment for compilers there, as NAME=value. */
  readonly environment: () => readonly string[];
  /** What is said of it to clients, after their answers. */
  readonly offer: Caps;
  /** Left out where no results are kept. */
  readonly results?: ResultKeeper | undefined;
}

/** Everything that is needed to serve a connection. */
export interface Service extends JobTools, CommandPolicy {
  readonly access: () => AccessList;
  readonly queue: FairQueue;
  /** The memory for requests, and for answers while they are packed. */
  readonly budget: ByteBudget;
  /** The room for files of answers whose slot has been released. */
  readonly answerFiles: ByteBudget;
  readonly deadlines: Deadlines;
  readonly pace: Pace;
  readonly clientLog: LogLimit;
  readonly statistics: JobStatistics;
  readonly board: JobBoard;
  /** Left out where there are no tree jobs. */
  readonly trees?: TreeService | undefined;
  /** What clients are told after their answers where there are none yet. */
  readonly promise?: Caps | undefined;
  /** Left out where a process serves one client: none is there long enough to look at compilers. */
  readonly known?: KnownCompilers | undefined;
}

/** The signals by which the daemon ends conversations: draining spares those whose compiler runs, killing does not. */
export interface StopReasons {
  readonly drain: AbortSignal;
  readonly kill: AbortSignal;
}
