import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { Project } from './project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
  project.write('early/none.h', '');
  project.write('inc/a.h', '#include "b.h"\n');
  project.write('inc/b.h', '');
});
afterEach(() => project.remove());

/** Why a job has to be preprocessed. */
async function judge(words: readonly string[]): Promise<string> {
  const found = await project.find([...words, '-Iearly', '-Iinc']);
  return found.kind === 'inputs' ? 'found' : found.because.replaceAll(`${project.path}/`, '');
}

const at = (name: string): string => join(project.path, name);

describe.skipIf(!needs('gcc', 'gcc'))('a precompiled header of gcc', () => {
  it.each([
    ['beside the header', 'inc/a.h.gch', '#include <a.h>\n'],
    ['beside the source', 'a.h.gch', '#include "a.h"\n'],
    ['where the header is looked for in vain', 'early/a.h.gch', '#include <a.h>\n'],
    ['of a name in a macro', 'early/a.h.gch', '#define A <a.h>\n#include A\n'],
    ['of a name that is not there without it', 'early/c.h.gch', '#if 0\n#include <c.h>\n#endif\n'],
  ])('is noticed %s, when it comes and goes', async (_, name, source) => {
    project.write('a.c', source);
    expect(await judge(['gcc'])).toBe('found');
    expect(await judge(['gcc'])).toBe('found');
    for (const make of [() => project.write(name, ''), () => mkdirSync(at(name))]) {
      make();
      expect(await judge(['gcc'])).toBe(`"${name}" may be a precompiled header`);
      rmSync(at(name), { recursive: true });
      expect(await judge(['gcc'])).toBe('found');
    }
  });

  it('is noticed for -include', async () => {
    project.write('a.c', '');
    expect(await judge(['gcc', '-include', 'a.h'])).toBe('found');
    project.write('inc/a.h.gch', '');
    expect(await judge(['gcc', '-include', 'a.h'])).toBe('"inc/a.h.gch" may be a precompiled header');
  });

  it('does not matter to a header that another one includes, which gcc takes as it is', async () => {
    project.write('a.c', '#include <a.h>\n');
    project.write('inc/b.h.gch', '');
    expect(await judge(['gcc'])).toBe('found');
  });
});

describe.skipIf(!needs('clang', 'clang'))('a precompiled header of clang', () => {
  it.each(['a.h.pch', 'a.h.gch'])('is noticed for -include: %s', async (name) => {
    project.write('a.c', '');
    project.write('a.h', '');
    const words = ['clang', '-include', 'a.h'];
    expect(await judge(words)).toBe('found');
    for (const _ of [1, 2]) {
      project.write(name, '');
      expect(await judge(words)).toBe(`"${name}" may be a precompiled header`);
      rmSync(at(name));
      expect(await judge(words)).toBe('found');
    }
    project.write('inc/a.h.pch', '');
    expect(await judge(words)).toBe('found');
  });
});
