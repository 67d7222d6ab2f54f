// `npm test`: everything that this machine can run, step by step. The last line has the sum of all tests and checks.
// With DISTCCD_TEST_NO_SKIP=1 a missing need, or a test that skips itself, is an error: for machines that must run all
// tests.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildTerminal, cureFor, groups } from './needs.mjs';
import { smokeTest } from './node18.mjs';
import { build, run, setUp, top } from './setup.mjs';
import { variable as unhandledVariable } from './unhandled-errors.mjs';

const noSkip = (process.env['DISTCCD_TEST_NO_SKIP'] ?? '') !== '';

/**
 * What a step counted; a count that it leaves out is 0.
 * @typedef {{ passed?: number, failed?: number, skipped?: number }} Counts
 * @typedef {import('./needs.mjs').Group} Group
 */

/** @type {(Required<Counts> & { name: string, seconds: number })[]} */
const steps = [];
/**
 * The names of failed tests, for the end of the output.
 * @type {string[]}
 */
const failures = [];

/**
 * Runs one step and keeps its counts; work() returns { passed, failed, skipped }.
 * @param {string} name
 * @param {() => Counts | Promise<Counts>} work
 */
async function step(name, work) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const counts = await work();
  steps.push({ name, passed: 0, failed: 0, skipped: 0, ...counts, seconds: (performance.now() - start) / 1000 });
}

/** @type {(status: number) => Counts} */
const check = (status) => (status === 0 ? { passed: 1 } : { failed: 1 });
const tool = (/** @type {string} */ name, /** @type {string[]} */ ...args) =>
  check(run(join(top, 'node_modules/.bin', name), args));

/** Prints what this machine lacks; returns the groups that cannot run. */
function lookAtNeeds() {
  /** @type {Group[]} */
  const lacking = [];
  const tell = (/** @type {Group} */ group, /** @type {string} */ reason) => {
    lacking.push(group);
    console.log(`${noSkip ? 'missing' : 'skipped'}: ${group.name} (${reason})`);
  };
  for (const group of groups.filter(({ only }) => only === undefined || only())) {
    const cure = cureFor(group);
    if (cure !== undefined) tell(group, cure);
  }
  const terminal = groups.find(({ name }) => name === 'programs in a terminal');
  if (terminal !== undefined && !lacking.includes(terminal)) {
    const { ready, output } = buildTerminal();
    if (!ready) tell(terminal, `node-pty cannot be built here: ${output.trim().split('\n').pop()}`);
  }
  return lacking;
}

const filesUnder = (/** @type {string} */ folder, /** @type {string} */ ending) =>
  existsSync(join(top, folder))
    ? readdirSync(join(top, folder), { recursive: true, encoding: 'utf8' })
        .map((name) => `${folder}/${name}`)
        .filter((name) => name.endsWith(ending))
        .sort()
    : [];

/**
 * A test that skips itself is as bad as a group that was left out.
 * @param {Required<Counts>} counts
 * @param {string[]} names
 */
function judgeSkips(counts, names) {
  if (!noSkip || counts.skipped === 0) return counts;
  failures.push(...names.map((name) => `skipped, which DISTCCD_TEST_NO_SKIP forbids: ${name}`));
  return { passed: counts.passed, failed: counts.failed + counts.skipped, skipped: 0 };
}

const firstLines = (/** @type {string} */ text) => text.split('\n').slice(0, 12).join('\n    ');

/**
 * The output of the reporter "json".
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} Assertion
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ name: string, status: string, message: string, assertionResults: Assertion[] }[]} testResults
 */

/**
 * @param {string} file
 * @returns {string[]}
 */
function readErrors(file) {
  /** @type {string[]} */
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- our reporter wrote it
  const errors = JSON.parse(readFileSync(file, 'utf8'));
  return errors.map((error) => `outside of the tests: ${firstLines(error)}`);
}

/**
 * @param {string} folder
 * @param {string[]} excluded
 * @returns {Counts}
 */
