import { copyFileSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { pathsOf, Project } from './project.ts';

const program = '/usr/bin/clang-16';

describe.skipIf(!needs(program, 'clang-16'))('the options that clang takes from a file beside it', () => {
  let project: Project;
  let clang: string;

  beforeEach(() => {
    project = new Project();
    const real = realpathSync(program);
    mkdirSync(join(project.path, 'llvm/bin'), { recursive: true });
    symlinkSync(join(dirname(dirname(real)), 'lib'), join(project.path, 'llvm/lib'));
    clang = join(project.path, 'llvm/bin/clang');
    copyFileSync(real, clang);
    project.write('a.c', '#include <x.h>\n');
    project.write('one/x.h', '');
    project.write('two/x.h', '');
  });
  afterEach(() => project.remove());

  it('are sent, so that a host compares or has them, from when they are there', async () => {
    const settings = join(project.path, 'llvm/bin/clang.cfg');
    for (const _ of [1, 2]) {
      expect(pathsOf(await project.find([clang, '-Itwo']), 'file')).not.toContain(settings);
      project.write('llvm/bin/clang.cfg', `-isystem ${project.path}/one\n`);
      expect(pathsOf(await project.find([clang, '-Itwo']), 'file')).toEqual(
        expect.arrayContaining([settings, join(project.path, 'two/x.h')]),
      );
      project.write('llvm/bin/clang.cfg', `-I${project.path}/one\n`);
      expect(pathsOf(await project.find([clang, '-Itwo']), 'file', `${project.path}/`)).toContain(settings);
      rmSync(settings);
    }
  });

  it('are not those of a host where they are below the home of a user', async () => {
    project.write('llvm/bin/clang.cfg', '-DX\n');
    const found = await project.find([clang, '-Itwo'], 'a.c', { HOME: project.path });
    expect(found).toMatchObject({ because: expect.stringMatching(/^".*clang\.cfg" has options for the compiler$/) });
  });
});
