import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { availableMemory, ownMemory, peakMemoryOfTree } from '../../../../src/system/machine/memory.ts';

describe('availableMemory()', () => {
  it('is some of what the machine has', () => {
    expect(availableMemory()).toBeGreaterThan(0);
    expect(availableMemory()).toBeLessThanOrEqual(totalmem());
  });
});

describe('ownMemory()', () => {
  it('is some of what the machine has', () => {
    expect(ownMemory()).toBeGreaterThan(10e6);
    expect(ownMemory()).toBeLessThan(totalmem());
  });
});

describe.skipIf(process.platform !== 'linux')('peakMemoryOfTree()', () => {
  it('counts what a descendant used, also when it has given it back', async () => {
    // A shell, its child, and 60 MB there: what the shell itself has would be a tenth of it.
    const grandchild = 'let x = Buffer.alloc(60e6, 1); console.log(x.length); process.stdin.resume()';
    const script = `"${process.execPath}" -e '${grandchild}'; true`;
    const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    expect(peakMemoryOfTree(child.pid ?? 0)).toBeGreaterThan(80e6);
    child.stdin.end();
    await once(child, 'close');
    expect(peakMemoryOfTree(child.pid ?? 0)).toBe(0);
  });
});
