import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReadFile } from '../../../../src/client/headers/disk.ts';
import { findInputs } from '../../../../src/client/headers/find-inputs.ts';
import { HeaderGraph } from '../../../../src/client/headers/header-graph.ts';
import type { Found } from '../../../../src/client/headers/inputs.ts';
import { Recent } from '../../../../src/client/headers/recent.ts';
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
    const graph = Object.assign(new HeaderGraph(), { directives: new Recent<string>(0) });
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

describe('Recent', () => {
  const [one, two, three] = [{}, {}, {}];

  it('keeps up to a number of characters, and lets the oldest go', () => {
    const recent = new Recent<string>(8);
    recent.put(one, '1234');
    recent.put(two, '1234');
    expect([recent.get(one), recent.length]).toEqual(['1234', 8]);
    recent.put(three, '1');
    expect([recent.get(one), recent.get(two), recent.get(three)]).toEqual([undefined, '1234', '1']);
    expect(recent.length).toBe(5);
  });

  it('keeps nothing that is longer than all it may keep', () => {
    const recent = new Recent<string>(3);
    recent.put(one, '1234');
    expect([recent.get(one), recent.length]).toEqual([undefined, 0]);
  });

  it('counts what is put again, taken or cleared', () => {
    const recent = new Recent<Buffer>(100);
    recent.put(one, Buffer.alloc(10));
    recent.put(one, Buffer.alloc(20));
    recent.put(two, Buffer.alloc(1));
    expect([recent.length, recent.take(one)?.length, recent.take(one), recent.length]).toEqual([21, 20, undefined, 1]);
    recent.clear();
    expect([recent.length, recent.get(two)]).toEqual([0, undefined]);
  });
});
