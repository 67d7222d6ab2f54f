// `npm run package:source [-- --out DIR]`: writes Debian's source package of the checkout into dist/: a .dsc, two
// tarballs, and what makes a Debian package of them. `dpkg-source -x` and `dpkg-buildpackage` make the package of it,
// without a network.
import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { needTools, withSourceTree } from './debian-source.mjs';
import { fail, setUp, top } from './setup.mjs';
import { readWords } from './words.mjs';

const values = readWords('npm run package:source -- [--out DIR]', {
  out: { type: 'string', default: join(top, 'dist') },
});
const out = resolve(values.out);

needTools('dpkg-source');
setUp({ build: false });
withSourceTree(out, ({ folder, tree }) => {
  const { status, stdout, stderr } = spawnSync('dpkg-source', ['--build', basename(tree)], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) fail(`${stdout}${stderr}cannot make the source package: see above`);
  const isSource = (/** @type {string} */ name) => /^distccd_.*(?:\.dsc|\.tar\.xz)$/.test(name);
  // Files of other versions are removed, so that nobody mistakes them for these.
  for (const name of readdirSync(out).filter(isSource)) rmSync(join(out, name));
  for (const name of readdirSync(folder).filter(isSource)) {
    renameSync(join(folder, name), join(out, name));
    console.log(join(out, name));
  }
});
