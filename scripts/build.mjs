// Builds every installed command into dist/bin, runnable in place: what is tested is what is packaged.
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const top = resolve(import.meta.dirname, '..');
const out = join(top, 'dist/bin');
const programs = readdirSync(join(top, 'src/programs'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'run');

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node18.20',
  format: 'cjs',
  external: ['posix-node', 'node-pty'],
  logLevel: 'warning',
};

mkdirSync(out, { recursive: true });
// The bundles are CommonJS whatever the package says: installed in /usr/bin they have no package.json beside them.
writeFileSync(join(top, 'dist/package.json'), '{ "type": "commonjs" }\n');

await Promise.all(
  programs.map(async (name) => {
    const outfile = join(out, name);
    await build({
      ...shared,
      entryPoints: [join(top, `src/programs/${name}.ts`)],
      outfile,
      minifySyntax: true,
      banner: { js: '#!/usr/bin/env node' },
    });
    chmodSync(outfile, 0o755);
  }),
);

for (const tool of ['demo/demo', 'bench/bench']) {
  await build({
    ...shared,
    entryPoints: [join(top, `${tool}.ts`)],
    outfile: join(top, 'dist/tools', `${tool.split('/')[1]}.js`),
  }).catch((error) => {
    if (!String(error).includes('Could not resolve')) throw error;
  });
}
