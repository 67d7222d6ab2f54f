// Lays the built programs out as an installed system has them: `node scripts/install.mjs --destdir DIR`.
// The programs live together in /usr/libexec/distccd, as the launcher expects, with links in /usr/bin and /usr/sbin.
// With `--freebsd` all is below /usr/local, the daemon's link is in sbin too, and the launcher comes as its sources.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { launcherFiles } from './launcher.mjs';
import { runtimePackages } from './npm-packages.mjs';
import { fail, top } from './setup.mjs';

/** What the programs load. */
const loaded = new Set(['system-calls.node']);
/** What is not a command, and the commands of the administrator. */
const hidden = new Set(['distccd-fence', 'distccd-announce', ...loaded]);
/** What only Linux has a use for. */
const forLinux = new Set(['distccd-fence', 'distccd-announce', ...loaded]);
const forRoot = new Set(['update-distcc-symlinks']);

const { values } = parseArgs({
  options: {
    destdir: { type: 'string' },
    freebsd: { type: 'boolean', default: false },
  },
});
if (values.destdir === undefined) fail('name the directory to install below with --destdir');

const from = join(top, 'dist/bin');
const prefix = join(values.destdir, values.freebsd ? 'usr/local' : 'usr');
const home = join(prefix, 'libexec/distccd');

/** @param {string} name */
function installProgram(name) {
  const target = join(home, name);
  if (!values.freebsd || name !== 'distcc') copyProgram(join(from, name), target);
  if (hidden.has(name)) return;
  const folders = values.freebsd && name === 'distccd' ? ['bin', 'sbin'] : [forRoot.has(name) ? 'sbin' : 'bin'];
  for (const folder of folders.map((each) => join(prefix, each))) {
    mkdirSync(folder, { recursive: true });
    symlinkSync(`../libexec/distccd/${name}`, join(folder, name));
  }
}

/**
 * In an installed system Node has one place; /usr/bin/env would find another user's.
 * @param {string} source
 * @param {string} target
 */
function copyProgram(source, target) {
  copyFileSync(source, target);
  const bytes = readFileSync(target);
  const line = '#!/usr/bin/env node\n';
  if (bytes.subarray(0, line.length).equals(Buffer.from(line)))
    writeFileSync(
      target,
      Buffer.concat([Buffer.from(`#!/usr/${values.freebsd ? 'local/' : ''}bin/node\n`), bytes.subarray(line.length)]),
    );
  chmodSync(target, loaded.has(basename(target)) ? 0o644 : 0o755);
}

/** The bundles hold parts of these packages: their notices must come along. */
function installLicences() {
  const folder = join(prefix, 'share/doc/distccd');
  mkdirSync(folder, { recursive: true });
  const notices = runtimePackages().map(({ path, version, license }) => {
    const files = readdirSync(join(top, path)).filter((name) => /^licen[cs]e/i.test(name));
    const texts = files.map((name) => readFileSync(join(top, path, name), 'utf8').trim());
    return [`${path.replace(/.*node_modules\//, '')} ${version}, licence ${license}`, ...texts].join('\n\n');
  });
  writeFileSync(join(folder, 'licences.txt'), `${notices.join(`\n\n${'-'.repeat(72)}\n\n`)}\n`);
}

/** bash-completion looks for a file with the name of the command. */
function installCompletions() {
  const folder = join(prefix, 'share/bash-completion/completions');
  mkdirSync(folder, { recursive: true });
  const script = join(top, 'packaging/completions/distccd.bash');
  copyFileSync(script, join(folder, 'distccd'));
  chmodSync(join(folder, 'distccd'), 0o644);
  for (const [, name] of readFileSync(script, 'utf8').matchAll(/^complete -F \S+ (\S+)$/gm)) {
    if (name !== undefined && name !== 'distccd') symlinkSync('distccd', join(folder, name));
  }
}

mkdirSync(home, { recursive: true });
const belongs = (/** @type {string} */ name) => !name.startsWith('.') && !(values.freebsd && forLinux.has(name));
for (const name of readdirSync(from).filter(belongs)) installProgram(name);
if (values.freebsd) {
  mkdirSync(join(home, 'launcher'), { recursive: true });
  for (const path of launcherFiles) {
    const target = join(home, 'launcher', basename(path));
    copyFileSync(path, target);
    chmodSync(target, 0o644);
  }
}
installLicences();
installCompletions();
