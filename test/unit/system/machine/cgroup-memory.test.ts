import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CgroupMemory } from '../../../../src/system/machine/cgroup-memory.ts';

const mega = 1_000_000;

describe('CgroupMemory, in a made-up tree of groups,', () => {
  let top: string;
  let clock: { now: number };
  let memory: CgroupMemory;

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'cgroup-memory-test-'));
    clock = { now: 0 };
    memory = new CgroupMemory({ mounted: join(top, 'cgroup'), processes: join(top, 'proc'), now: () => clock.now });
    put('proc/7/cgroup', '0::/user/build\n');
  });
  afterEach(() => rmSync(top, { recursive: true }));

  function put(name: string, text: string): void {
    mkdirSync(join(top, name, '..'), { recursive: true });
    writeFileSync(join(top, name), text);
  }

  /** Values in MB, as the kernel shows them. */
  function group(name: string, values: { max?: number; high?: number; current?: number; files?: number }): void {
    const { max, high, current = 0, files = 0 } = values;
    const limit = (megabytes: number | undefined): string =>
      megabytes === undefined ? 'max\n' : `${megabytes * mega}\n`;
    put(`cgroup${name}/memory.max`, limit(max));
    put(`cgroup${name}/memory.high`, limit(high));
    put(`cgroup${name}/memory.current`, `${current * mega}\n`);
    const stat = `anon ${(current - files) * mega}\nfile ${files * mega}\nkernel 0\nshmem 0\n`;
    const parts = `inactive_file ${files * 0.5 * mega}\nactive_file ${files * 0.25 * mega}\nslab_reclaimable ${files * 0.25 * mega}\n`;
    put(`cgroup${name}/memory.stat`, `${stat}workingset_refault_file 5\n${parts}slab_unreclaimable 999\n`);
  }

  it('knows no bounds where there are no groups, no process, or no limit', () => {
    expect(memory.share(7)).toBeUndefined();
    expect(memory.share(8)).toBeUndefined();
    group('/user', { current: 5 });
    group('/user/build', { current: 5 });
    expect(memory.share(7)).toBeUndefined();
  });

  it("tells what a process's own group leaves", () => {
    group('/user/build', { max: 500, current: 200 });
    expect(memory.share(7)).toEqual({ bytes: 300 * mega, group: '/user/build' });
  });

  it('tells what an outer group leaves, when that is less', () => {
    group('/user/build', { max: 500, current: 200 });
    group('/user', { max: 1000, current: 900 });
    expect(memory.share(7)).toEqual({ bytes: 100 * mega, group: '/user' });
    group('', { max: 1000, current: 960 });
    clock.now += 11_000;
    expect(memory.share(7)).toEqual({ bytes: 40 * mega, group: '/' });
  });

  it('counts what the kernel can take back as free', () => {
    group('/user/build', { max: 500, current: 490, files: 400 });
    expect(memory.share(7)).toEqual({ bytes: 410 * mega, group: '/user/build' });
  });

  it('takes the amount from which a group is slowed down for its limit', () => {
    group('/user/build', { max: 500, high: 300, current: 200 });
    expect(memory.share(7)?.bytes).toBe(100 * mega);
    group('/user/build', { max: 500, high: 300, current: 350 });
    expect(memory.share(7)?.bytes).toBe(0);
  });

  it('does not tell of groups that leave more than enough', () => {
    group('/user/build', { max: 500, current: 200 });
    expect(memory.share(7, 299 * mega)).toBeUndefined();
    expect(memory.share(7, 301 * mega)?.bytes).toBe(300 * mega);
  });

  it('sees at once what is used, and after a while that a limit has changed', () => {
    group('/user/build', { max: 500, current: 200 });
    expect(memory.share(7)?.bytes).toBe(300 * mega);
    group('/user/build', { max: 400, current: 300 });
    expect(memory.share(7)?.bytes).toBe(200 * mega);
    clock.now += 11_000;
    expect(memory.share(7)?.bytes).toBe(100 * mega);
  });

  it('finds version 2 among the groups of version 1, and leaves alone what lies outside of a container', () => {
    group('/user/build', { max: 500, current: 200 });
    put('proc/7/cgroup', '4:memory:/somewhere\n1:name=systemd:/\n0::/user/build\n');
    expect(memory.share(7)?.bytes).toBe(300 * mega);
    put('proc/7/cgroup', '4:memory:/user/build\n');
    expect(memory.share(7)).toBeUndefined();
    put('proc/7/cgroup', '0::/../user/build\n');
    expect(memory.share(7)).toBeUndefined();
  });
});

describe('CgroupMemory', () => {
  it('finds the limits of this process, if it has any', () => {
    expect(new CgroupMemory().share(process.pid)?.bytes ?? Infinity).toBeGreaterThan(0);
  });
});
