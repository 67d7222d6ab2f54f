import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReadFile } from '../../../../src/client/headers/disk.ts';
import { findInputs } from '../../../../src/client/headers/find-inputs.ts';
import { HeaderGraph } from '../../../../src/client/headers/header-graph.ts';
import type { Found } from '../../../../src/client/headers/inputs.ts';
import { RecentTexts } from '../../../../src/client/headers/recent-texts.ts';
import { LocalDisk } from '../../../support/local-disk.ts';
import { needs } from '../../../support/needs.ts';
import { pathsOf, Project } from './project.ts';

const test = it.skipIf(!needs('gcc', 'gcc'));

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

/** A disk whose files have not changed for long. */
class CalmDisk extends LocalDisk {
  override seenAs(_path: string, found: Buffer): Buffer {
    const stamp = Buffer.from(found);
    for (const place of [32, 40]) stamp.writeBigInt64LE(stamp.readBigInt64LE(place) - 60_000_000_000n, place);
    return stamp;
  }

  override async read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    return (await super.read(paths)).map((file) => (file === undefined ? undefined : { ...file, young: false }));
  }
}

const findOn = (disk: LocalDisk, graph: HeaderGraph, source = 'a.c'): Promise<Found> =>
  findInputs(
    { source, argv: ['gcc', '-c', source], directory: project.path, environment: { PATH: process.env['PATH'] ?? '' } },
    disk,
    graph,
  );

const headers = (found: Found): string[] => pathsOf(found, 'file', project.path);

describe('findInputs() where macros name files', () => {
  const chain = (): void => {
    project.write('a.c', '#include "one.h"\n#include "two.h"\n#include FIRST\n');
    project.write('one.h', '#define FIRST SECOND\n#\n');
    project.write('two.h', '#define SECOND "three.h"\n#define HAS(x) __has_include(x)\n');
    project.write('three.h', '#if HAS("four.h")\n#endif\n');
    project.write('four.h', '');
  };

  test('reads each file once, however many macros it has to be looked through for', async () => {
    chain();
    const disk = new CalmDisk(project.path);
    const found = await findOn(disk, new HeaderGraph());
    expect(headers(found)).toHaveLength(5);
    expect(disk.reads).toBe(pathsOf(found, 'file').length);
  });

  test('finds the same when nothing is kept of texts', async () => {
    chain();
    const graph = Object.assign(new HeaderGraph(), { directives: new RecentTexts<string>(0) });
    expect(headers(await findOn(new CalmDisk(project.path), graph))).toHaveLength(5);
  });

  test('looks for a macro in what a header holds now', async () => {
    chain();
    const graph = new HeaderGraph();
    project.write('b.c', '#include "one.h"\n');
    await findOn(new CalmDisk(project.path), graph, 'b.c');
    project.write('one.h', '#define FIRST "four.h"\n');
    const found = await findOn(new CalmDisk(project.path), graph);
    expect(headers(found)).toContain(`${project.path}/four.h`);
    expect(headers(found)).not.toContain(`${project.path}/three.h`);
  });
});

/** Something that is waited for. */
class Signal {
  resolve: () => void = () => {};
  readonly promise = new Promise<void>((resolve) => {
    this.resolve = resolve;
  });
}

/** One whose files are read only when that is allowed. */
class HeldDisk extends CalmDisk {
  readonly reading = new Signal();
  readonly may = new Signal();

  override async read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    const files = await super.read(paths);
    if (!paths.some((path) => path.endsWith('/a.h'))) return files;
    this.reading.resolve();
    await this.may.promise;
    return files;
  }
}

