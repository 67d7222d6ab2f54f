import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layRoot } from '../../../../src/system/fence/private-root.ts';
import { namesItsPrograms, planRoot, toolsAround, wayTo } from '../../../../src/system/fence/toolchain-paths.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'tools-'));
});
afterEach(() => rmSync(top, { recursive: true }));

/** Makes a file, with the folders above it, and names it. */
function make(path: string, text = '', mode = 0o755): string {
  const whole = join(top, path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, text, { mode });
  return whole;
}
/** What is shown below the test's own folder. */
const shownOf = (program: string, directories: readonly string[] = [], temporary = '/nowhere'): string[] =>
  planRoot(program, { directories, temporary })
    .shown.filter((path) => path.startsWith(top))
    .map((path) => relative(top, path));

describe('planRoot()', () => {
  it("shows the system's programs and libraries, and no data, settings or homes", () => {
    const { shown, links } = planRoot('/usr/bin/gcc', {
      directories: ['/usr/local/bin', '/usr/bin', '/bin', '/sbin'],
      temporary: '/tmp',
    });
    expect(shown).toEqual(expect.arrayContaining(['/usr/bin', '/usr/lib', '/dev/null', '/etc/ld.so.cache']));
    expect(
      shown.filter((path) => /^\/(?:usr(?:\/(?:share|include|local))?|etc|var|home|root|proc)?$/.test(path)),
    ).toEqual([]);
    expect(shown).toEqual([...new Set(shown)].sort());
    for (const [path, text] of links) expect(join(path, '..', text)).not.toMatch(/^\/$/);
    expect(shown.some((path) => links.has(path))).toBe(false);
  });

  it('shows a toolchain whole, from the search path or from where a program is', () => {
    make('cross/lib/part');
    const gcc = make('cross/bin/gcc');
    expect(shownOf('/usr/bin/gcc', [join(top, 'cross/bin')])).toEqual(['cross']);
    expect(shownOf(gcc)).toEqual(['cross']);
  });

  it('follows links, and shows the way too', () => {
    make('cross/bin/gcc');
    mkdirSync(join(top, 'way'));
    symlinkSync('../cross/bin/gcc', join(top, 'way/gcc'));
    mkdirSync(join(top, 'start'));
    symlinkSync(join(top, 'way/gcc'), join(top, 'start/cc'));
    symlinkSync('cross', join(top, 'current'));
    expect(shownOf(join(top, 'start/cc'))).toEqual(['cross', 'start', 'way']);
    expect(shownOf(join(top, 'current/bin/gcc'))).toEqual(['cross', 'current']);
  });

  it('shows what a script names by its whole path, and that a program, but no other file', () => {
    make('private/secret', 'x', 0o644);
    make('tree/lib/part');
    const inner = make('tree/bin/inner', '#!/bin/sh\n');
    const interpreter = make('shell/bin/sh');
    const script = `#!${interpreter}\nexec "${inner}" "$@" # ${top}/private/secret ${top}/private ${top}/gone\n`;
    expect(shownOf(make('wrap/cc', script))).toEqual(['shell', 'tree', 'wrap']);
  });

  it('shows what a script names as the search path finds it', () => {
    const [site, other] = [make('site/site-gcc', '#!/bin/sh\nexec other "$@"\n'), make('more/other', 'ELF')];
    const wrapper = make('wrap/cc', '#!/bin/sh\nexec site-gcc "$@"\n');
    const way = wayTo(wrapper, [join(top, 'wrap'), join(top, 'site'), join(top, 'more')]);
    expect(way).toEqual(expect.arrayContaining([wrapper, site, other]));
  });

  it('ends although links form a circle', () => {
    mkdirSync(join(top, 'loop'));
    symlinkSync('two', join(top, 'loop/one'));
    symlinkSync('one', join(top, 'loop/two'));
    expect(shownOf(join(top, 'loop/one'))).toEqual(['loop']);
    const [a, b] = [join(top, 'scripts/a'), join(top, 'scripts/b')];
    make('scripts/a', `#!/bin/sh\n${b}\n`);
    make('scripts/b', `#!/bin/sh\n${a}\n`);
    expect(shownOf(a)).toEqual(['scripts']);
  });

  it('never shows what holds the directory of the jobs', () => {
    make('cross/bin/gcc');
    mkdirSync(join(top, 'cross/lib'));
    mkdirSync(join(top, 'cross/tmp'));
    expect(shownOf(join(top, 'cross/bin/gcc'), [], join(top, 'cross/tmp'))).toEqual(['cross/bin', 'cross/lib']);
    expect(shownOf(join(top, 'cross/bin/gcc'), [top], top)).toEqual(['cross']);
    expect(shownOf(make('cc'), [], top)).toEqual([]);
  });
});

describe('toolsAround()', () => {
  it('shows of a home, and of a directory of many things, only what belongs to its programs', () => {
    expect(toolsAround('/home/me/bin', '/tmp')).toEqual(['/home/me/bin']);
    expect(toolsAround('/opt/bin', '/tmp')).toEqual(['/opt/bin']);
    expect(toolsAround('/opt/compilers', '/tmp')).toEqual(['/opt/compilers']);
  });

  it('shows of a directory where everybody may put something only what belongs to its programs', () => {
    make('open/bin/cc');
    for (const name of ['lib', 'lib64', 'libexec', 'library of mine', 'share']) mkdirSync(join(top, 'open', name));
    chmodSync(join(top, 'open'), 0o1777);
    const names = ['bin', 'lib', 'lib64', 'libexec'].map((name) => join(top, 'open', name));
    expect(toolsAround(join(top, 'open/bin'), '/nowhere')).toEqual(names);
  });
});

describe('layRoot()', () => {
  it('makes a mount point for each path, and leaves what is there', () => {
    const root = join(top, 'root');
    const file = make('tree/file', 'text');
    const plan = { shown: [join(top, 'tree'), '/dev/null'], links: new Map([['/bin', 'usr/bin']]) };
    layRoot(root, plan);
    layRoot(root, { ...plan, shown: [...plan.shown, '/usr/bin'] });
    expect(readFileSync(join(root, 'dev/null'), 'utf8')).toBe('');
    mkdirSync(join(root, 'bin/below'));
    expect(readFileSync(file, 'utf8')).toBe('text');
    expect(() => mkdirSync(join(root, 'usr/bin/below'))).toThrow('EEXIST');
  });
});

describe('namesItsPrograms()', () => {
  it.each(['ELF', '#!/bin/sh\nexec gcc "$@"\n', '#!/usr/bin/env bash\nexec site-gcc ${1+"$@"}\n'])(
    'is true of %j',
    (text) => {
      expect(namesItsPrograms(make('wrapper', text))).toBe(true);
    },
  );

  it.each([
    '#!/bin/sh\nexec $CC "$@"\n',
    '#!/bin/sh\nexec "${0%/*}/real" "$@"\n',
    '#!/bin/sh\nexec `which gcc` "$@"\n',
    '#!/bin/sh\neval exec g"c"c\n',
    '#!/bin/sh\n. /etc/site\nexec gcc "$@"\n',
    '#!/usr/bin/python3\nimport os\n',
    `#!/bin/sh\n${'#'.repeat(64 * 1024)}\nexec gcc "$@"\n`,
  ])('is false of a script that may compute them: %.40j', (text) => {
    expect(namesItsPrograms(make('wrapper', text))).toBe(false);
  });
});
