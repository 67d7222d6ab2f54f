import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAll } from '../../../../src/system/descriptors/write-all.ts';

describe('writeAll()', () => {
  it('writes everything to a file', () => {
    const path = join(tmpdir(), `write-all-test-${process.pid}`);
    const descriptor = openSync(path, 'w');
    writeAll(descriptor, Buffer.alloc(1_000_000, 'x'));
    closeSync(descriptor);
    expect(readFileSync(path).equals(Buffer.alloc(1_000_000, 'x'))).toBe(true);
    rmSync(path);
  });

  it('waits for room in a pipe that does not block', async () => {
    const path = join(tmpdir(), `write-all-test-pipe-${process.pid}`);
    execFileSync('mkfifo', [path]);
    // For reading too: a pipe without a reader cannot be opened.
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const end = openSync(path, 'r');
    rmSync(path);
    const reader = spawn('sh', ['-c', 'sleep 0.1; wc -c'], { stdio: [end, 'pipe', 'inherit'] });
    let count = '';
    reader.stdout?.on('data', (chunk: Buffer) => void (count += chunk.toString()));
    closeSync(end);
    writeAll(pipe, Buffer.alloc(500_000, 'y'));
    closeSync(pipe);
    await once(reader, 'close');
    expect(count.trim()).toBe('500000');
  });

  it('throws what cannot be cured by waiting', () => {
    const descriptor = openSync('/dev/full', 'w');
    expect(() => writeAll(descriptor, Buffer.from('x'))).toThrow('ENOSPC');
    closeSync(descriptor);
  });
});
