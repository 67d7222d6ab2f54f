import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { pathsOf, Project } from './project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

const compilers = [
  ['gcc', 'gcc'],
  ['clang', 'clang'],
] as const;

const macros = '#define S(x) #x\n#define I(x) S(x.h)\n';

describe.each(compilers)('files that only a preprocessor can tell, with %s', (compiler, debianPackage) => {
  const test = it.skipIf(!needs(compiler, debianPackage));

  /** The headers that a compile reads, and the change that the answer has. */
  async function headers(words: readonly string[], source = 'a.c') {
    const found = await project.find([compiler, ...words], source);
    expect(found).toMatchObject({ kind: 'inputs', rung: 'list' });
    const files = pathsOf(found, 'file', `${project.path}/`).map((path) => path.slice(project.path.length + 1));
    return { files: files.filter((name) => name.endsWith('b.h')), change: found.kind === 'inputs' ? found.change : -1 };
  }

  test.each([
    ['beside the source', ['-Iq'], 'a.c', 'b.h'],
    ['beside a source elsewhere', ['-Iq'], 'src/a.c', 'src/b.h'],
    ['earlier among the directories of quoted names', ['-iquote', 'early', '-Iq'], 'a.c', 'early/b.h'],
    ['earlier in the search list', ['-Iearly', '-Iq'], 'a.c', 'early/b.h'],
  ])('sees a header that comes to be %s', async (_, words, source, early) => {
    project.write('early/none.h', '');
    project.write('q/b.h', '');
    project.write(source, `${macros}#include I(b)\n`);
    const before = await headers(words, source);
    expect(before.files).toEqual(['q/b.h']);
    expect(await headers(words, source)).toEqual(before);
    project.write(early, '');
    const after = await headers(words, source);
    expect(after.files).toContain(early);
    expect(after.change).toBeGreaterThan(before.change);
  });

  test('sees a header that comes to be beside a listed one', async () => {
    project.write('q/b.h', '');
    project.write('sub/c.h', '#include I(b)\n');
    project.write('a.c', `${macros}#include I(sub/c)\n`);
    expect((await headers(['-Iq'])).files).toEqual(['q/b.h']);
    project.write('sub/b.h', '');
    expect((await headers(['-Iq'])).files).toContain('sub/b.h');
  });

  test('sees a header that comes to be between two that #include_next finds', async () => {
    for (const name of ['one/b.h', 'three/b.h'])
      project.write(name, name.startsWith('one') ? '#include_next I(b)\n' : '');
    project.write('two/none.h', '');
    project.write('a.c', `${macros}#include <b.h>\n`);
    const words = ['-Ione', '-Itwo', '-Ithree'];
    expect((await headers(words)).files).toEqual(['one/b.h', 'three/b.h']);
    project.write('two/b.h', '');
    expect((await headers(words)).files).toContain('two/b.h');
  });
});
