import { CgroupMemory } from '../../system/machine/cgroup-memory.ts';
import { availableMemory, peakMemoryOfTree } from '../../system/machine/memory.ts';
import type { MemoryProbe } from './local-memory.ts';

const groups = new CgroupMemory();

/** This machine's memory. Compilers run in their launchers' control groups, not in the agent's. */
export const realMemory: MemoryProbe = {
  available(pid) {
    const machine = availableMemory();
    const share = groups.share(pid, machine);
    if (share === undefined) return { bytes: machine, where: 'on this machine' };
    return { bytes: share.bytes, where: `in the control group "${share.group}"` };
  },
  peakOfTree: peakMemoryOfTree,
  now: () => performance.now(),
};
