import { join } from 'node:path';
import { exitStatus } from '../src/basics/exit-status.ts';
import { levelDb, libxml2 } from '../demo/sources.ts';
import { compareClients, missingForClients } from './clients.ts';
import { compareBuilds } from './builds.ts';
import { benchHeaders, installedHeaders } from './headers.ts';
import { benchLzo } from './lzo.ts';
import { compareOnRealCode } from './real-clients.ts';
import { compareServers, missingForServers } from './servers.ts';
import type { Effort } from './servers.ts';

const usage = `usage: npm run bench [-- [--quick] [lzo] [headers] [servers] [clients] [real [OPTION...]]
                         [builds [OPTION...]]]

Measures; asserts nothing. --quick takes fewer rounds and compiles nothing for real.
"clients real" is the part of "clients" that compiles real code, alone. Its options:
  --rounds=N    10 unless told
  --only=TEXT   only the builds whose titles hold it: libxml2, LevelDB, -j4, lzo; with $ at its end, end with it
  --where       where our client's CPU goes
"builds", which is not among "all", builds git, LevelDB and libxml2 with clients and servers of both kinds. Its options:
  --rounds=N    5 unless told
  --only=TEXT   only the figures whose titles hold it: git -O0, git -O2, LevelDB -O0, libxml2 -O0, bytes, rates, second
                client; with $ at its end, end with it
  --quick       every eighth file, to see whether it works
`;

const thorough: Effort = { rounds: 15, repeats: 4, realRounds: 5 };
const quick: Effort = { rounds: 5, repeats: 2, realRounds: 0 };

/** The words that are known besides --rounds=N and --only=TEXT. */
const knownWords = new Set(['--quick', 'lzo', 'headers', 'servers', 'clients', 'real', 'builds', '--where']);

/** The VALUE of NAME=VALUE. */
function valueOf(name: string, words: readonly string[]): string | undefined {
  return words.findLast((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

function isKnown(word: string): boolean {
  return knownWords.has(word) || /^--(?:rounds=[1-9]\d*|only=.*)$/.test(word);
}

async function benchServers(top: string, effort: Effort, report: (line: string) => void): Promise<void> {
  const missing = missingForServers();
  if (missing !== undefined) report(missing);
  else
    for (const sources of [libxml2, levelDb]) await compareServers(top, sources(join(top, '.cache')), effort, report);
}

/**
 * Compares the clients: in pretended builds, unless only real ones are wanted, and in real ones, unless --quick is
 * given.
 */
async function benchClients(top: string, words: readonly string[], report: (line: string) => void): Promise<void> {
  const missing = missingForClients();
  if (missing !== undefined) {
    report(missing);
    return;
  }
  const sources = [libxml2(join(top, '.cache')), levelDb(join(top, '.cache'))];
  const isQuick = words.includes('--quick');
  const effort = isQuick
    ? { rounds: 3, jobs: 200, parallel: [4, 16], slowRounds: 1, soak: 0 }
    : { rounds: 5, jobs: 500, parallel: [4, 8, 16, 32], slowRounds: 5, soak: 10_000 };
  if (!words.includes('real')) await compareClients(top, sources, effort, report);
  if (isQuick) return;
  const rounds = Number(valueOf('--rounds', words) ?? 10);
  const [where, only] = [words.includes('--where'), valueOf('--only', words) ?? ''];
  await compareOnRealCode(top, sources, { rounds, where, only }, report);
}

/** Real builds with both clients and both servers. */
async function benchBuilds(top: string, words: readonly string[], report: (line: string) => void): Promise<void> {
  const missing = missingForClients();
  if (missing !== undefined) {
    report(missing);
    return;
  }
  const rounds = Number(valueOf('--rounds', words) ?? 5);
  const every = words.includes('--quick') ? 8 : 1;
  await compareBuilds(top, { rounds, only: valueOf('--only', words) ?? '', every }, report);
}

async function benchScanner(top: string, report: (line: string) => void): Promise<void> {
  const installed = installedHeaders();
  try {
    for (const sources of [libxml2(join(top, '.cache')), levelDb(join(top, '.cache')), installed.sources])
      await benchHeaders(sources, report);
  } finally {
    installed.remove();
  }
}

/** Runs the measurements that the words name, or all; returns the exit status. */
export async function main(top: string, words: readonly string[]): Promise<number> {
  if (!words.every(isKnown)) {
    process.stdout.write(usage);
    return words.includes('--help') ? exitStatus.ok : exitStatus.badArguments;
  }
  const report = (line: string): void => console.log(line);
  const all = words.every((word) => word.startsWith('--'));
  if (all || words.includes('lzo')) await benchLzo(report);
  if (all || words.includes('headers')) await benchScanner(top, report);
  if (all || words.includes('servers')) await benchServers(top, words.includes('--quick') ? quick : thorough, report);
  if (all || words.includes('clients') || words.includes('real')) await benchClients(top, words, report);
  if (words.includes('builds')) await benchBuilds(top, words, report);
  return exitStatus.ok;
}
