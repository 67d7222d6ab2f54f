// Makes a fresh clone ready: installs the packages of package-lock.json and builds dist, each when it is missing or
// older than its sources. Plain JavaScript without dependencies, since it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const top = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/**
 * Ends the program with one sentence.
 * @param {string} sentence
 * @returns {never}
 */
export function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/**
 * Runs a command in the checkout with our stdout and stderr; returns its exit status, or 1 after a signal.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {number}
 */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: top, stdio: 'inherit', ...options });
  if (error !== undefined) process.stderr.write(`cannot run ${command}: ${error.message}\n`);
  return status ?? 1;
}

const changed = (/** @type {string} */ path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/**
 * @param {string} path
 * @returns {number} in milliseconds
 */
function newest(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return changed(path);
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => changed(join(path, name)));
  return Math.max(changed(path), ...files);
}

function install() {
  const lock = join(top, 'package-lock.json');
  if (changed(join(top, 'node_modules/.package-lock.json')) >= changed(lock)) return;
  console.log('installing the packages of package-lock.json');
  // Without install scripts: none is needed, and node-pty's would fail without python3 or g++.
  const status = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  if (status !== 0) fail('cannot install the packages: npm ci failed');
}

/** Builds even when nothing has changed; returns the exit status. */
export function build() {
  return run(process.execPath, ['scripts/build.mjs']);
}

function buildWhenOlder() {
  const sources = [
    'src',
    'demo',
    'bench',
    'proof',
    'scripts/build.mjs',
    'scripts/bundle.mjs',
    'scripts/c-programs.mjs',
    'scripts/launcher.mjs',
    'scripts/npm-packages.mjs',
    'package.json',
    'package-lock.json',
  ];
  const made = changed(join(top, 'dist/.built'));
  if (sources.every((source) => newest(join(top, source)) <= made)) return;
  console.log('building dist');
  if (build() !== 0) fail('cannot build dist: see above');
}

/**
 * Leaves node_modules, and dist unless `build: false`, as new as the sources.
 * @param {{ build?: boolean }} [options]
 */
export function setUp({ build: wantsBuild = true } = {}) {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    fail(`developing needs Node 20 or newer, not ${process.version}; only running the built programs works from 18.20`);
  }
  install();
  if (wantsBuild) buildWhenOlder();
}

/**
 * Sets up, then runs main() of dist/tools/NAME.js with the words of the command line; its result is the exit status.
 * @param {string} name
 */
export async function runTool(name) {
  setUp();
  /** @type {{ main: (top: string, words: string[]) => Promise<number> }} */
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- what each of dist/tools exports
  const { main } = await import(new URL(`../dist/tools/${name}.js`, import.meta.url).href);
  process.exitCode = await main(top, process.argv.slice(2));
}
