import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** CPU in ms: in programs, and in the kernel for them. */
export interface Cpu {
  readonly user: number;
  readonly system: number;
}

/** Both. */
export const cpuSum = ({ user, system }: Cpu): number => user + system;

/** What was used between two looks. */
export const cpuSince = (now: Cpu, before: Cpu): Cpu => ({
  user: now.user - before.user,
  system: now.system - before.system,
});

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** CPU of the process and of the children it has waited for. */
  readonly cpu: Cpu;
}

/** proc(5): times are in clock ticks, 100 a second on every Linux that Node runs on. */
const tickMs = 10;

function readProcess(pid: number): Process | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may hold anything, so the fields are counted from its closing bracket: state is the third one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (at: number): number => (Number(fields[at]) + Number(fields[at + 2])) * tickMs;
    return { pid, parent: Number(fields[1]), cpu: { user: ticks(11), system: ticks(12) } };
  } catch {
    return undefined;
  }
}

/** The processes below one, and itself. */
function treeOf(root: number): Process[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [readProcess(Number(name))] : []));
  const known = all.filter((found) => found !== undefined);
  const tree = known.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...known.filter(({ parent }) => parent === pid));
  return tree;
}

/** CPU that a process and everything it started have used, in ms, to within 10 for each live process. */
export function cpuOfTree(root: number): number {
  return cpuSum(cpuPartsOfTree(root));
}

/** The same in its two parts. */
export function cpuPartsOfTree(root: number): Cpu {
  return treeOf(root).reduce((sum, { cpu }) => ({ user: sum.user + cpu.user, system: sum.system + cpu.system }), {
    user: 0,
    system: 0,
  });
}

/**
 * Memory of a process and its children that run the same program, in bytes: shared pages are counted once, compilers
 * not at all.
 */
export function memoryOfTree(root: number): number {
  const program = programOf(root);
  const workers = treeOf(root).filter(({ pid }) => programOf(pid) === program);
  return workers.reduce((sum, { pid }) => sum + proportionalSize(pid), 0);
}

function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined;
  }
}

function proportionalSize(pid: number): number {
  try {
    const [, kib = '0'] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  } catch {
    return 0;
  }
}
