import { chmodSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CompilerIdentities } from '../../../../src/server/results/compiler-identity.ts';

let top: string;
let parts: string[];
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'identity-'));
  parts = ['gcc', 'cc1', 'libgmp.so.10', 'libc.so.6', 'libm.so.6', 'ld-linux-x86-64.so.2'].map((name) =>
    join(top, name),
  );
  for (const path of parts) writeFileSync(path, `content of ${path}`);
});
afterEach(() => rmSync(top, { recursive: true }));

const replace = (name: string, text: string): void => {
  writeFileSync(join(top, 'fresh'), text);
  renameSync(join(top, 'fresh'), join(top, name));
};

describe('CompilerIdentities', () => {
  it('tells a compiler by the contents of its parts', async () => {
    const one = await new CompilerIdentities().of({ parts });
    expect(one.hash).toMatch(/^[\da-f]{64}$/);
    const identities = new CompilerIdentities();
    expect(await identities.of({ parts })).toEqual(one);
    for (const name of ['gcc', 'cc1', 'libgmp.so.10']) {
      const before = await identities.of({ parts });
      replace(name, `other ${name}`);
      expect((await identities.of({ parts })).hash).not.toBe(before.hash);
      expect(identities.isStill({ parts }, before)).toBe(false);
    }
    for (const path of parts) writeFileSync(path, `content of ${path}`);
    expect((await identities.of({ parts })).hash).toBe(one.hash);
  });

  it('sees a change of the same length in the same second', async () => {
    const identities = new CompilerIdentities();
    const cc1 = join(top, 'cc1');
    utimesSync(cc1, 1000, 1000);
    const before = await identities.of({ parts });
    replace('cc1', `content of ${cc1}`.replace('content', 'CONTENT'));
    utimesSync(cc1, 1000, 1000);
    expect((await identities.of({ parts })).hash).not.toBe(before.hash);
  });

  it('does not depend on the C library and the loader', async () => {
    const identities = new CompilerIdentities();
    const before = await identities.of({ parts });
    for (const name of ['libc.so.6', 'libm.so.6', 'ld-linux-x86-64.so.2']) replace(name, 'other');
    expect(await identities.of({ parts })).toEqual(before);
    expect(identities.isStill({ parts }, before)).toBe(true);
  });

  it('depends on where the parts are', async () => {
    const identities = new CompilerIdentities();
    const before = await identities.of({ parts });
    renameSync(join(top, 'gcc'), join(top, 'gcc-2'));
    const moved = parts.map((path) => (path === join(top, 'gcc') ? join(top, 'gcc-2') : path));
    expect((await identities.of({ parts: moved })).hash).not.toBe(before.hash);
  });

  it('throws for a part that is missing, and looks again when it is there', async () => {
    const identities = new CompilerIdentities();
    const before = await identities.of({ parts });
    rmSync(join(top, 'cc1'));
    await expect(identities.of({ parts })).rejects.toThrow('ENOENT');
    expect(identities.isStill({ parts }, before)).toBe(false);
    replace('cc1', `content of ${join(top, 'cc1')}`);
    chmodSync(join(top, 'cc1'), 0o700);
    expect((await identities.of({ parts })).hash).toBe(before.hash);
  });
});
