// Builds every installed command into dist/bin, runnable in place: what is tested is what is packaged. The tools that
// only a checkout has, the demo and the benchmark, go to dist/tools.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bin, bundle } from './bundle.mjs';
import { buildFence, buildLauncher, buildSystemCalls } from './c-programs.mjs';
import { launcherFiles } from './launcher.mjs';
import { readVersion } from './npm-packages.mjs';
import { fail, top } from './setup.mjs';

/** The name of the agent's socket: a launcher only finds the agent that was built with it. */
// A cast, since TypeScript does not see that bundle() calls the function that sets it.
let agentVersion = /** @type {string | undefined} */ (undefined);

/**
 * The release, and a hash of a program and of what else decides about it.
 * @param {string} text
 * @param {readonly string[]} files
 */
function buildOf(text, files) {
  const hash = createHash('sha256').update(text);
  for (const path of files) hash.update(readFileSync(path));
  return `${readVersion()}-${hash.digest('hex').slice(0, 8)}`;
}

/**
 * Writes the name into the agent, which needs it when the service manager starts it; and into distccd what tells its
 * processes from those of another build.
 * @param {string} file
 */
function stampVersion(file) {
  const text = readFileSync(file, 'utf8');
  if (text.includes('@AGENT_VERSION@')) {
    // The agent is the first of the programs that have a place for it; the others look for its socket.
    agentVersion ??= buildOf(text, launcherFiles);
    writeFileSync(file, text.replaceAll('@AGENT_VERSION@', agentVersion));
  }
  if (text.includes('@DAEMON_BUILD@')) writeFileSync(file, text.replaceAll('@DAEMON_BUILD@', buildOf(text, [])));
}

const pageFolder = join(top, 'src/monitor/web/page');

/** What a browser gets of distccmon-web, as JSON: the texts of files by their names. */
function pageFiles() {
  const made = join(top, 'dist/web');
  mkdirSync(made, { recursive: true });
  const words = ['--platform=browser', '--format=iife', '--target=es2021', '--minify'];
  bundle(['src/monitor/web/page/page.ts'], made, { ending: '.js', words });
  const still = ['page.html', 'page.css', 'icon.svg'].map((name) => join(pageFolder, name));
  return JSON.stringify(
    Object.fromEntries([join(made, 'page.js'), ...still].map((path) => [basename(path), readFileSync(path, 'utf8')])),
  );
}

/**
 * Puts into a program what only the build knows.
 * @param {string} file
 */
function complete(file) {
  const text = readFileSync(file, 'utf8');
  const place = /(["'])@WEB_PAGE@\1/;
  if (place.test(text))
    writeFileSync(
      file,
      text.replace(place, () => JSON.stringify(page)),
    );
  stampVersion(file);
}

const programs = readdirSync(join(top, 'src/programs'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'run');
const inC = new Set(['distcc', 'distccd-fence', 'system-calls.node']);
const tools = ['demo/demo', 'bench/bench', 'proof/fuzz/fuzz', 'proof/chaos/chaos', 'proof/soak/soak'];

const toolsFolder = join(top, 'dist/tools');
mkdirSync(bin, { recursive: true });
mkdirSync(toolsFolder, { recursive: true });
for (const name of readdirSync(bin)) {
  if (!name.startsWith('.') && !inC.has(name) && !programs.includes(name)) rmSync(join(bin, name), { recursive: true });
}
// The bundles are CommonJS, unlike the package: where they are installed there is no package.json.
writeFileSync(join(top, 'dist/package.json'), '{ "type": "commonjs" }\n');

const started = new Date();
const page = pageFiles();
bundle(
  programs.map((name) => `src/programs/${name}.ts`),
  bin,
  { words: ['--banner:js=#!/usr/bin/env node'], finish: complete },
);
bundle(
  tools.map((tool) => `${tool}.ts`),
  toolsFolder,
  { ending: '.js' },
);
if (agentVersion === undefined) fail('no program has a place for the version of the agent');
if (!buildLauncher(agentVersion) || !buildFence() || !buildSystemCalls()) process.exit(1);

// scripts/setup.mjs compares the sources with this file's time: a source saved during the build counts as newer.
writeFileSync(join(top, 'dist/.built'), '');
utimesSync(join(top, 'dist/.built'), started, started);