function runVitest(folder, excluded) {
  const report = join(folder, 'vitest.json');
  const unhandled = join(folder, 'unhandled.json');
  const words = [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    `--reporter=${join(top, 'scripts/unhandled-errors.mjs')}`,
    ...excluded.flatMap((file) => ['--exclude', file]),
  ];
  const env = { ...process.env, [unhandledVariable]: unhandled };
  const status = run(join(top, 'node_modules/.bin/vitest'), words, { env });
  if (existsSync(unhandled)) failures.push(...readErrors(unhandled));
  if (!existsSync(report)) return { failed: 1 };
  /** @type {VitestReport} */
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- vitest wrote it
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const isLost = (/** @type {Assertion} */ { status: state }) =>
    state === 'pending' || state === 'skipped' || state === 'todo';
  for (const { name, status: state, message, assertionResults } of testResults) {
    const failed = assertionResults.filter((result) => result.status === 'failed');
    if (state === 'failed' && failed.length === 0) failures.push(`${name}: ${firstLines(message)}`);
    for (const { fullName, failureMessages } of failed)
      failures.push(`${name}: ${fullName}: ${firstLines(failureMessages[0] ?? '')}`);
  }
  const lost = testResults.flatMap(({ assertionResults }) => assertionResults.filter(isLost));
  // A file that does not load, or a hook that throws, fails the run but no test.
  const counts = {
    passed: numPassedTests,
    failed: Math.max(numFailedTests, status === 0 ? 0 : 1),
    skipped: numPendingTests + numTodoTests,
  };
  return judgeSkips(
    counts,
    lost.map(({ fullName }) => fullName),
  );
}

/**
 * @param {string} folder
 * @param {string[]} files
 */
