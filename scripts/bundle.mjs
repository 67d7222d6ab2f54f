// Puts programs and what they import into one file each, with esbuild: the one of node_modules, or, where there is none, as in a build
// from Debian's packages alone, the system's. ESBUILD names another.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fail, top } from './setup.mjs';

/** Where the programs go. */
export const bin = join(top, 'dist/bin');

const own = join(top, 'node_modules/.bin/esbuild');
const esbuild = process.env.ESBUILD ?? (existsSync(own) ? own : 'esbuild');

const shared = [
  '--bundle',
  '--platform=node',
  '--target=node18.20',
  '--format=cjs',
  // Native modules cannot be bundled.
  '--external:node-pty',
  '--log-level=warning',
  '--minify-syntax',
];

/**
 * Bundles sources, each into the folder under its name without .ts and with `ending`; `finish` may change a file before it gets that name. A
 * program that runs at this moment, or starts, never meets a half-written file.
 */
export function bundle(sources, folder, { ending = '', words = [], finish = () => {} } = {}) {
  const fresh = mkdtempSync(join(folder, '.bundle-'));
  try {
    const { status, error } = spawnSync(
      esbuild,
      [...shared, ...words, '--entry-names=[name]', `--outdir=${fresh}`, ...sources],
      { cwd: top, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    if (error !== undefined) fail(`cannot run ${esbuild}: ${error.message}`);
    if (status !== 0) process.exit(1);
    for (const file of readdirSync(fresh)) {
      const made = join(fresh, file);
      finish(made);
      chmodSync(made, 0o755);
      renameSync(made, join(folder, `${basename(file, '.js')}${ending}`));
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
