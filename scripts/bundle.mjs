// Bundles each program with its imports into one file, with esbuild: that of node_modules, or the system's where there
// is none, as in a build from Debian's packages only. ESBUILD names another one.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fail, top } from './setup.mjs';

/** Where the programs go. */
export const bin = join(top, 'dist/bin');

const own = join(top, 'node_modules/.bin/esbuild');
const esbuild = process.env['ESBUILD'] ?? (existsSync(own) ? own : 'esbuild');

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
 * The paths, relative to the checkout, of all files that the programs of a folder are made of.
 * @param {string} folder
 * @returns {string[]}
 */
export function inputsOf(folder) {
  const fresh = mkdtempSync(join(tmpdir(), 'distccd-inputs-'));
  try {
    const record = join(fresh, 'record.json');
    const sources = readdirSync(join(top, folder)).map((name) => `${folder}/${name}`);
    run([...sources, `--metafile=${record}`, `--outdir=${fresh}`]);
    /** @type {{ inputs: Record<string, unknown> }} */
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- esbuild wrote it
    const { inputs } = JSON.parse(readFileSync(record, 'utf8'));
    return Object.keys(inputs).sort();
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** @param {string[]} words */
function run(words) {
  const { status, error } = spawnSync(esbuild, [...shared, ...words], {
    cwd: top,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) fail(`cannot run ${esbuild}: ${error.message}`);
  if (status !== 0) fail(`cannot bundle ${words.filter((word) => !word.startsWith('-')).join(' ')}: see above`);
}

/**
 * Bundles sources, each into the folder under its name without .ts and with `ending`; `finish` may change a file before
 * it gets that name. Files are renamed into place, so that a program that is starting never reads an incomplete one.
 * @param {string[]} sources
 * @param {string} folder
 * @param {{ ending?: string, words?: string[], finish?: (path: string) => void }} [options]
 */
export function bundle(sources, folder, { ending = '', words = [], finish = () => {} } = {}) {
  const fresh = mkdtempSync(join(folder, '.bundle-'));
  try {
    run([...words, '--entry-names=[name]', `--outdir=${fresh}`, ...sources]);
    for (const file of readdirSync(fresh).sort()) {
      const made = join(fresh, file);
      finish(made);
      chmodSync(made, 0o755);
      renameSync(made, join(folder, `${basename(file, '.js')}${ending}`));
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
