import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientTree } from '../../support/client-tree.ts';
import { makeTrickyProject } from '../../support/tricky-project.ts';
import { TreeServer } from '../../support/tree-jobs.ts';
import type { Outcome } from '../../support/tree-jobs.ts';

let place: string;
let project: string;
let server: TreeServer;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'exact-'));
  project = join(place, 'client/project');
  mkdirSync(project, { recursive: true });
  makeTrickyProject(project);
  server = new TreeServer(join(place, 'server'));
});
afterAll(() => {
  server.end();
  rmSync(place, { recursive: true });
});

/** What a compile here comes to, with its outputs taken away again. */
function compileHere(
  argv: readonly string[],
  dependencies: string,
  environment: NodeJS.ProcessEnv,
  directory = project,
): Outcome {
  const [compiler = '', ...words] = argv;
  const { status, stderr } = spawnSync(compiler, words, {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', PWD: directory, ...environment },
  });
  const take = (name: string): Buffer => {
    const path = join(project, name);
    if (!existsSync(path)) return Buffer.alloc(0);
    const bytes = readFileSync(path);
    rmSync(path);
    return bytes;
  };
  const object = take('out.o');
  return { status: (status ?? -1) << 8, stderr, object, dependencies: take(dependencies).toString() };
}

/** Options of which a compile on another machine gave other results, and where the dependency file is then. */
const optionSets: ReadonlyArray<readonly [options: string, only?: 'gcc' | 'clang']> = [
  ['-O2'],
  ['-g'],
  ['-g3'],
  ['-gdwarf-4'],
  // -gsplit-dwarf, --coverage and -fstack-usage write files beside the object and stay with the client.
  ['-O1 -fsanitize=address,undefined -g'],
  ['-Wall -Wextra'],
  ['-Wall -Wsystem-headers'],
  ['-MD'],
  ['-MMD -MP'],
  ['-MD -MF deps.d -MT target -MQ other$target'],
  ['-Wp,-MD,deps.d'],
  // clang's record of its command line names the output, and stays with the client.
  ['-frecord-gcc-switches -g -O2 -MD', 'gcc'],
  ['-g -ffile-prefix-map=@=/mapped'],
  ['-g -fdebug-prefix-map=@=/mapped'],
  ['-g -fmacro-prefix-map=@=/mapped'],
  ['-g -gz'],
  ['-Wall -Werror'],
  ['-Wall -fdiagnostics-color=always'],
  ['-Wall -fdiagnostics-format=json', 'gcc'],
  ['-Wall -Wextra -fno-diagnostics-show-caret -pipe'],
  ['-O2 -g -flto -frandom-seed=1 -ffat-lto-objects', 'gcc'],
  ['-S -O2 -g'],
];

describe.each(['gcc', 'g++', 'clang', 'clang++'])('a compile by %s in the root of a client', (compiler) => {
  const family = compiler.startsWith('clang') ? 'clang' : 'gcc';
  const source = compiler.endsWith('++') ? 'main.cc' : 'main.c';
  const sets = optionSets.filter(([, only]) => only === undefined || only === family).map(([text]) => text);
  let tree: ClientTree;
  beforeAll(() => {
    tree = new ClientTree(join(place, `tree-${compiler}`));
    // With optimization the C library has other headers.
    for (const more of [[], ['-O2'], ['-fsanitize=address']])
      tree.addInputs([compiler, ...more, '-Iinc', source], project);
    tree.addAll(project);
  });

  it.each(sets)('gives what it gives here: %s', async (text) => {
    const options = text.replace('@', project).split(' ');
    const kind = options.includes('-S') ? [] : ['-c'];
    const argv = [compiler, ...options, '-Iinc', ...kind, source, '-o', 'out.o'];
    const named = /deps\.d/.exec(text)?.[0] ?? 'out.d';
    for (const locale of text.includes('-Wextra') ? ['C', 'C.UTF-8'] : ['C.UTF-8']) {
      const here = compileHere(argv, named, { LANG: locale });
      const there = await server.compile(argv, { tree, directory: project, environment: [`LANG=${locale}`] });
      expect({ ...there, object: '' }).toEqual({ ...here, object: '' });
      expect(there.object.equals(here.object)).toBe(true);
      expect(there.object.includes('/.job')).toBe(false);
      expect(there.dependencies === '').toBe(!/-MM?D/.test(text));
    }
  });

  it('names the directory by the links that the client went by', async () => {
    const way = join(place, 'client/way');
    if (!existsSync(way)) symlinkSync('project', way);
    tree.add(way);
    const argv = [compiler, '-g', '-Iinc', '-c', source, '-o', 'out.o'];
    const here = compileHere(argv, 'out.d', { LANG: 'C' }, way);
    const there = await server.compile(argv, { tree, directory: way, environment: ['LANG=C'] });
    expect(there.object.includes(`${way}\0`)).toBe(true);
    expect(there.object.equals(here.object)).toBe(true);
  });
});
