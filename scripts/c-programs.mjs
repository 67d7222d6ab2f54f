// Builds the C programs: the launcher, the fence, and the system calls that Node lacks. CC, CPPFLAGS, CFLAGS and
// LDFLAGS of the environment are used, as distributions expect. With CFLAGS the commands are shown, and warnings are
// not errors.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bin } from './bundle.mjs';
import { launcherSources } from './launcher.mjs';
import { top } from './setup.mjs';

const compiler = process.env['CC'] ?? 'cc';
const flags = (/** @type {string} */ name) => (process.env[name] ?? '').split(/\s+/).filter((word) => word !== '');
const isPackager = process.env['CFLAGS'] !== undefined;

const warnings = ['-std=gnu11', '-Wall', '-Wextra', ...(isPackager ? [] : ['-Werror'])];
const before = [...flags('CPPFLAGS'), ...(isPackager ? flags('CFLAGS') : ['-O2']), ...warnings];

const sourcesOf = (/** @type {string} */ folder) =>
  readdirSync(join(top, folder))
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(top, folder, name));

/**
 * Builds a file of dist/bin in the first of several ways that works, each a compiler with options. Returns whether it
 * was built; undefined when there is no compiler. A process that runs the old file is not affected.
 * @param {string} name
 * @param {[string, ...string[]][]} ways
 * @param {string[]} words
 * @returns {boolean | undefined}
 */
function compile(name, ways, words) {
  const fresh = join(bin, `.${process.pid}.${name}`);
  const short = (/** @type {string} */ word) => (word.startsWith(`${top}/`) ? relative(top, word) : word);
  /** @type {import('node:child_process').SpawnSyncReturns<string> | undefined} */
  let result;
  for (const [command, ...linking] of ways) {
    const all = [...before, ...words, ...linking, ...flags('LDFLAGS'), '-o', fresh].map(short);
    if (isPackager) console.log([command, ...all.map(quoted)].join(' '));
    result = spawnSync(command, all, { cwd: top, encoding: 'utf8' });
    if (result.status !== 0) continue;
    if (isPackager) process.stderr.write(result.stderr);
    renameSync(fresh, join(bin, name));
    return true;
  }
  rmSync(fresh, { force: true });
  /** @type {NodeJS.ErrnoException | undefined} */
  const error = result?.error;
  if (error?.code === 'ENOENT') return undefined;
  process.stderr.write(result?.stderr ?? `${compiler}: ${String(error)}\n`);
  return false;
}

const quoted = (/** @type {string} */ word) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Builds a program that is started for every job. Without the dynamic linker it starts in three quarters of the time,
 * and with musl, which touches the fewest pages, in a third. It is position-independent where the compiler supports
 * that.
 * @param {string} name
 * @param {string[]} sources
 * @param {...string} defined
 */
function buildSmall(name, sources, ...defined) {
  /** @type {[string, ...string[]][]} */
  const musl = process.env['CC'] === undefined && !isPackager ? [['musl-gcc', '-static']] : [];
  return compile(
    name,
    [...musl, [compiler, '-fPIE', '-static-pie'], [compiler, '-static'], [compiler]],
    [...defined, ...sources],
  );
}

/**
 * Builds the launcher for the agent of a version.
 * @param {string} agentVersion
 */
export function buildLauncher(agentVersion) {
  const node = process.env['DISTCC_NODE'] ?? process.execPath;
  const built = buildSmall('distcc', launcherSources, `-DAGENT_VERSION="${agentVersion}"`, `-DNODE="${node}"`);
  if (built === undefined) console.error(`no C compiler ("${compiler}"): distcc cannot be built; set CC to one`);
  return built === true;
}

/** Builds the fence, which only works on Linux. */
export function buildFence() {
  if (process.platform !== 'linux') return true;
  const built = buildSmall('distccd-fence', sourcesOf('src/fence'), '-Wpedantic', '-Wconversion');
  if (built === undefined)
    console.log(`no C compiler ("${compiler}"): distccd cannot keep jobs from each other's files`);
  return built !== false;
}

/** Builds the system calls that Node lacks, for Linux; on other systems the programs use slower ways. */
export function buildSystemCalls() {
  if (process.platform !== 'linux') return true;
  const headers = join(top, 'node_modules/node-api-headers/include');
  if (!existsSync(headers)) {
    process.stderr.write(`Node's headers are missing: ${headers}\n`);
    return false;
  }
  const words = ['-Wpedantic', '-Wconversion', '-fPIC', '-fvisibility=hidden', '-isystem', headers];
  const built = compile('system-calls.node', [[compiler, '-shared']], [...words, ...sourcesOf('src/system-calls')]);
  if (built === undefined) console.log(`no C compiler ("${compiler}"): starting programs takes longer`);
  return built !== false;
}
