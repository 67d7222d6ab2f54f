import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { exitStatus } from '../src/basics/exit-status.ts';
import { Failure } from '../src/basics/failure.ts';
import type { AgentStatus } from '../src/agent-state/status.ts';
import { summaryText } from '../src/agent-state/summary-text.ts';
import { systemReason } from '../src/system/error-text.ts';
import { hasEnded } from './child.ts';
import { Cleanup } from './cleanup.ts';
import { readJobStory } from './client-log.ts';
import type { JobStory } from './client-log.ts';
import { makefileFor, objectName, quote, runMake } from './compile.ts';
import { makeMasqueradeDirectory } from './daemons.ts';
import { startHost } from './host.ts';
import type { Host } from './host.ts';
import { startProgress } from './progress.ts';
import { printReport } from './report.ts';
import { directoryOf, libxml2 } from './sources.ts';
import type { Sources } from './sources.ts';
import { readWatching, startPage, waitForEnter } from './watch.ts';
import type { Watching } from './watch.ts';

const usage = `usage: npm run demo [-- [--watch] [--open] [DIR [-- WORDS...]]]

Compiles real code through two daemons of this checkout on this machine and again without them, and compares every object.
Without DIR the code is libxml2, fetched once with npm pack. Every C and C++ file in DIR and below is compiled in DIR
as "cc -O2 -c FILE WORDS" (C++: "c++ -O2 -c FILE WORDS"), for example: npm run demo -- DIR -- -Iinclude -DX

With --watch the build is shown in a browser, at the address that is printed. On a desktop it opens by itself; --open
opens it anywhere.
`;

/** Runs the demo; returns the exit status. */
export async function main(top: string, words: readonly string[]): Promise<number> {
  if (words[0] === '--help') {
    process.stdout.write(usage);
    return exitStatus.ok;
  }
  const cleanup = new Cleanup();
  cleanup.watchSignals();
  try {
    const { watching, rest } = readWatching(words);
    await compare(top, chooseSources(top, rest), watching, cleanup);
    return exitStatus.ok;
  } catch (error) {
    if (!cleanup.interrupted) process.stderr.write(`demo: ${systemReason(error)}\n`);
    return error instanceof Failure ? error.status : exitStatus.general;
  } finally {
    await cleanup.run();
  }
}

function chooseSources(top: string, [directory, separator, ...words]: readonly string[]): Sources {
  if (directory === undefined) return libxml2(join(top, '.cache'));
  if (directory.startsWith('-') || (separator !== undefined && separator !== '--')) {
    throw new Failure(exitStatus.badArguments, `expected a directory, then "--" and words for the compiler\n${usage}`);
  }
  // npm starts scripts in the checkout and keeps the caller's directory in INIT_CWD.
  return directoryOf(resolve(process.env['INIT_CWD'] ?? '.', directory), words);
}

function makeWorkplace(cleanup: Cleanup): string {
  const place = mkdtempSync(join(os.tmpdir(), 'distccd-demo-'));
  cleanup.add(() => rmSync(place, { recursive: true, force: true }));
  // Daemons that root starts serve as another account, which must reach its folders in here.
  chmodSync(place, 0o755);
  for (const name of ['distributed', 'local', 'logs', 'state']) mkdirSync(join(place, name));
  return place;
}

/** The other words of the compiler's, unless they are many. */
const wordsText = (words: readonly string[]): string =>
  words.length > 5 ? ' ...' : words.map((word) => ` ${word}`).join('');

