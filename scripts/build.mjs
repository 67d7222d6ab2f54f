// Builds every installed command into dist/bin, runnable in place: what is tested is what is packaged. The tools that
// only a checkout has, the demo and the benchmark, go to dist/tools.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

const compiler = process.env.CC ?? 'cc';

/** Builds a C program that is started for every job; tells whether it is there, or undefined when there is no compiler for it. */
function buildSmall(name, sources, ...defined) {
  const words = ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror', ...defined];
  const fresh = join(bin, `.${process.pid}.${name}`);
  // Without the dynamic linker it needs three quarters of the time; of the C libraries, musl's begins with the fewest pages, which takes
  // a third.
  const ways = process.env.CC === undefined ? [['musl-gcc', '-static']] : [];
  let result;
  for (const way of [...ways, [compiler, '-static'], [compiler]]) {
    result = spawnSync(way[0], [...words, ...way.slice(1), ...sources, '-o', fresh], { encoding: 'utf8' });
    if (result.status !== 0) continue;
    renameSync(fresh, join(bin, name));
    return true;
  }
  rmSync(fresh, { force: true });
  if (result.error?.code === 'ENOENT') return undefined;
  process.stderr.write(result.stderr ?? `${compiler}: ${result.error}\n`);
  return false;
}

/** Builds the launcher, which starts in a millisecond and hands the work to the agent. */
function buildLauncher() {
  const node = process.env.DISTCC_NODE ?? process.execPath;
  const built = buildSmall('distcc', launcherSources, `-DAGENT_VERSION="${agentVersion}"`, `-DNODE="${node}"`);
  if (built === undefined) console.error(`no C compiler ("${compiler}"): distcc cannot be built; set CC to one`);
  return built === true;
}

/** Builds what keeps the daemon's jobs apart, which Linux alone has the means for. */
function buildFence() {
  if (process.platform !== 'linux') return true;
  const folder = join(top, 'src/fence');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.c'));
  const built = buildSmall(
    'distccd-fence',
    sources.map((name) => join(folder, name)),
    '-Wpedantic',
    '-Wconversion',
  );
  if (built === undefined)
    console.log(`no C compiler ("${compiler}"): distccd cannot keep jobs from each other's files`);
  return built !== false;
}

const programs = readdirSync(join(top, 'src/programs'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => name !== 'run');
const tools = ['demo/demo', 'bench/bench', 'proof/fuzz/fuzz', 'proof/chaos/chaos', 'proof/soak/soak'].filter((tool) =>
  existsSync(join(top, `${tool}.ts`)),
);

mkdirSync(bin, { recursive: true });
mkdirSync(join(top, 'dist/tools'), { recursive: true });
for (const name of readdirSync(bin)) {
  if (!name.startsWith('.') && !['distcc', 'distccd-fence'].includes(name) && !programs.includes(name))
    rmSync(join(bin, name), { recursive: true });
}
// The bundles are CommonJS whatever the package says: installed in /usr/bin they have no package.json beside them.
writeFileSync(join(top, 'dist/package.json'), '{ "type": "commonjs" }\n');

const shebang = { banner: { js: '#!/usr/bin/env node' } };
const started = new Date();
const made = await Promise.allSettled([
  ...programs.map((name) => bundle(`src/programs/${name}.ts`, join(bin, name), shebang)),
  ...tools.map((tool) => bundle(`${tool}.ts`, join(top, 'dist/tools', `${basename(tool)}.js`), {})),
]);
if (made.some(({ status }) => status === 'rejected')) process.exit(1);
if (!buildLauncher() || !buildFence()) process.exit(1);

// scripts/setup.mjs compares the sources with this file's time: a source saved during the build counts as newer.
writeFileSync(join(top, 'dist/.built'), '');
utimesSync(join(top, 'dist/.built'), started, started);
