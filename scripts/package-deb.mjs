// `npm run package:deb [-- --out DIR] [--arch arm64]`: builds the Debian package from a clean copy of the checkout, offline, into dist/,
// for this machine's architecture unless another is named. --quiet shows the tools' output only when they fail. packaging/debian becomes debian/; node_modules is the one that `npm ci` filled.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { debianVersion } from './deb-version.mjs';
import { fail, setUp, top } from './setup.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(top, 'dist') },
    arch: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
});
const out = resolve(values.out);

if (
  spawnSync('dh', ['--version']).error !== undefined ||
  spawnSync('dpkg-buildpackage', ['--version']).error !== undefined
)
  fail("building the package needs Debian's tools: apt-get install debhelper dpkg-dev");
setUp({ build: false });

const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
mkdirSync(out, { recursive: true });
// Beside the results, so that they need only be renamed.
const work = mkdtempSync(join(out, '.package-deb-'));
const tree = join(work, `distccd-${version}`);
try {
  const { stdout, status } = spawnSync('git', ['ls-files', '-coz', '--exclude-standard'], {
    cwd: top,
    encoding: 'utf8',
  });
  if (status !== 0)
    fail('building the package needs a git checkout: its list of files says what belongs to the source');
  for (const name of stdout.split('\0').filter((file) => file !== '' && existsSync(join(top, file)))) {
    const target = join(tree, name.replace(/^packaging\/debian\//, 'debian/'));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(top, name), target, { verbatimSymlinks: true, preserveTimestamps: true });
  }
  const built = debianVersion(top, version);
  const changelog = join(tree, 'debian/changelog');
  // What is not a release has an entry of its own before that of the release to come.
  if (built.version !== version) {
    const entry = `distccd (${built.version}) unstable; urgency=medium\n\n  * Built from the checkout.\n\n -- distccd maintainers <maintainers@distccd.example>  ${built.date.toUTCString().replace('GMT', '+0000')}\n\n`;
    writeFileSync(changelog, entry + readFileSync(changelog, 'utf8'));
  }
  symlinkSync(join(top, 'node_modules'), join(tree, 'node_modules'));
  const environment = { ...process.env, DEB_BUILD_OPTIONS: process.env.DEB_BUILD_OPTIONS ?? 'nocheck' };
  const words = ['-us', '-uc', '--no-check-builddeps', '--compression=xz'];
  if (values.arch !== undefined) words.push(`--host-arch=${values.arch}`);
  const build = spawnSync('dpkg-buildpackage', words, {
    cwd: tree,
    env: environment,
    encoding: 'utf8',
    stdio: values.quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
  });
  if (build.status !== 0) fail(`${build.stdout ?? ''}${build.stderr ?? ''}cannot build the package: see above`);
  // A package of another version would be taken for this one.
  for (const name of readdirSync(out).filter((file) => file.startsWith('distccd_'))) rmSync(join(out, name));
  for (const name of readdirSync(work).filter((file) => file !== `distccd-${version}`)) {
    renameSync(join(work, name), join(out, name));
    console.log(join(out, name));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
