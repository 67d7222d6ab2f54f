// `npm run package:clean-build [-- SUITE...]`: proves that the source package needs only Debian. In a new system of
// each suite (bookworm and trixie) with only the build dependencies, an ordinary user unpacks and builds it without a
// network. The results are in dist/clean-SUITE. It takes some minutes, and needs root, mmdebstrap and a Debian mirror;
// the systems are kept beside those of test/support/debian-boot.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fail, run, top } from './setup.mjs';

const cache = process.env['DEBIAN_BOOT_CACHE'] ?? '/var/cache/debian-boot';
const known = ['bookworm', 'trixie'];
const suites = process.argv.length > 2 ? process.argv.slice(2) : known;
const unknown = suites.find((suite) => !known.includes(suite));
if (unknown !== undefined) fail(`"${unknown}" is not one of ${known.join(' and ')}`);
if (process.getuid?.() !== 0) fail('building in a new system needs root');

const mirror =
  process.env['DEBIAN_BOOT_MIRROR'] ??
  spawnSync('apt-get', ['indextargets', '--format', '$(SITE)'], { encoding: 'utf8' })
    .stdout.split('\n')
    .find((site) => /\/debian\/?$/.test(site)) ??
  fail('apt names no Debian mirror here: set DEBIAN_BOOT_MIRROR');

const must = (/** @type {string} */ command, /** @type {string[]} */ words, /** @type {string} */ reason) => {
  if (run(command, words) !== 0) fail(`${reason}: see above`);
};

/** A system is made for each list of build dependencies. */
const [wanted] =
  /^Build-Depends:.*$/m.exec(readFileSync(join(top, 'packaging/debian/control'), 'utf8')) ??
  fail('packaging/debian/control has no line of Build-Depends');

/**
 * The system in which the package is built, with its build dependencies.
 * @param {string} suite
 * @param {string} dsc the path of the description
 */
function system(suite, dsc) {
  const root = join(cache, `clean-${suite}`);
  const record = `${root}.wanted`;
  if (existsSync(record) && readFileSync(record, 'utf8') === wanted) return root;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  must(
    'mmdebstrap',
    [
      '--quiet',
      '--variant=buildd',
      `--customize-hook=copy-in ${dsc} /root`,
      '--customize-hook=chroot "$1" sh -c "apt-get -q -y --no-install-recommends build-dep /root/*.dsc && rm /root/*.dsc"',
      '--customize-hook=chroot "$1" useradd --create-home builder',
      suite,
      root,
      mirror,
    ],
    `cannot make a system of ${suite}`,
  );
  writeFileSync(record, wanted);
  return root;
}

const source = join(top, 'dist/clean-source');
rmSync(source, { recursive: true, force: true });
must(process.execPath, [join(top, 'scripts/package-source.mjs'), '--out', source], 'cannot make the source package');
const dsc = readdirSync(source).find((name) => name.endsWith('.dsc')) ?? fail(`${source} holds no .dsc`);

for (const suite of suites) {
  const root = system(suite, join(source, dsc));
  const work = join(root, 'home/builder/work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  for (const name of readdirSync(source)) copyFileSync(join(source, name), join(work, name));
  must('chroot', [root, 'chown', '-R', 'builder', '/home/builder/work'], 'cannot hand the sources over');
  const build = 'dpkg-source --no-check -x *.dsc tree && cd tree && dpkg-buildpackage -us -uc -b >../build 2>&1';
  const status = run('unshare', [
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--ipc',
    'sh',
    '-ec',
    'mount -t proc proc "$1/proc"; exec chroot "$1" setpriv --reuid builder --regid builder --clear-groups env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/home/builder sh -ec "cd ~/work; $2"',
    'sh',
    root,
    build,
  ]);
  if (status !== 0) {
    if (existsSync(join(work, 'build'))) process.stdout.write(readFileSync(join(work, 'build')));
    fail(`cannot build the package on ${suite}: see above`);
  }
  const out = join(top, `dist/clean-${suite}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  for (const name of readdirSync(work).filter((each) => /^distccd_.*\.(?:deb|changes|buildinfo)$/.test(each)))
    renameSync(join(work, name), join(out, name));
  renameSync(join(work, 'build'), join(out, 'build'));
  console.log(
    `${suite}: ${readdirSync(out)
      .map((name) => join(out, name))
      .find((name) => name.endsWith('.deb'))}`,
  );
}
