import { join } from 'node:path';
import { exitStatus } from '../src/basics/exit-status.ts';
import { levelDb, libxml2 } from '../demo/sources.ts';
import { compareClients, missingForClients } from './clients.ts';
import { benchLzo } from './lzo.ts';
import { compareServers, type Effort, missingForServers } from './servers.ts';

const usage = `usage: npm run bench [-- [--quick] [lzo] [servers] [clients]]

Measures; asserts nothing. --quick takes fewer rounds and compiles nothing for real.
`;

const thorough: Effort = { rounds: 15, repeats: 4, realRounds: 5 };
const quick: Effort = { rounds: 5, repeats: 2, realRounds: 0 };

/** Runs the measurements that the words name, or all; returns the exit status. */
export async function main(top: string, words: readonly string[]): Promise<number> {
  const known = new Set(['--quick', 'lzo', 'servers', 'clients']);
  if (words.some((word) => !known.has(word))) {
    process.stdout.write(usage);
    return words.includes('--help') ? exitStatus.ok : exitStatus.badArguments;
  }
  const report = (line: string): void => console.log(line);
  const all = words.every((word) => word === '--quick');
  if (all || words.includes('lzo')) await benchLzo(report);
  if (all || words.includes('servers')) {
    const effort = words.includes('--quick') ? quick : thorough;
    const missing = missingForServers();
    if (missing !== undefined) report(missing);
    else
      for (const sources of [libxml2, levelDb]) await compareServers(top, sources(join(top, '.cache')), effort, report);
  }
  if (all || words.includes('clients')) {
    const effort = words.includes('--quick')
      ? { rounds: 3, jobs: 200, parallel: [4, 16], slowRounds: 1, soak: 0 }
      : { rounds: 5, jobs: 500, parallel: [4, 8, 16, 32], slowRounds: 5, soak: 10_000 };
    const missing = missingForClients();
    if (missing !== undefined) report(missing);
    else await compareClients(top, [libxml2(join(top, '.cache')), levelDb(join(top, '.cache'))], effort, report);
  }
  return exitStatus.ok;
}