function runBats(folder, files) {
  const status = run(
    join(top, 'node_modules/bats/bin/bats'),
    ['--print-output-on-failure', '--timing', '--report-formatter', 'tap', '--output', folder, ...files],
    {
      // A test that hangs must fail, not stop everything.
      env: { BATS_TEST_TIMEOUT: '120', ...process.env, BATS_LIB_PATH: join(top, 'node_modules') },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  return countTap(join(folder, 'report.tap'), status);
}

/**
 * @param {string} report
 * @param {number | null} status
 */
function countTap(report, status) {
  const lines = existsSync(report) ? readFileSync(report, 'utf8').split('\n') : [];
  const skips = lines.filter((line) => /^ok \d+ .*# skip/i.test(line));
  const failed = lines.filter((line) => /^not ok \d+ /.test(line));
  failures.push(...failed);
  const counts = {
    passed: lines.filter((line) => /^ok \d+ /.test(line)).length - skips.length,
    failed: Math.max(failed.length, status === 0 ? 0 : 1),
    skipped: skips.length,
  };
  return judgeSkips(counts, skips);
}

/** The files of test/booted that take longest start first, so that none of them is still running alone at the end. */
const longest = ['service', 'replace', 'attacks', 'inetd', 'announce', 'policy'];

/**
 * The files for one release: those for every release, and those with its name.
 * @param {string} suite
 */
function bootedFiles(suite) {
  const rank = (/** @type {string} */ name) => {
    const place = longest.indexOf(basename(name).split('.')[0] ?? '');
    return place < 0 ? longest.length : place;
  };
  return filesUnder('test/booted', '.bats')
    .filter((name) => /\/\w+\.bats$/.test(name) || name.includes(`.${suite}.`))
    .map((file) => ({ suite, file, rank: rank(file) }));
}

/**
 * Runs one file of test/booted on one release, and shows its output when it is done.
 * @param {string} folder
 * @param {string} suite
 * @param {string} file
 * @returns {Promise<Required<Counts>>}
 */
function runBooted(folder, suite, file) {
  const report = join(folder, suite, basename(file));
  mkdirSync(report, { recursive: true });
  const output = join(report, 'output');
  const descriptor = openSync(output, 'w');
  const words = ['--print-output-on-failure', '--timing', '--report-formatter', 'tap', '--output', report, file];
  const child = spawn(join(top, 'node_modules/bats/bin/bats'), words, {
    cwd: top,
    env: { BATS_TEST_TIMEOUT: '300', ...process.env, BATS_LIB_PATH: join(top, 'node_modules'), SUITE: suite },
    stdio: ['ignore', descriptor, descriptor],
  });
  const start = performance.now();
  return new Promise((resolve) => {
    child.once('close', (status) => {
      closeSync(descriptor);
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(`-- ${basename(file)} on ${suite}, ${seconds} s\n${readFileSync(output, 'utf8')}`);
      resolve(countTap(join(report, 'report.tap'), status));
    });
  });
}

/**
 * Runs two files for each processor at a time, of both releases, since they mostly wait.
 * @param {string} folder
 * @returns {Promise<Counts>}
 */
async function runAllBooted(folder) {
  if (run(process.execPath, ['scripts/package-deb.mjs', '--quiet']) !== 0) return { failed: 1 };
  const waiting = ['trixie', 'bookworm'].flatMap(bootedFiles).sort((one, other) => one.rank - other.rank);
  /** @type {Required<Counts>[]} */
  const done = [];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      done.push(await runBooted(folder, next.suite, next.file));
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, lane));
  const sum = (/** @type {keyof Counts} */ key) => done.reduce((total, counts) => total + counts[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

function checkShellScripts() {
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: top, encoding: 'utf8' });
  const isScript = (/** @type {string} */ name) =>
    /\.(?:sh|bash|bats)$/.test(name) || /^#!\/bin\/(?:ba)?sh|^#!.*env bash/.test(head(name));
  const scripts = (stdout ?? '').split('\n').filter((name) => name !== '' && isScript(name));
  return check(run('shellcheck', ['--external-sources', '--severity=warning', ...scripts]));
}

/** @param {string} name */
function head(name) {
  const path = join(top, name);
  return /\.[a-z]+$/.test(name) || !existsSync(path) ? '' : readFileSync(path, 'utf8').slice(0, 40);
}

function summarize() {
  const sum = (/** @type {keyof Counts} */ key) => steps.reduce((total, counts) => total + counts[key], 0);
  const heading = ['passed', 'failed', 'skipped'].map((word) => word.padStart(8)).join('');
  console.log(`\n== summary${heading.padStart(57)}`);
  for (const { name, passed, failed, skipped, seconds } of steps) {
    const numbers = [passed, failed, skipped].map((number) => String(number).padStart(8)).join('');
    console.log(`${name.padEnd(44)}${numbers}${seconds.toFixed(1).padStart(8)} s`);
  }
  for (const failure of failures) console.log(`failed: ${failure}`);
  const skipped = sum('skipped') === 0 ? '' : `, ${sum('skipped')} skipped`;
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}`);
  return sum('failed') === 0;
}

/** @param {string} folder */
async function runAll(folder) {
  /** @type {Group[]} */
  let lacking = [];
  const lacks = (/** @type {string} */ name) => lacking.some((group) => group.name === name);
  await step('what this machine has', () => {
    lacking = lookAtNeeds();
    return noSkip && lacking.length > 0 ? { failed: lacking.length } : { passed: 1 };
  });
  const leftOut = (/** @type {string[]} */ files) =>
    files.filter((file) => lacking.some((group) => group.files?.test(file)));

  await step('build', () => check(build()));
  await step('types (tsc)', () => tool('tsc'));
  await step('types of the page (tsc)', () => tool('tsc', '-p', 'src/monitor/web/page'));
  await step('lint (oxlint)', () => tool('oxlint', '--type-aware'));
  await step('format (prettier)', () => tool('prettier', '--log-level=warn', '--check', '.'));
  await step('dead code (knip)', () => tool('knip'));
  if (!lacks('checking of shell scripts')) await step('shell scripts (shellcheck)', checkShellScripts);
  await step('vitest', () => runVitest(folder, leftOut(filesUnder('test', '.test.ts'))));
  for (const suite of ['test/cli', 'test/interop', 'test/packaging']) {
    const files = filesUnder(suite, '.bats');
    const out = leftOut(files);
    const wanted = files.filter((file) => !out.includes(file));
    if (wanted.length === 0) continue;
    const report = join(folder, suite);
    mkdirSync(report, { recursive: true });
    await step(`bats ${suite}`, () => runBats(report, wanted));
  }
  if (!lacks('Debian systems that boot')) await step('bats test/booted, Debian 13 and 12', () => runAllBooted(folder));
  const old = groups.find(({ only }) => only !== undefined);
  if (old?.only?.() === true && !lacking.includes(old)) await step('Node 18.20 of Debian 12', smokeTest);
}

setUp({ build: false });
const folder = mkdtempSync(join(tmpdir(), 'distccd-test-'));
try {
  await runAll(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = summarize() ? 0 : 1;
