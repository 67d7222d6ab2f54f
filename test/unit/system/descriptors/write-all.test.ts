import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { posix } from '../../../../src/system/posix.ts';
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

  it('waits for room in a pipe that does not block', async (context) => {
    // The reader must not inherit the end that is written to.
    const closeOnExec = posix.constants?.['O_CLOEXEC'] ?? 0;
    const pipe = posix.pipe2?.(constants.O_NONBLOCK | closeOnExec);
    if (pipe === undefined) return context.skip();
    const reader = spawn('sh', ['-c', 'sleep 0.1; wc -c'], { stdio: [pipe.readfd, 'pipe', 'inherit'] });
    let count = '';
    reader.stdout?.on('data', (chunk: Buffer) => void (count += chunk.toString()));
    closeSync(pipe.readfd);
    writeAll(pipe.writefd, Buffer.alloc(500_000, 'y'));
    closeSync(pipe.writefd);
    await once(reader, 'close');
    expect(count.trim()).toBe('500000');
  });

  it('throws what cannot be cured by waiting', () => {
    const descriptor = openSync('/dev/full', 'w');
    expect(() => writeAll(descriptor, Buffer.from('x'))).toThrow('ENOSPC');
    closeSync(descriptor);
  });
});
