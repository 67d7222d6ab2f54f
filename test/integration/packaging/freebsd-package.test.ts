import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const top = join(import.meta.dirname, '../../..');

interface FileEntry {
  readonly sum: string;
  readonly uname: string;
  readonly gname: string;
  readonly perm: string;
  readonly symlink_target?: string;
}

/** What the tests look at of a manifest (pkg-create(8)). */
interface Manifest {
  readonly name: string;
  readonly abi: string;
  readonly arch: string;
  readonly prefix: string;
  readonly flatsize: number;
  readonly deps: Readonly<Record<string, { readonly origin: string; readonly version: string }>>;
  readonly messages: readonly { readonly type: string; readonly message: string }[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, FileEntry>>;
}

let folder: string;
let archive: string;
let unpacked: string;
let manifest: Manifest;

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const make = (): void => {
  execFileSync(process.execPath, ['scripts/package-freebsd.mjs', '--out', folder], { cwd: top });
};
const names = (file: string): string[] => execFileSync('tar', ['-tPf', file], { encoding: 'utf8' }).trim().split('\n');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'freebsd-package-'));
  make();
  archive = join(folder, readdirSync(folder).find((name) => name.endsWith('.pkg')) ?? '');
  unpacked = mkdtempSync(join(folder, 'unpacked-'));
  execFileSync('tar', ['-xzf', archive, '-C', unpacked], { stdio: 'ignore' });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the tests look at each of these
  manifest = JSON.parse(readFileSync(join(unpacked, '+MANIFEST'), 'utf8')) as Manifest;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the package for FreeBSD', () => {
  it('is an archive of the two manifests and then the files, by absolute names in the order of the manifest', () => {
    expect(names(archive)).toEqual(['+COMPACT_MANIFEST', '+MANIFEST', ...Object.keys(manifest.files)]);
    expect(Object.keys(manifest.files).every((name) => name.startsWith('/usr/local/'))).toBe(true);
  });

  it('says in the manifest the sum, owner and mode of each file, and where each link leads', () => {
    for (const [name, entry] of Object.entries(manifest.files)) {
      const path = join(unpacked, name);
      const found = lstatSync(path);
      const content = found.isSymbolicLink() ? readlinkSync(path) : readFileSync(path);
      expect([name, entry.sum]).toEqual([name, `1$${sha256(content)}`]);
      expect([name, entry.symlink_target]).toEqual([name, found.isSymbolicLink() ? content : undefined]);
      if (!found.isSymbolicLink()) expect([name, Number.parseInt(entry.perm, 8)]).toEqual([name, found.mode & 0o7777]);
      expect([entry.uname, entry.gname]).toEqual(['root', 'wheel']);
    }
  });

  it('holds no file that only Linux can use, and no link that leads nowhere but to the launcher', () => {
    const files = Object.entries(manifest.files);
    for (const [name, { symlink_target: target }] of files) {
      if (target === undefined)
        expect(readFileSync(join(unpacked, name)).subarray(0, 4).toString('latin1')).not.toBe('\x7fELF');
      else if (!name.endsWith('/distcc')) expect(lstatSync(join(unpacked, name, '..', target)).isFile()).toBe(true);
    }
    const mode = (name: string): string | undefined => manifest.files[`/usr/local/${name}`]?.perm;
    expect(mode('etc/rc.d/distccd')).toBe('0555');
    expect(mode('libexec/distccd/distccd')).toBe('0755');
    expect(mode('share/man/man8/distccd.8.gz')).toBe('0644');
    expect(readFileSync(join(unpacked, 'usr/local/libexec/distccd/distccd'), 'latin1')).toMatch(
      /^#!\/usr\/local\/bin\/node\n/,
    );
  });

  it('is for every processor and release, and needs one Node', () => {
    expect([manifest.name, manifest.abi, manifest.arch, manifest.prefix]).toEqual([
      'distccd',
      'FreeBSD:*',
      'freebsd:*',
      '/usr/local',
    ]);
    expect(Object.keys(manifest.deps)).toEqual(['node22']);
    expect(manifest.messages.map(({ type }) => type)).toEqual(['install', 'upgrade']);
    expect(manifest.messages[0]?.message).toContain('distccd_enable="YES"');
  });

  it('carries scripts that a plain sh understands', () => {
    expect(Object.keys(manifest.scripts)).toEqual(['pre-install', 'post-install', 'pre-deinstall']);
    for (const script of Object.values(manifest.scripts)) {
      expect(script).not.toContain('%%');
      expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' }).stderr).toBe('');
    }
  });

  it('is the same, byte by byte, each time', () => {
    const before = readFileSync(archive);
    make();
    expect(readFileSync(archive).equals(before)).toBe(true);
  });

  it('has a short manifest of the same facts without files and scripts', () => {
    const { files, scripts, ...rest } = manifest;
    expect(JSON.parse(readFileSync(join(unpacked, '+COMPACT_MANIFEST'), 'utf8'))).toEqual(rest);
    expect([Object.keys(files).length > 20, Object.keys(scripts).length]).toEqual([true, 3]);
  });
});
