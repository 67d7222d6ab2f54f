// Builds every installed command into dist/bin, runnable in place: what is tested is what is packaged. The tools that
// only a checkout has, the demo and the benchmark, go to dist/tools.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { launcherFiles, launcherSources } from './launcher.mjs';
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
    stampVersion(fresh);
    chmodSync(fresh, 0o755);
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** What launcher and agent call the agent's socket: launchers only meet the agent that was built with them. */
let agentVersion;

/** An agent that the service manager starts must know that name itself. */
function stampVersion(file) {
  const text = readFileSync(file, 'utf8');
  if (!text.includes('@AGENT_VERSION@')) return;
  const hash = createHash('sha256').update(text);
  for (const path of launcherFiles) hash.update(readFileSync(path));
  const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
  agentVersion = `${version}-${hash.digest('hex').slice(0, 8)}`;
  writeFileSync(file, text.replaceAll('@AGENT_VERSION@', agentVersion));
}

/** Builds the launcher, which starts in a millisecond and hands the work to the agent. */
function buildLauncher() {
  const words = ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror'];
  words.push(`-DAGENT_VERSION="${agentVersion}"`, `-DNODE="${process.env.DISTCC_NODE ?? process.execPath}"`);
  const fresh = join(bin, `.${process.pid}.distcc`);
  const compile = (compiler, ...more) =>
    spawnSync(compiler, [...words, ...more, ...launcherSources, '-o', fresh], { encoding: 'utf8' });
  // It is started for every compile. Without the dynamic linker it needs three quarters of the time; of the C libraries, musl's begins
  // with the fewest pages, which takes a third.
  const compiler = process.env.CC ?? 'cc';
  const ways = process.env.CC === undefined ? [['musl-gcc', '-static']] : [];
  let result;
  for (const way of [...ways, [compiler, '-static'], [compiler]]) {
    result = compile(...way);
    if (result.status !== 0) continue;
    renameSync(fresh, join(bin, 'distcc'));
    return true;
  }
  rmSync(fresh, { force: true });
  if (result.error?.code !== 'ENOENT') {
    process.stderr.write(result.stderr ?? `${compiler}: ${result.error}\n`);
    return false;
  }
  console.log(`no C compiler ("${compiler}"): distcc is the Node program alone, which takes longer to start`);
  copyFileSync(join(bin, 'distcc-node'), fresh);
  renameSync(fresh, join(bin, 'distcc'));
  return true;
}

/** What a program is called where the launcher has its name. */
const installedAs = (name) => (name === 'distcc' ? 'distcc-node' : name);

const programs = readdirSync(join(top, 'src/programs'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'run');
const tools = ['demo/demo', 'bench/bench'].filter((tool) => existsSync(join(top, `${tool}.ts`)));

mkdirSync(bin, { recursive: true });
mkdirSync(join(top, 'dist/tools'), { recursive: true });
for (const name of readdirSync(bin)) {
  if (!name.startsWith('.') && name !== 'distcc' && !programs.map(installedAs).includes(name))
    rmSync(join(bin, name), { recursive: true });
}
// The bundles are CommonJS whatever the package says: installed in /usr/bin they have no package.json beside them.
writeFileSync(join(top, 'dist/package.json'), '{ "type": "commonjs" }\n');

const shebang = { banner: { js: '#!/usr/bin/env node' } };
const started = new Date();
const made = await Promise.allSettled([
  ...programs.map((name) => bundle(`src/programs/${name}.ts`, join(bin, installedAs(name)), shebang)),
  ...tools.map((tool) => bundle(`${tool}.ts`, join(top, 'dist/tools', `${tool.split('/')[1]}.js`), {})),
]);
if (made.some(({ status }) => status === 'rejected')) process.exit(1);
if (!buildLauncher()) process.exit(1);

// scripts/setup.mjs compares the sources with this file's time: a source saved during the build counts as newer.
writeFileSync(join(top, 'dist/.built'), '');
utimesSync(join(top, 'dist/.built'), started, started);
