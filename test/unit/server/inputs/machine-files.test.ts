import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finish } from '../../../../src/basics/steps.ts';
import type { DeclaredFile } from '../../../../src/server/inputs/declared-input.ts';
import { requireSame } from '../../../../src/server/inputs/machine-files.ts';
import { inTurns } from '../../../../src/server/limits/in-turns.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'machine-files-'));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

/** A file of this machine, as a client declares it that has the same. */
function fileOf(name: string, content: Buffer): DeclaredFile {
  const path = join(top, name);
  writeFileSync(path, content);
  const hash = createHash('sha256').update(content).digest('hex');
  return { kind: 'file', path, hash, size: content.length, mtimeNs: 0n, proof: undefined };
}

/** How many descriptors of a file are open. */
const openings = (path: string): number =>
  readdirSync('/proc/self/fd').filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === path;
    } catch {
      return false;
    }
  }).length;

describe('requireSame()', () => {
  const large = Buffer.alloc(5_000_000, 'x');

  it('reads a large file in steps, once', () => {
    const file = fileOf('large', large);
    const count = (): number => {
      let steps = 0;
      for (const _ of requireSame(file)) steps += 1;
      return steps;
    };
    expect(count()).toBeGreaterThan(5);
    expect(count()).toBe(0);
    expect(() => finish(requireSame({ ...file, hash: '0'.repeat(64) }))).toThrow('differs here');
  });

  it('tells two large files apart by their last byte', () => {
    const file = fileOf('large', large);
    const other = Buffer.from(large);
    other[other.length - 1] = 0;
    writeFileSync(file.path, other);
    expect(() => finish(requireSame(file))).toThrow('differs here');
  });

  it('lets go of the file when its client goes away', async () => {
    const file = fileOf('large', large);
    const gone = new AbortController();
    const steps = (function* () {
      for (;;) {
        yield* requireSame(file);
        writeFileSync(file.path, large);
        yield;
      }
    })();
    const reading = inTurns(steps, gone.signal);
    await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error('the client is gone');
    gone.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(openings(file.path)).toBe(0);
  });
});
