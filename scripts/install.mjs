// Installs the built programs below a directory: `node scripts/install.mjs --destdir DIR`. All programs are in
// /usr/libexec/distccd, where the launcher looks for the others, with links in /usr/bin and /usr/sbin. With `--freebsd`
// everything is below /usr/local, the daemon also has a link in sbin, and the launcher is installed as sources.
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { launcherFiles } from './launcher.mjs';
import { runtimePackages } from './npm-packages.mjs';
import { fail, top } from './setup.mjs';
import { readWords } from './words.mjs';

/** Modules that the programs load. */
const loaded = new Set(['system-calls.node']);
/** Files that are not commands and get no link. */
const hidden = new Set(['distccd-fence', 'distccd-announce', ...loaded]);
/** Files for Linux only. */
const forLinux = new Set(['distccd-fence', 'distccd-announce', ...loaded]);
const forRoot = new Set(['update-distcc-symlinks']);

const usage = 'node scripts/install.mjs --destdir DIR [--freebsd]';
const values = readWords(usage, {
  destdir: { type: 'string' },
  freebsd: { type: 'boolean', default: false },
});
if (values.destdir === undefined) fail(`name the directory to install below with --destdir; usage: ${usage}`);

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
 * Copies a program. When installed it uses the system's Node; /usr/bin/env might find another one in a user's PATH.
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

/** Installs the licences of npm packages, parts of which are in the bundles. */
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

/** Installs the completions, under the name of each command, by which bash-completion finds them. */
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
