import os from 'node:os';
import { readKernelFile } from '../kernel-file.ts';

/** Time of all processors so far, in any unit. */
interface Times {
  readonly busy: number;
  readonly all: number;
}

/** The first line of proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. */
function timesOfKernel(): Times | undefined {
  const line = /^cpu +(.*)$/m.exec(readKernelFile('/proc/stat'))?.[1];
  if (line === undefined) return undefined;
  const numbers = line.split(' ').slice(0, 8).map(Number);
  const all = numbers.reduce((sum, one) => sum + one, 0);
  return { busy: all - (numbers[3] ?? 0) - (numbers[4] ?? 0), all };
}

function timesOfNode(): Times {
  let [busy, all] = [0, 0];
  for (const { times } of os.cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    all += used + times.idle;
  }
  return { busy, all };
}

const timesNow = (): Times => timesOfKernel() ?? timesOfNode();

/** How busy this machine's processors are. */
export class ProcessorUse {
  #last = timesNow();

  /** The busy share of all processors since the last call, or since the object was made: 0 to 1. */
  share(): number {
    const now = timesNow();
    const all = now.all - this.#last.all;
    const busy = now.busy - this.#last.busy;
    // The kernel counts in ticks: between two calls there may be none.
    if (all <= 0) return 0;
    this.#last = now;
    return Math.min(1, Math.max(0, busy / all));
  }
}
