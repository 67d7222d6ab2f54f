import os from 'node:os';
import { CgroupMemory } from '../../system/machine/cgroup-memory.ts';
import type { BudgetSize } from './byte-budget.ts';
import type { ConnectionLimits } from './open-connections.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** What clients can take of this server: all of it follows from one figure, in bytes. */
export interface Capacity {
  readonly memory: number;
  /** Of the memory: for requests, and for answers while they are packed. */
  readonly requests: BudgetSize;
  /** Of the temporary directory: for answers that wait in files, besides those of the jobs that have a slot. */
  readonly answers: BudgetSize;
  readonly connections: ConnectionLimits;
}

/** The largest request, packed and with its command: one must be able to finish. */
const largestRequest = 576 * mebibyte;
/** What a connection has of the memory without asking. */
export const freeBytes = 64 * kibibyte;
const connections = { least: 64, most: 1024 };
/** Descriptors of a connection: its socket and the files of its answer; and those of the daemon itself. */
const descriptors = { each: 4, own: 128 };

/** Divides `memory`, in bytes, in a process that may have `mostDescriptors`. */
export function planCapacity(memory: number, mostDescriptors: number): Capacity {
  const overdraft = Math.min(largestRequest, memory / 2);
  const wished = Math.min(connections.most, Math.max(connections.least, Math.floor(memory / mebibyte)));
  const possible = Math.floor((mostDescriptors - descriptors.own) / descriptors.each);
  const total = Math.max(2, Math.min(wished, possible));
  return {
    memory,
    requests: { total: memory - overdraft - total * freeBytes, overdraft },
    answers: { total: 2 * memory, overdraft: 0 },
    connections: { total, perAddress: Math.ceil(total / 2) },
  };
}

const usualMemory = { least: 64 * mebibyte, most: 1024 * mebibyte };

/**
 * What is taken without `--max-memory`: a quarter of the machine's memory, or of what the control group of this process
 * leaves.
 */
export function usualShare(): number {
  const share = new CgroupMemory().share(process.pid)?.bytes ?? Infinity;
  const quarter = Math.floor(Math.min(os.totalmem(), share) / 4);
  return Math.min(usualMemory.most, Math.max(usualMemory.least, quarter));
}

/** What clients can take, in the words of `--check`. */
export function describeCapacity({ memory, answers, connections: { total } }: Capacity): string {
  const whole = (bytes: number): string => `${Math.floor(bytes / mebibyte)} MiB`;
  return `${whole(memory)} for requests and answers (--max-memory), ${whole(answers.total)} of files for answers that wait, ${total} connections`;
}
