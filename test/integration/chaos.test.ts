import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'vitest';
import { Cleanup } from '../../demo/cleanup.ts';
import { runChaos } from '../../proof/chaos/run-chaos.ts';
import { chosenSeed, Dice } from '../../proof/dice.ts';
import { needs } from '../support/needs.ts';

const top = resolve(import.meta.dirname, '../..');

/** Real code that is at hand everywhere. */
const sources = {
  title: 'the launcher and the fence',
  directory: join(top, 'src'),
  files: ['launcher', 'fence'].flatMap((folder) =>
    readdirSync(join(top, 'src', folder))
      .filter((name) => name.endsWith('.c'))
      .map((name) => join(folder, name)),
  ),
  words: ['-w', '-std=gnu11', '-DAGENT_VERSION="chaos"', '-DNODE="node"'],
};

describe.skipIf(process.platform !== 'linux' || !needs('cc', 'gcc') || !needs('make', 'make'))('a build', () => {
  it('ends with the objects of a local one and leaves nothing, whatever is killed, stopped, cut and filled', async () => {
    const seed = chosenSeed();
    console.log(`chaos: seed ${seed} (to repeat: DISTCCD_TEST_SEED=${seed})`);
    const cleanup = new Cleanup();
    const say = (line: string): void => console.log(line);
    const goesOn = (rounds: number): boolean => rounds < 1;
    try {
      await runChaos({ top, sources, levels: ['-O1', '-O2'], dice: new Dice(seed), goesOn, say }, cleanup);
    } finally {
      await cleanup.run();
    }
  });
});
