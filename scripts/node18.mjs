// Tests dist/bin on Node 18.20, the oldest supported version, which Debian 12 has: versions, help, and one compile
// through client and daemon. Debian's package of it is unpacked below .cache. `node scripts/node18.mjs environment`
// prints the variables, one a line, with which `node` is that one; on other systems it prints nothing.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';
import { isBookworm } from './needs.mjs';
import { fail, top } from './setup.mjs';

const packages = ['nodejs=18.20.*', 'libnode108', 'libbrotli1', 'libc-ares2', 'libicu72', 'libnghttp2-14', 'libuv1'];
const root = join(top, '.cache/node18');

/** @typedef {NodeJS.ProcessEnv & { PATH: string, LD_LIBRARY_PATH: string }} Environment */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
const quietly = (command, args, options = {}) =>
  spawnSync(command, args, { encoding: 'utf8', timeout: 120_000, ...options });

/**
 * Downloads and unpacks it once; returns the environment in which `node` is Node 18, or the reason why that is
 * impossible.
 * @returns {{ env: Environment, reason?: undefined } | { env?: undefined, reason: string }}
 */
function prepare() {
  if (!existsSync(root)) {
    const fresh = `${root}.${process.pid}`;
    try {
      mkdirSync(fresh, { recursive: true });
      const { status, stderr } = quietly('apt-get', ['download', '-q', ...packages], { cwd: fresh });
      if (status !== 0) return { reason: `apt-get download failed: ${stderr.trim().split('\n').pop()}` };
      for (const file of readdirSync(fresh).filter((name) => name.endsWith('.deb'))) {
        if (quietly('dpkg', ['-x', join(fresh, file), fresh]).status !== 0) return { reason: `cannot unpack ${file}` };
        rmSync(join(fresh, file));
      }
      renameSync(fresh, root);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  const libraries = readdirSync(join(root, 'usr/lib')).map((name) => join(root, 'usr/lib', name));
  const env = {
    ...process.env,
    PATH: `${join(root, 'usr/bin')}:${process.env['PATH']}`,
    LD_LIBRARY_PATH: libraries.join(':'),
  };
  return { env };
}

/**
 * Compiles one file through dist/bin's client and daemon, and compares the object with that of a local compile.
 * @param {Environment} env
 * @param {string} dir
 * @returns {Promise<string>} what is wrong, or nothing
 */
async function compileThrough(env, dir) {
  const source = '#include <stdio.h>\nint main(void) { return printf("%s\\n", __FILE__) < 0; }\n';
  writeFileSync(join(dir, 'hello.c'), source);
  chmodSync(dir, 0o755);
  mkdirSync(join(dir, 'links'));
  symlinkSync('/usr/bin/true', join(dir, 'links/gcc'));
  const port = await freePort();
  const log = join(dir, 'distccd.log');
  const daemon = spawn(
    join(top, 'dist/bin/distccd'),
    ['--no-detach', '--allow', '127.0.0.1', '--listen', '127.0.0.1', '--port', String(port)].concat([
      '--masquerade-dir',
      join(dir, 'links'),
      '--log-stderr',
      '--log-level',
      'info',
    ]),
    // When root starts it, it serves as another account, which could not open a log file here: so stderr is the log.
    { env, stdio: ['ignore', 'ignore', openSync(log, 'a')] },
  );
  try {
    for (let tries = 0; tries < 100 && !listens(log); tries++) await sleep(100);
    const clientEnv = {
      ...env,
      DISTCC_HOSTS: `127.0.0.1:${port},lzo`,
      DISTCC_FALLBACK: '0',
      DISTCC_DIR: join(dir, 'state'),
    };
    const words = ['gcc', '-O2', '-c', 'hello.c', '-o'];
    const remote = quietly(join(top, 'dist/bin/distcc'), [...words, 'remote.o'], { cwd: dir, env: clientEnv });
    if (remote.status !== 0) return `the client ended with ${remote.status}: ${remote.stderr}${text(log)}`;
    quietly('gcc', [...words.slice(1), 'local.o'], { cwd: dir });
    if (!/COMPILE_OK/.test(text(log))) return `the daemon's log tells of no compile: ${text(log)}`;
    return readFileSync(join(dir, 'remote.o')).equals(readFileSync(join(dir, 'local.o'))) ? '' : 'the objects differ';
  } finally {
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    if (daemon.exitCode === null && daemon.signalCode === null) {
      daemon.kill('SIGTERM');
      await ended;
    }
  }
}

/** As in distcc 3.4, these print their usage and exit with 1 after an unknown word, such as --help. */
const asWrongWord = new Set(['distccmon-text', 'lsdistcc']);

/** Programs and modules that only the others use. */
const withoutOptions = new Set(['distccd-fence', 'system-calls.node']);

const text = (/** @type {string} */ file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const listens = (/** @type {string} */ log) => /listening on/.test(text(log));

/** Prints one line a check; returns the counts. */
export async function smokeTest() {
  const counts = { passed: 0, failed: 0 };
  const report = (/** @type {string} */ name, /** @type {string} */ fault) => {
    counts[fault === '' ? 'passed' : 'failed'] += 1;
    console.log(fault === '' ? `ok ${name}` : `not ok ${name}: ${fault}`);
  };
  const { env, reason } = existsSync(join(top, 'dist/bin/distccd')) ? prepare() : { reason: 'dist/bin is not built' };
  if (env === undefined) {
    report('unpack Node 18.20', reason);
    return counts;
  }
  const version = quietly('node', ['--version'], { env }).stdout.trim();
  report(`node is ${version}`, version.startsWith('v18.20.') ? '' : 'not 18.20');
  const isAsked = (/** @type {string} */ name) => !name.startsWith('.') && !withoutOptions.has(name);
  for (const program of readdirSync(join(top, 'dist/bin')).filter(isAsked)) {
    for (const option of ['--version', '--help']) {
      const { status, stdout, stderr } = quietly(join(top, 'dist/bin', program), [option], { env });
      const wanted = option === '--help' && asWrongWord.has(program) ? 1 : 0;
      const said = wanted === 0 ? stdout : `${stdout}${stderr}`;
      report(`${program} ${option}`, status === wanted && said !== '' ? '' : `ended with ${status}: ${stderr}`);
    }
  }
  const loads = quietly(
    'node',
    ['-e', 'process.exit(require("./dist/bin/system-calls.node").waitpid === undefined ? 1 : 0)'],
    {
      env,
      cwd: top,
    },
  );
  report('the system calls load', loads.status === 0 ? '' : loads.stderr);
  const dir = mkdtempSync(join(tmpdir(), 'distccd-node18-'));
  try {
    report('one compile through client and daemon', await compileThrough(env, dir));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return counts;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === 'environment' && isBookworm()) {
  const { env, reason } = prepare();
  if (env === undefined) fail(`cannot unpack Node 18.20: ${reason}`);
  console.log(`PATH=${env.PATH}\nLD_LIBRARY_PATH=${env.LD_LIBRARY_PATH}`);
}
