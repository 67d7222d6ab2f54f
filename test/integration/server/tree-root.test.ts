import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Toolchain } from '../../../src/system/fence/toolchain.ts';
import { layMountPoints, MountPointTaken } from '../../../src/system/fence/mount-points.ts';
import { ClientTree } from '../../support/client-tree.ts';
import { fence, runFenced } from '../../support/fence.ts';
import type { Said } from '../../support/fence.ts';
import { TreeServer } from '../../support/tree-jobs.ts';

const support = resolve(import.meta.dirname, '../../support');

let place: string;
let server: TreeServer;
/** gcc's, with a shell for a compiler. */
let toolchain: Toolchain;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'trees-'));
  server = new TreeServer(join(place, 'server'));
  toolchain = await server.trees.toolchain('/usr/bin/gcc');
});
afterAll(() => {
  server.end();
  rmSync(place, { recursive: true });
});

let project: string;
let tree: ClientTree;
let job: string;
let round = 0;
beforeEach(() => {
  round += 1;
  project = join(place, `client-${round}/project`);
  mkdirSync(project, { recursive: true });
  writeFileSync(
    join(project, 'main.c'),
    '#include <stdio.h>\n#include "one.h"\nint main(void) { return puts(ONE); }\n',
  );
  writeFileSync(join(project, 'one.h'), '#define ONE "one"\n');
  tree = new ClientTree(join(place, `tree-${round}`));
  job = join(place, `job-${round}`);
  mkdirSync(job);
});

/** The words of a fence for a program that works in the project. */
const words = (parts: readonly string[] = toolchain.shown): string[] => [
  '--in',
  project,
  tree.path,
  String(parts.length),
  ...parts,
];
const shell = (script: string, before = words()): Said =>
  runFenced(before, job, ['/usr/bin/sh', '-c', `exec 2>&1\n${script}`]);

/** All paths of a folder, from its top. */
const pathsOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `/${name}`);
const above = (path: string): string[] => (path === '/' ? [] : [...above(dirname(path)), path]);

/** A shell's own find, which follows no link: of the toolchain a compiler has the libraries of no other program. */
const listAll = `list() { for at in "$1"/* "$1"/.[!.]*; do
  if [ -L "$at" ]; then echo "$at"; elif [ -d "$at" ]; then echo "$at"; list "$at"; elif [ -e "$at" ]; then echo "$at"; fi
done; }; list ""`;

