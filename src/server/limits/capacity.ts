import os from 'node:os';
import { CgroupMemory } from '../../system/machine/cgroup-memory.ts';
import type { BudgetSize } from './byte-budget.ts';
import type { ConnectionLimits } from './open-connections.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** How much clients can take from this server. Everything follows from one number of bytes. */
export interface Capacity {
  readonly memory: number;
  /** Memory for requests, and for answers while they are packed. */
  readonly requests: BudgetSize;
  /** Room in the temporary directory for answers that wait to be read, besides those of jobs with a slot. */
  readonly answers: BudgetSize;
  readonly connections: ConnectionLimits;
}

/** The largest request, packed and with its command. One such request must always be able to finish. */
const largestRequest = 576 * mebibyte;
/** The bytes of memory that every connection may use without asking. */
export const freeBytes = 64 * kibibyte;
const connections = { least: 64, most: 1024 };
/** Descriptors for each connection, which are its socket and the files of its answer, and for the daemon itself. */
const descriptors = { each: 4, own: 128 };

/** Divides `memory`, in bytes, in a process that may have `mostDescriptors` open. */
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
 * The default of `--max-memory`: a quarter of the memory of the machine, or of what this process's control group
 * leaves.
 */
export function usualShare(): number {
  const share = new CgroupMemory().share(process.pid)?.bytes ?? Infinity;
  const quarter = Math.floor(Math.min(os.totalmem(), share) / 4);
  return Math.min(usualMemory.most, Math.max(usualMemory.least, quarter));
}

/** How much clients can take, in the words of `--check`. */
export function describeCapacity({ memory, answers, connections: { total } }: Capacity): string {
  const whole = (bytes: number): string => `${Math.floor(bytes / mebibyte)} MiB`;
  return `${whole(memory)} for requests and answers (--max-memory), ${whole(answers.total)} of files for answers that wait, ${total} connections`;
}
