// Builds every installed command into dist/bin, runnable in place: what is tested is what is packaged. The tools that
// only a checkout has, the demo and the benchmark, go to dist/tools.
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { top } from './setup.mjs';

const bin = join(top, 'dist/bin');

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node18.20',
  format: 'cjs',
  // Native modules cannot be bundled; where one is missing the programs say what they do without it.
  external: ['posix-node', 'node-pty'],
  logLevel: 'warning',
  minifySyntax: true,
};

/** A program that runs at this moment, or starts, never meets a half-written file: the new one takes the old one's name. */
async function bundle(source, target, banner) {
  const fresh = join(dirname(target), `.${process.pid}.${target.split('/').pop()}`);
  try {
    await build({ ...shared, entryPoints: [join(top, source)], outfile: fresh, ...banner });
    chmodSync(fresh, 0o755);
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { force: true });
  }
}

const programs = readdirSync(join(top, 'src/programs'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'run');
const tools = ['demo/demo', 'bench/bench'].filter((tool) => existsSync(join(top, `${tool}.ts`)));

mkdirSync(bin, { recursive: true });
mkdirSync(join(top, 'dist/tools'), { recursive: true });
for (const name of readdirSync(bin)) {
  if (!name.startsWith('.') && !programs.includes(name)) rmSync(join(bin, name), { recursive: true });
}
// The bundles are CommonJS whatever the package says: installed in /usr/bin they have no package.json beside them.
writeFileSync(join(top, 'dist/package.json'), '{ "type": "commonjs" }\n');

const shebang = { banner: { js: '#!/usr/bin/env node' } };
const started = new Date();
const made = await Promise.allSettled([
  ...programs.map((name) => bundle(`src/programs/${name}.ts`, join(bin, name), shebang)),
  ...tools.map((tool) => bundle(`${tool}.ts`, join(top, 'dist/tools', `${tool.split('/')[1]}.js`), {})),
]);
if (made.some(({ status }) => status === 'rejected')) process.exit(1);

// scripts/setup.mjs compares the sources with this file's time: a source saved during the build counts as newer.
writeFileSync(join(top, 'dist/.built'), '');
utimesSync(join(top, 'dist/.built'), started, started);
