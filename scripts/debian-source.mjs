// Makes Debian's source package of a checkout: the sources; a second tarball, vendor, with the parts of npm packages
// that the build reads; and debian/, which is packaging/debian here. packaging/debian/README.source explains why.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { inputsOf } from './bundle.mjs';
import { debianVersion } from './deb-version.mjs';
import { readVersion, runtimePackages } from './npm-packages.mjs';
import { fail, top } from './setup.mjs';

/**
 * Fails with a sentence when one of these commands is missing.
 * @param {...string} names
 */
export function needTools(...names) {
  const missing = names.filter((name) => spawnSync(name, ['--version']).error !== undefined);
  if (missing.length > 0)
    fail(
      `building the package needs Debian's tools, of which ${missing.join(' and ')} cannot be run: apt-get install debhelper dpkg-dev`,
    );
}

/** The source files, without those of Debian's packaging. */
function sourceFiles() {
  const { stdout, status } = spawnSync('git', ['ls-files', '-coz', '--exclude-standard'], {
    cwd: top,
    encoding: 'utf8',
  });
  if (status !== 0)
    fail('building the package needs a git checkout: its list of files says what belongs to the source');
  return stdout.split('\0').filter((file) => file !== '' && existsSync(join(top, file)));
}

const isDebian = (/** @type {string} */ file) => file.startsWith('packaging/debian/');

/**
 * The files of node_modules that the build reads: the bundled files, each package's package.json and licence, the
 * sources of compiled files, and the headers of Node-API.
 */
function vendoredFiles() {
  const wanted = /^(?:package\.json|licen[cs]e.*)$/i;
  const packages = runtimePackages().map(({ path }) => path);
  const words = [...packages, 'node_modules/node-api-headers'].flatMap((path) =>
    readdirSync(join(top, path))
      .filter((name) => wanted.test(name))
      .map((name) => `${path}/${name}`),
  );
  const trees = ['node_modules/node-api-headers/include', 'node_modules/ip-address/src'].flatMap((path) =>
    readdirSync(join(top, path), { recursive: true, encoding: 'utf8' }).map((name) => `${path}/${name}`),
  );
  const bundled = inputsOf('src/programs').filter((path) => path.startsWith('node_modules/'));
  return [...new Set([...words, ...trees, ...bundled])].filter((path) => lstatSync(join(top, path)).isFile()).sort();
}

/**
 * Copies a file, with mode 0644, or 0755 when its owner may run it, whatever the umask is.
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { verbatimSymlinks: true });
  if (lstatSync(from).isSymbolicLink()) return;
  chmodSync(to, (lstatSync(from).mode & 0o100) === 0 ? 0o644 : 0o755);
}

/**
 * Makes a reproducible archive, which does not depend on user, machine or time.
 * @param {string} work
 * @param {string} folder
 * @param {string} archive
 * @param {number} seconds in Unix time
 */
function pack(work, folder, archive, seconds) {
  const { status, stderr } = spawnSync(
    'tar',
    [
      '--create',
      '--xz',
      '--sort=name',
      `--mtime=@${seconds}`,
      '--owner=root:0',
      '--group=root:0',
      '--mode=u=rwX,go=rX',
      '--format=gnu',
      `--file=${archive}`,
      folder,
    ],
    // With several threads xz would split the archive differently.
    { cwd: work, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', XZ_DEFAULTS: '', XZ_OPT: '--threads=1' } },
  );
  if (status !== 0) fail(`cannot make ${archive}: ${stderr}`);
}

/**
 * Lays the unpacked source package out below a new folder in `out`, with its tarballs beside it, and calls work({
 * folder, tree, version }) with that folder, the unpacked tree in it, and the package's version; then removes all that
 * is left in the folder.
 * @param {string} out
 * @param {(source: { folder: string, tree: string, version: string }) => void} work
 */
export function withSourceTree(out, work) {
  const version = readVersion();
  const built = debianVersion(top, version);
  mkdirSync(out, { recursive: true });
  // Beside the results, so that they can be renamed into place.
  const folder = mkdtempSync(join(out, '.package-deb-'));
  try {
    const name = `distccd-${built.version}`;
    const tree = join(folder, name);
    const seconds = Math.floor(built.date.getTime() / 1000);
    const files = sourceFiles();
    for (const file of files.filter((each) => !isDebian(each))) copy(join(top, file), join(tree, file));
    pack(folder, name, `distccd_${built.version}.orig.tar.xz`, seconds);
    for (const file of vendoredFiles()) copy(join(top, file), join(tree, file.replace(/^node_modules\//, 'vendor/')));
    pack(tree, 'vendor', join(folder, `distccd_${built.version}.orig-vendor.tar.xz`), seconds);
    for (const file of files.filter(isDebian)) copy(join(top, file), join(tree, file.replace(/^packaging\//, '')));
    const changelog = join(tree, 'debian/changelog');
    // A build that is not a release gets a changelog entry before that of the next release.
    if (built.version !== version) {
      const entry = `distccd (${built.version}-1) unstable; urgency=medium\n\n  * Built from the checkout.\n\n -- distccd maintainers <maintainers@distccd.example>  ${built.date.toUTCString().replace('GMT', '+0000')}\n\n`;
      writeFileSync(changelog, entry + readFileSync(changelog, 'utf8'));
    }
    work({ folder, tree, version: `${built.version}-1` });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
