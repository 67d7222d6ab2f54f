// `npm run package:deb [-- --out DIR] [--arch arm64]`: builds Debian's source package of the checkout and the package
// from it, offline, into dist/, for this machine's architecture unless another is named. With --quiet the tools' output
// is shown only when they fail; it is always in a .build file. Without Debian's esbuild that of node_modules is used.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { needTools, withSourceTree } from './debian-source.mjs';
import { fail, setUp, top } from './setup.mjs';
import { readWords } from './words.mjs';

const values = readWords('npm run package:deb -- [--out DIR] [--arch arm64] [--quiet]', {
  out: { type: 'string', default: join(top, 'dist') },
  arch: { type: 'string' },
  quiet: { type: 'boolean', default: false },
});
const out = resolve(values.out);

needTools('dh', 'dpkg-buildpackage');
setUp({ build: false });

const hasEsbuild = spawnSync('/usr/bin/esbuild', ['--version']).error === undefined;
const environment = {
  ...process.env,
  DEB_BUILD_OPTIONS: process.env['DEB_BUILD_OPTIONS'] ?? 'nocheck',
  ...(hasEsbuild ? {} : { ESBUILD: join(top, 'node_modules/.bin/esbuild') }),
};
const architecture = values.arch ?? ask('dpkg-architecture', '-qDEB_HOST_ARCH');

/**
 * @param {string} command
 * @param {...string} words
 */
function ask(command, ...words) {
  return spawnSync(command, words, { encoding: 'utf8' }).stdout.trim();
}

withSourceTree(out, ({ folder, tree, version }) => {
  const words = ['-us', '-uc', '--no-check-builddeps', `--host-arch=${architecture}`, '--compression=xz'];
  const log = join(folder, `distccd_${version}_${architecture}.build`);
  const descriptor = openSync(log, 'w');
  const build = spawnSync('dpkg-buildpackage', words, {
    cwd: tree,
    env: environment,
    stdio: ['ignore', descriptor, descriptor],
  });
  closeSync(descriptor);
  if (build.status !== 0 || !values.quiet) process.stdout.write(readFileSync(log));
  if (build.status !== 0) fail('cannot build the package: see above');
  // Packages of other versions are removed, so that nobody mistakes one for this one.
  const isMade = (/** @type {string} */ name) => name.startsWith('distccd_');
  for (const name of readdirSync(out).filter(isMade)) rmSync(join(out, name));
  for (const name of readdirSync(folder).filter(isMade)) {
    renameSync(join(folder, name), join(out, name));
    console.log(join(out, name));
  }
});