describe('findInputs() for two jobs at a time', () => {
  beforeEach(() => {
    project.write('a.c', '#include "a.h"\n');
    project.write('b.c', '#include "a.h"\n');
    project.write('a.h', '#include "b.h"\n#include "one.h"\n');
    for (const name of ['b.h', 'one.h', 'two.h']) project.write(name, '');
  });

  test('reads each file once', async () => {
    const graph = new HeaderGraph();
    class SlowDisk extends CalmDisk {
      override async read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return super.read(paths);
      }
    }
    const disks = [new SlowDisk(project.path), new SlowDisk(project.path)] as const;
    const found = await Promise.all([findOn(disks[0], graph, 'a.c'), findOn(disks[1], graph, 'b.c')]);
    const files = new Set(found.flatMap((one) => pathsOf(one, 'file')));
    expect(disks[0].reads + disks[1].reads).toBe(files.size);
  });

  test('asks the compiler once where it looks for headers', async () => {
    const graph = new HeaderGraph();
    const disks = [new CalmDisk(project.path), new CalmDisk(project.path)] as const;
    await Promise.all([findOn(disks[0], graph, 'a.c'), findOn(disks[1], graph, 'b.c')]);
    expect(disks.flatMap(({ asked }) => asked)).toHaveLength(1);
  });

  test('asks itself when the other one fails to', async () => {
    class MuteDisk extends CalmDisk {
      override ask(): Promise<never> {
        return new Promise((_, reject) => {
          setTimeout(() => reject(new Error('the launcher is gone')), 50);
        });
      }
    }
    const graph = new HeaderGraph();
    const first = findOn(new MuteDisk(project.path), graph, 'a.c').catch((error: unknown) => error);
    expect(headers(await findOn(new CalmDisk(project.path), graph, 'b.c'))).toHaveLength(4);
    expect(await first).toEqual(new Error('the launcher is gone'));
  });

  test('finds what a file holds now, though the other job has read it before', async () => {
    const graph = new HeaderGraph();
    const held = new HeldDisk(project.path);
    const first = findOn(held, graph, 'a.c');
    await held.reading.promise;
    project.write('a.h', '#include "b.h"\n#include "two.h"\n');
    const second = findOn(new CalmDisk(project.path), graph, 'b.c');
    held.may.resolve();
    // The first one looked at the file before it changed.
    await first;
    expect(headers(await second)).toContain(`${project.path}/two.h`);
    expect(headers(await second)).not.toContain(`${project.path}/one.h`);
  });

  test('finds what it has seen, though the other job reads what was there before', async () => {
    const graph = new HeaderGraph();
    for (const source of ['a.c', 'b.c']) await findOn(new CalmDisk(project.path), graph, source);
    project.write('a.h', '');
    const held = new HeldDisk(project.path);
    const first = findOn(held, graph, 'a.c');
    await held.reading.promise;
    project.write('a.h', '#include "two.h"\n');
    const disk = new CalmDisk(project.path);
    const second = findOn(disk, graph, 'b.c');
    while (disk.looks < 2) await new Promise((resolve) => setImmediate(resolve));
    held.may.resolve();
    await first;
    expect(headers(await second)).toContain(`${project.path}/two.h`);
  });

  test('does not wait for ever for a job that is stopped', async () => {
    const graph = new HeaderGraph();
    const held = new HeldDisk(project.path);
    const first = findOn(held, graph, 'a.c');
    await held.reading.promise;
    expect(headers(await findOn(new CalmDisk(project.path), graph, 'b.c'))).toHaveLength(4);
    held.may.resolve();
    expect(headers(await first)).toHaveLength(4);
  });

  test('goes on alone when the other one fails', async () => {
    class FailingDisk extends CalmDisk {
      readonly reading = new Signal();
      override async read(): Promise<never> {
        this.reading.resolve();
        await new Promise((resolve) => setTimeout(resolve, 50));
        throw new Error('the launcher is gone');
      }
    }
    const graph = new HeaderGraph();
    const failing = new FailingDisk(project.path);
    const first = findOn(failing, graph, 'a.c').catch((error: unknown) => error);
    await failing.reading.promise;
    expect(headers(await findOn(new CalmDisk(project.path), graph, 'b.c'))).toHaveLength(4);
    expect(await first).toEqual(new Error('the launcher is gone'));
  });
});

describe('RecentTexts', () => {
  const [one, two, three] = [{}, {}, {}];

  it('keeps up to a number of characters, and lets the oldest go', () => {
    const recent = new RecentTexts<string>(8);
    recent.put(one, '1234');
    recent.put(two, '1234');
    expect([recent.get(one), recent.length]).toEqual(['1234', 8]);
    recent.put(three, '1');
    expect([recent.get(one), recent.get(two), recent.get(three)]).toEqual([undefined, '1234', '1']);
    expect(recent.length).toBe(5);
  });

  it('keeps nothing that is longer than all it may keep', () => {
    const recent = new RecentTexts<string>(3);
    recent.put(one, '1234');
    expect([recent.get(one), recent.length]).toEqual([undefined, 0]);
  });

  it('counts what is put again, taken or cleared', () => {
    const recent = new RecentTexts<Buffer>(100);
    recent.put(one, Buffer.alloc(10));
    recent.put(one, Buffer.alloc(20));
    recent.put(two, Buffer.alloc(1));
    expect([recent.length, recent.take(one)?.length, recent.take(one), recent.length]).toEqual([21, 20, undefined, 1]);
    recent.clear();
    expect([recent.length, recent.get(two)]).toEqual([0, undefined]);
  });
});