describe('the root of a job that is a tree of a client', () => {
  it('has the files of the client, the toolchain, the folder of the job, and nothing else', () => {
    tree.addInputs(['gcc', 'main.c'], project);
    const clients = pathsOf(tree.path).filter((path) => path !== '/.job');
    layMountPoints(tree.path, toolchain);
    writeFileSync(join(job, 'of-the-job'), '');
    const listed = shell(listAll).said.trimEnd().split('\n');
    const { shown, links } = toolchain;
    const known = new Set([...clients, ...shown.flatMap(above), ...links.keys(), '/.job', '/.job/of-the-job']);
    expect(listed.filter((path) => !known.has(path) && !toolchain.isShown(path))).toEqual([]);
    expect([...known].filter((path) => !listed.includes(path))).toEqual([]);
    const headers = listed.filter((path) => /\.h(?:pp)?$/.test(path) && !clients.includes(path));
    expect(headers.filter((path) => !path.startsWith('/usr/lib/gcc/'))).toEqual([]);
    expect(clients).toEqual(expect.arrayContaining(['/usr/include/stdio.h', join(project, 'one.h')]));
    expect(readdirSync('/usr/include').length).toBeGreaterThan(
      listed.filter((path) => path.startsWith('/usr/include')).length,
    );
  });

  it('is worked in as at the client, by the links that lead there', () => {
    symlinkSync('project', join(dirname(project), 'way'));
    tree.addAll(project);
    tree.add(join(dirname(project), 'way'));
    layMountPoints(tree.path, toolchain);
    const [, , ...rest] = words();
    const there = shell('pwd -P; cat one.h', ['--in', join(dirname(project), 'way'), ...rest]);
    expect(there.said).toBe(`${project}\n#define ONE "one"\n`);
  });

  it.each([[true], [false]])('is for reading, with Landlock: %s', (landlock) => {
    tree.addAll(project);
    layMountPoints(tree.path, toolchain);
    const script = `exec 2>&1
      for at in / ${project} ${dirname(project)} /usr /usr/bin /usr/lib /usr/lib/gcc /dev; do echo >"$at/mine"; done
      for at in main.c one.h /etc/ld.so.cache; do echo x >>"$at"; done
      rm -f main.c one.h; rmdir ${dirname(project)}/empty; ln main.c two.c; chmod 644 main.c
      echo >/.job/mine && echo x >/dev/null && echo "only here"`;
    const without = join(place, 'without');
    execFileSync('gcc', ['-O', join(support, 'without.c'), '-o', without]);
    const before = pathsOf(tree.path);
    const start = landlock ? [] : [without, 'landlock'];
    const [program, ...more] = [...start, fence, ...words(), '/usr/bin/sh', 'sh', '-c', script];
    const { stdout } = spawnSync(program, more, { cwd: job, encoding: 'utf8', env: { PATH: '/usr/bin' } });
    expect(stdout.match(/Read-only file system|Permission denied/g)?.length).toBe(15);
    expect(stdout).toMatch(/only here\n$/);
    expect(readdirSync(job)).toEqual(['mine']);
    expect(pathsOf(tree.path)).toEqual(before);
    expect(readFileSync(join(tree.path, project, 'one.h'), 'utf8')).toBe('#define ONE "one"\n');
  });

  it('has no program of the client that could be run', () => {
    tree.addAll(project);
    layMountPoints(tree.path, toolchain);
    copyFileSync('/bin/true', join(tree.path, project, 'program'));
    chmodSync(join(tree.path, project, 'program'), 0o755);
    expect(shell('./program').said).toContain('Permission denied');
    expect(shell('/usr/bin/echo there').said).toBe('there\n');
  });

  it('lets a hostile compiler get at nothing', () => {
    const tools = join(place, 'tools');
    mkdirSync(tools, { recursive: true });
    const hostile = join(tools, 'hostilecc');
    execFileSync('gcc', ['-O', join(support, 'hostile-compiler.c'), '-o', hostile]);
    // It looks for other jobs in /tmp, but not where it works.
    project = tools;
    const shown = [...toolchain.shown, hostile];
    layMountPoints(tree.path, { shown, links: toolchain.links });
    const { status } = spawnSync(fence, [...words(shown), hostile, hostile, '-c', 'main.c', '-o', '/.job/attack.o'], {
      cwd: job,
      stdio: 'inherit',
    });
    expect(status).toBe(0);
    const said = readFileSync(join(job, 'attack.o'), 'utf8').trimEnd().split('\n');
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter((line) => line.endsWith(': done'))).toEqual([]);
  });

  it('leaves the machine as it was', () => {
    tree.addAll(project);
    layMountPoints(tree.path, toolchain);
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    expect(shell('echo text >/.job/b; cat /.job/b').said).toBe('text\n');
    expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(mounts);
    const library = toolchain.shown.find((path) => path.includes('/libc.so')) ?? '';
    expect(readFileSync(join(tree.path, library), 'utf8')).toBe('');
  });

  it.each([['as it is'], ['as in a unit with RestrictSUIDSGID=']])(
    'is not made through a link of the client, which could lead anywhere, in a kernel %s',
    (kernel) => {
      const without = join(place, 'without');
      execFileSync('gcc', ['-O', join(support, 'without.c'), '-o', without]);
      const run = (...more: string[]): { status: number | null; stderr: string; stdout: string } => {
        const all = [...(kernel === 'as it is' ? [] : [without, 'openat2']), fence, ...more];
        return spawnSync(all[0] ?? '', all.slice(1), { cwd: job, encoding: 'utf8', env: { PATH: '/usr/bin' } });
      };
      tree.addAll(project);
      layMountPoints(tree.path, toolchain);
      expect(run(...words(), '/usr/bin/sh', 'sh', '-c', 'cat one.h').stdout).toBe('#define ONE "one"\n');
      mkdirSync(join(tree.path, 'elsewhere'));
      symlinkSync('/elsewhere', join(tree.path, 'opt'));
      writeFileSync(join(tree.path, 'elsewhere/file'), 'of the client\n');
      symlinkSync('file', join(tree.path, 'elsewhere/link'));
      for (const path of ['/opt/file', '/elsewhere/link', '/elsewhere/../opt/file']) {
        const { status, stderr } = run('--in', '/', tree.path, '1', path, '/bin/true', 'true');
        expect(status).toBe(100);
        expect(stderr).toContain(`ERROR: cannot show a job ${path}: `);
      }
    },
  );

  it('does not let a link of the client stand where the toolchain has to be', () => {
    mkdirSync(join(tree.path, 'usr/lib'), { recursive: true });
    symlinkSync('/etc', join(tree.path, 'usr/lib/gcc'));
    expect(() => layMountPoints(tree.path, toolchain)).toThrow(MountPointTaken);
  });
});

