import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReadFile } from '../../../../src/client/headers/disk.ts';
import { findInputs } from '../../../../src/client/headers/find-inputs.ts';
import { HeaderGraph } from '../../../../src/client/headers/header-graph.ts';
import type { Found } from '../../../../src/client/headers/inputs.ts';
import { RecentTexts } from '../../../../src/client/headers/recent-texts.ts';
import type { LocalDisk } from '../../../support/local-disk.ts';
import { needs } from '../../../support/needs.ts';
import { CalmDisk } from './calm-disk.ts';
import { pathsOf, Project } from './project.ts';

const test = it.skipIf(!needs('gcc', 'gcc'));

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

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
  done = false;
  resolve: () => void = () => {};
  readonly promise = new Promise<void>((resolve) => {
    this.resolve = () => {
      this.done = true;
      resolve();
    };
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

/** A calm disk on which looking for names takes until that is allowed. */
class HesitantDisk extends CalmDisk {
  readonly looking = new Signal();
  readonly may = new Signal();

  override async look(paths: Buffer): Promise<Buffer> {
    if (!paths.includes('/one/h.h\0')) return super.look(paths);
    this.looking.resolve();
    await this.may.promise;
    return super.look(paths);
  }
}

function findIn(disk: LocalDisk, graph: HeaderGraph, source: string): Promise<Found> {
  const argv = ['gcc', '-Ione', '-Itwo', '-c', source];
  const environment = { PATH: process.env['PATH'] ?? '' };
  return findInputs({ source, argv, directory: project.path, environment }, disk, graph);
}

describe('findInputs() of jobs that begin together after a header came to be earlier in the path', () => {
  const jobs = [
    ['known sources', 'a.c', 'b.c'],
    ['a known source and a new one', 'a.c', 'c.c'],
    ['new sources', 'c.c', 'd.c'],
  ] as const;

  test.each(jobs)('finds it for each of %s', async (_, ...sources) => {
    for (const name of ['a.c', 'b.c', 'c.c', 'd.c']) project.write(name, '#include <h.h>\n');
    project.write('one/other.h', '');
    project.write('two/h.h', '');
    const graph = new HeaderGraph();
    const find = (disk: LocalDisk, source: string): Promise<Found> => findIn(disk, graph, source);
    for (const source of ['a.c', 'b.c']) await find(new CalmDisk(project.path), source);
    project.write('one/h.h', '');
    // The first one sees that the directory has changed, and has not looked yet which names came to be.
    const disk = new HesitantDisk(project.path);
    const first = find(disk, sources[0]);
    await disk.looking.promise;
    const second = await find(new CalmDisk(project.path), sources[1]);
    disk.may.resolve();
    for (const found of [await first, second]) expect(headers(found)).toContain(`${project.path}/one/h.h`);
  });

  test('finds it also for a job that looked for it just before', async () => {
    project.write('a.c', '#include <h.h>\n');
    project.write('b.c', '#include <late.h>\n');
    project.write('one/other.h', '');
    for (const name of ['two/h.h', 'two/late.h']) project.write(name, '');
    const graph = new HeaderGraph();
    const find = (disk: LocalDisk, source: string): Promise<Found> => findIn(disk, graph, source);
    await find(new CalmDisk(project.path), 'a.c');
    const disk = new HesitantDisk(project.path);
    const looked = new Signal();
    const may = new Signal();
    /** Tells what it saw after others have gone on, and sees nothing more until the other job is done. */
    class LateDisk extends CalmDisk {
      override async look(paths: Buffer): Promise<Buffer> {
        if (paths.includes('/one/late.h\0')) {
          const stamps = await super.look(paths);
          looked.resolve();
          await disk.looking.promise;
          return stamps;
        }
        if (looked.done) await may.promise;
        return super.look(paths);
      }
    }
    const second = find(new LateDisk(project.path), 'b.c');
    await looked.promise;
    for (const name of ['one/h.h', 'one/late.h']) project.write(name, '');
    const first = find(disk, 'a.c');
    await disk.looking.promise;
    await new Promise((resolve) => setTimeout(resolve, 10));
    disk.may.resolve();
    expect(headers(await first)).toContain(`${project.path}/one/h.h`);
    may.resolve();
    expect(headers(await second)).toContain(`${project.path}/one/late.h`);
  });
});