async function compare(top: string, sources: Sources, { watch, open }: Watching, cleanup: Cleanup): Promise<void> {
  const count = sources.files.length;
  console.log(`${sources.title}: ${count} files, each compiled as "cc -O2 -c FILE${wordsText(sources.words)}"`);
  const place = makeWorkplace(cleanup);
  makeMasqueradeDirectory(join(place, 'links'), join(top, 'dist/bin/distcc'));
  const hosts = [await startHost(top, place, 'first', cleanup), await startHost(top, place, 'second', cleanup)];
  for (const { daemon } of hosts) console.log(`distccd on 127.0.0.1:${daemon.port}, process ${daemon.process.pid}`);

  const distcc = join(top, 'dist/bin/distcc');
  const state = join(place, 'state');
  // The agent that the first client starts would live on without a job for a while.
  cleanup.add(() => {
    spawnSync(distcc, ['--agent-stop'], { env: { ...process.env, DISTCC_DIR: state }, stdio: 'ignore' });
  });
  if (watch) {
    console.log(`watch the build at ${await startPage(top, state, open, cleanup)}`);
    await waitForEnter('press Enter to begin');
  }
  const makefile = join(place, 'Makefile');
  writeFileSync(makefile, makefileFor(sources));
  const slots = os.cpus().length;
  const jobs = slots * hosts.length;
  const shared = { sources, makefile, logs: join(place, 'logs'), jobs };
  const remoteMs = await runMake(
    {
      ...shared,
      out: join(place, 'distributed'),
      client: [quote(distcc)],
      environment: {
        DISTCC_HOSTS: hosts.map(({ relay }) => `127.0.0.1:${relay.port}/${slots},lzo`).join(' '),
        DISTCC_DIR: state,
      },
      progress: startProgress(`make -j${jobs} CC="distcc cc"`, count),
    },
    cleanup,
  );
  const status = agentStatus(distcc, state);
  const localMs = await runMake(
    {
      ...shared,
      out: join(place, 'local'),
      client: [],
      environment: {},
      progress: startProgress(`make -j${jobs} CC=cc`, count),
    },
    cleanup,
  );
  const stories = sources.files.map((file, index) => ({ file, ...storyOf(join(place, 'logs', objectName(index))) }));
  printReport({ hosts, stories, remoteMs, localMs, sent: status?.sent });
  judge(place, sources, hosts, stories);
  const build = agentStatus(distcc, state)?.build ?? status?.build;
  if (build !== undefined) console.log(`\n$ distcc --summary\n${withDaemons(summaryText(build, Date.now()), hosts)}`);
  if (watch) await waitForEnter('press Enter to end');
}

/** The text with the daemons' ports: clients only see those of the relays that count bytes. */
const withDaemons = (text: string, hosts: readonly Host[]): string =>
  hosts.reduce((all, { relay, daemon }) => all.replaceAll(`:${relay.port}`, `:${daemon.port}`), text);

/** What the agent says of itself after the build. */
function agentStatus(distcc: string, state: string): AgentStatus | undefined {
  const { stdout } = spawnSync(distcc, ['--agent-status', '--json'], {
    env: { ...process.env, DISTCC_DIR: state },
    encoding: 'utf8',
  });
  const [status]: (AgentStatus | undefined)[] = JSON.parse(stdout);
  return status;
}

const storyOf = (log: string): JobStory => readJobStory(existsSync(log) ? readFileSync(log, 'utf8') : '');

/**
 * @throws Failure unless every object is the same, every daemon lives, and no job stayed here because something failed
 */
function judge(
  place: string,
  sources: Sources,
  hosts: readonly Host[],
  stories: readonly (JobStory & { file: string })[],
): void {
  const different = sources.files.filter((_, index) => {
    const [remote, local] = ['distributed', 'local'].map((folder) =>
      readFileSync(join(place, folder, objectName(index))),
    );
    return remote === undefined || local === undefined || !remote.equals(local);
  });
  console.log(`${sources.files.length - different.length} of ${sources.files.length} objects identical`);
  if (different.length > 0) throw new Failure(exitStatus.general, `objects differ: ${different.join(', ')}`);
  const dead = hosts.find(({ daemon }) => hasEnded(daemon.process));
  if (dead !== undefined)
    throw new Failure(exitStatus.general, `a daemon ended by itself; its log:\n${dead.daemon.log()}`);
  const failed = stories.filter(({ trouble }) => trouble);
  if (failed.length > 0) {
    const lines = failed.map(({ file, reason }) => `  ${file}: ${reason}`).join('\n');
    throw new Failure(exitStatus.general, `jobs met trouble on their way:\n${lines}`);
  }
  const lost = stories.filter(({ host }) => host === undefined);
  if (lost.length > 0)
    throw new Failure(exitStatus.general, `no client told where it compiled "${lost[0]?.file ?? ''}"`);
  if (stories.every(({ host }) => host === 'localhost')) {
    throw new Failure(exitStatus.general, 'not one job reached a daemon');
  }
}