describe('TreeRoots.toolchain()', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks a compiler once, and again when something of it has changed', async () => {
    const tools = join(place, 'wrap/bin');
    mkdirSync(tools, { recursive: true });
    const wrapper = join(tools, 'wrapcc');
    writeFileSync(wrapper, '#!/usr/bin/sh\nexec gcc "$@"\n', { mode: 0o755 });
    const before = await server.trees.toolchain(wrapper);
    expect(before.shown).toEqual(expect.arrayContaining([tools, '/usr/bin']));
    expect([wrapper, '/usr/include/stdio.h'].map((path) => before.isShown(path))).toEqual([true, false]);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 11_000);
    expect(await server.trees.toolchain(wrapper)).toBe(before);
    writeFileSync(wrapper, '#!/usr/bin/sh\n# another one\nexec gcc -O2 "$@"\n');
    expect(await server.trees.toolchain(wrapper)).toBe(before);
    vi.setSystemTime(Date.now() + 11_000);
    expect(await server.trees.toolchain(wrapper)).not.toBe(before);
  });
});

describe('runTreeJob()', () => {
  const compile = ['gcc', '-c', 'main.c', '-o', 'sub/main.o', '-MD'];

  it("takes headers from the client alone, whatever the server's are", async () => {
    tree.addInputs(['gcc', 'main.c'], project);
    const there = await server.compile(compile, { tree, directory: project });
    expect(there).toMatchObject({ status: 0, stderr: '' });
    expect(there.dependencies).toMatch(/^sub\/main\.o: main\.c \/usr\/include\/stdc-predef\.h /);
    const other = new ClientTree(join(place, `other-${round}`));
    other.addInputs(['gcc', 'main.c'], project);
    writeFileSync(join(other.path, '/usr/include/stdio.h'), 'int puts(const char *);\n#warning "not of this server"\n');
    expect((await server.compile(compile, { tree: other, directory: project })).stderr).toContain('not of this server');
    unlinkSync(join(other.path, '/usr/include/stdio.h'));
    const lacking = await server.compile(compile, { tree: other, directory: project });
    expect(lacking.stderr).toContain('stdio.h: No such file or directory');
    expect(lacking).toMatchObject({ status: 256, object: Buffer.alloc(0) });
    expect(await server.compile(compile, { tree, directory: project })).toEqual(there);
  });

  it("takes those beside this machine's libraries from the client too", async () => {
    const libraries = dirname(toolchain.shown.find((path) => path.includes('/libc.so')) ?? '');
    const headers = join(libraries, 'far/include');
    writeFileSync(join(project, 'beside.c'), '#include <far.h>\nint far = FAR;\n');
    tree.addAll(project);
    mkdirSync(join(tree.path, headers), { recursive: true });
    writeFileSync(join(tree.path, headers, 'far.h'), '#define FAR 1\n');
    const beside = ['gcc', `-I${headers}`, '-c', 'beside.c', '-o', 'beside.o', '-MD'];
    const { status, dependencies } = await server.compile(beside, { tree, directory: project });
    expect([status, dependencies.includes(` ${headers}/far.h`)]).toEqual([0, true]);
  });

  it('sees what has come into the tree since the last job', async () => {
    tree.addAll(project);
    writeFileSync(join(project, 'later.c'), '#include "later.h"\n');
    tree.add(join(project, 'later.c'));
    const later = ['gcc', '-c', 'later.c'];
    expect((await server.compile(later, { tree, directory: project })).status).toBe(256);
    writeFileSync(join(project, 'later.h'), 'int later;\n');
    tree.add(join(project, 'later.h'));
    expect(await server.compile(later, { tree, directory: project })).toMatchObject({ status: 0, stderr: '' });
  });

  it('obeys the variables of the client for headers, time and language, and no others', async () => {
    mkdirSync(join(project, 'more'));
    writeFileSync(join(project, 'more/far.h'), '#warning "far"\n');
    writeFileSync(join(project, 'far.c'), '#include <far.h>\nconst char *year = __DATE__;\n');
    tree.addAll(project);
    const environment = ['CPATH=more', 'SOURCE_DATE_EPOCH=0', 'LANG=C', 'DEPENDENCIES_OUTPUT=/.job/lies', 'PATH=/none'];
    const { status, stderr, object } = await server.compile(['gcc', '-c', 'far.c'], {
      tree,
      directory: project,
      environment,
    });
    expect([status, object.includes('Jan  1 1970')]).toEqual([0, true]);
    expect(stderr).toMatch(/warning: #warning "far"/);
  });

  it('speaks the language of the client if it is installed here, and its character set in any case', async () => {
    writeFileSync(join(project, 'unused.c'), 'int f(void) { int unused; return 0; }\n');
    tree.addAll(project);
    const said = async (locale: string): Promise<string> => {
      const setup = { tree, directory: project, environment: [`LANG=${locale}`] };
      return (await server.compile(['gcc', '-Wall', '-c', 'unused.c'], setup)).stderr;
    };
    expect(await said('C')).toContain("unused variable 'unused'");
    expect(await said('en_US.UTF-8')).toContain('unused variable ‘unused’');
    expect(await said('xx_XX.UTF-8')).toContain('unused variable ‘unused’');
  });

  it('does not send its own paths: the client then compiles by itself', async () => {
    writeFileSync(join(project, 'bad.c'), '__asm__("not an instruction");\n');
    tree.addAll(project);
    await expect(server.compile(['gcc', '-c', 'bad.c'], { tree, directory: project })).rejects.toThrow(
      'names a path of this server',
    );
  });

  it('refuses what it cannot do, with the reason', async () => {
    tree.addAll(project);
    await expect(server.compile(compile, { tree, directory: '/gone' })).rejects.toThrow(
      'no compile from source here: cannot enter /gone: No such file or directory',
    );
    const script = join(place, 'script');
    writeFileSync(script, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    await expect(server.compile(compile, { tree, directory: project, path: script })).rejects.toThrow(
      '"script" does not work with its own parts alone',
    );
    if (!toolchain.links.has('/lib')) return;
    const blocked = new ClientTree(join(place, `blocked-${round}`));
    mkdirSync(join(blocked.path, 'lib'));
    await expect(server.compile(compile, { tree: blocked, directory: project })).rejects.toThrow(
      '"/lib" of the client is in the way',
    );
  });

  it('leaves nothing of its jobs in the spool', () => {
    const left = readdirSync(server.spool.path, { recursive: true, encoding: 'utf8' });
    // An empty folder waits for the next job.
    expect(left.filter((name) => !/^(?:root\/.*|job-\w+)$/.test(name))).toEqual(['daemon-lock', 'root']);
  });
});
