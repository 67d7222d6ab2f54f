import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const top = join(import.meta.dirname, '../../..');

let folder: string;
let port: string;
let distributionFile: string;

const writePort = (): void => {
  execFileSync(process.execPath, ['scripts/package-freebsd.mjs', '--port', '--out', folder], { cwd: top });
};

/** FreeBSD's make, as Debian has it, with a model of the ports collection. */
function make(...words: string[]): { status: number | null; output: string } {
  const model = join(top, 'test/support/freebsd/mk');
  const places = [`DISTDIR=${join(folder, 'distfiles')}`, `WRKDIRPREFIX=${folder}`];
  const { status, stdout, stderr } = spawnSync('bmake', ['-m', model, '-m', '/usr/share/mk', ...places, ...words], {
    cwd: port,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}
const valueOf = (name: string): string => make('-V', `\${${name}}`).output.trim();

/** Every file and link below a directory. */
const filesUnder = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !lstatSync(join(directory, name)).isDirectory())
    .sort();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'freebsd-port-'));
  port = join(folder, 'port');
  writePort();
  distributionFile = join(folder, readdirSync(folder).find((name) => name.endsWith('.tar.gz')) ?? '');
  mkdirSync(join(folder, 'distfiles'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the port for FreeBSD', () => {
  it('says what to do when its distribution file is not there', () => {
    const { status, output } = make('stage');
    expect(status).not.toBe(0);
    expect(output).toContain(
      `no public place to fetch from: copy ${basename(distributionFile)} into ${join(folder, 'distfiles')}`,
    );
  });

  it('names the distribution file that was written, and its sums', () => {
    const bytes = readFileSync(distributionFile);
    const name = basename(distributionFile);
    expect(gunzipSync(bytes).subarray(257, 262).toString()).toBe('ustar');
    expect(valueOf('DISTFILES')).toBe(name);
    expect(readFileSync(join(port, 'distinfo'), 'utf8').replace(/^TIMESTAMP = \d+\n/, '')).toBe(
      `SHA256 (${name}) = ${createHash('sha256').update(bytes).digest('hex')}\nSIZE (${name}) = ${bytes.length}\n`,
    );
  });

  it('is the same, byte by byte, each time', () => {
    const files = (): string[] =>
      ['port/Makefile', 'port/distinfo', 'port/files/distccd.in'].map((name) =>
        readFileSync(join(folder, name), 'utf8'),
      );
    const before = files();
    writePort();
    expect(files()).toEqual(before);
  });

  it('has the version and the licence of package.json, and every variable expands', () => {
    const { version, license } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect([valueOf('PKGNAME'), license]).toEqual([`distccd-${String(version)}`, 'GPL-2.0-or-later']);
    const expected: Readonly<Record<string, string>> = {
      CATEGORIES: 'devel',
      MASTER_SITES: '',
      LICENSE: 'GPLv2+',
      USES: 'nodejs:lts,run',
      USE_RC_SUBR: 'distccd',
      USERS: 'distcc',
      GROUPS: 'distcc',
      CONFLICTS_INSTALL: 'distcc',
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, valueOf(name)]))).toEqual(expected);
  });

  it('stages what pkg-plist lists and the rc.d script, with a launcher of this processor', () => {
    copyFileSync(distributionFile, join(folder, 'distfiles', basename(distributionFile)));
    const { status, output } = make('stage');
    expect([status, status === 0 ? '' : output]).toEqual([0, '']);
    const prefix = join(valueOf('STAGEDIR'), 'usr/local');
    const listed = readFileSync(valueOf('PLIST'), 'utf8').trim().split('\n');
    expect(filesUnder(prefix)).toEqual([...listed, 'etc/rc.d/distccd'].sort());
    expect(listed).toEqual([...listed].sort());
    const launcher = readFileSync(join(prefix, 'libexec/distccd/distcc'));
    expect(launcher.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(launcher.includes('/usr/local/bin/node\0')).toBe(true);
    expect(readFileSync(join(prefix, valueOf('LICENSE_FILE').slice(valueOf('WRKSRC').length + 1)))).toEqual(
      readFileSync(join(top, 'LICENSE')),
    );
  });

  it('stages the same files as the package, but for what each does at its own time', () => {
    const stage = join(folder, 'package');
    execFileSync(process.execPath, ['scripts/package-freebsd.mjs', '--stage', '--out', stage], { cwd: top });
    const packaged = join(stage, 'usr/local');
    const ported = join(valueOf('STAGEDIR'), 'usr/local');
    const common = filesUnder(packaged).filter((name) => filesUnder(ported).includes(name));
    const rest = (tree: string): string[] => filesUnder(tree).filter((name) => !common.includes(name));
    expect(rest(ported)).toEqual(['libexec/distccd/distcc']);
    expect(rest(packaged).filter((name) => !/distccd\/launcher\/[a-z-]+\.[ch]$/.test(name))).toEqual([
      'libexec/distccd/finish-install',
    ]);
    for (const name of common.filter((each) => !lstatSync(join(packaged, each)).isSymbolicLink()))
      expect([name, readFileSync(join(ported, name)).equals(readFileSync(join(packaged, name)))]).toEqual([name, true]);
    const agent = /-DAGENT_VERSION="([^"]+)"/;
    const version = readFileSync(join(valueOf('WRKSRC'), 'agent-version'), 'utf8').trim();
    expect(agent.exec(readFileSync(join(packaged, 'libexec/distccd/finish-install'), 'utf8'))?.[1]).toBe(version);
    expect(readFileSync(join(ported, 'libexec/distccd/distcc')).includes(version)).toBe(true);
  });

  it('removes the links that update-distcc-symlinks made, and none of its files', () => {
    const root = join(folder, 'root');
    cpSync(join(valueOf('STAGEDIR'), 'usr'), join(root, 'usr'), { recursive: true, verbatimSymlinks: true });
    const before = filesUnder(root);
    for (const place of ['libexec/distcc', 'lib/distcc']) {
      mkdirSync(join(root, 'usr/local', place), { recursive: true });
      symlinkSync('../../bin/distcc', join(root, 'usr/local', place, 'cc'));
    }
    execFileSync('sh', [valueOf('PKGDEINSTALL'), 'distccd', 'DEINSTALL'], {
      env: { ...process.env, PKG_ROOTDIR: root },
    });
    expect(filesUnder(root)).toEqual(before);
    expect(readdirSync(join(root, 'usr/local/libexec'))).toEqual(['distccd']);
  });

  it('refuses a distribution file of other bytes', () => {
    appendFileSync(join(folder, 'distfiles', basename(distributionFile)), 'x');
    expect(make('stage').status).not.toBe(0);
  });
});
