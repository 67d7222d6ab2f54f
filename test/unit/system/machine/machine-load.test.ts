import { describe, expect, it } from 'vitest';
import {
  countProcesses,
  diskSectors,
  freeMegabytes,
  runnableProcesses,
} from '../../../../src/system/machine/machine-load.ts';

describe('countProcesses()', () => {
  it('finds a process at least as large as this one', () => {
    const { uninterruptible, largest } = countProcesses();
    expect(uninterruptible).toBeGreaterThanOrEqual(0);
    expect(largest.kilobytes).toBeGreaterThan(process.memoryUsage().rss / 1024 / 2);
    expect(largest.command).toMatch(/^\(.*\)$/);
  });
});

describe("the machine's numbers", () => {
  it('are there, and -1 where the system has none', () => {
    expect(runnableProcesses()).toBeGreaterThan(0);
    expect(diskSectors()).toBeGreaterThanOrEqual(0);
    expect(freeMegabytes('/')).toBeGreaterThan(0);
    expect(freeMegabytes('/no/such/place')).toBe(-1);
  });
});
