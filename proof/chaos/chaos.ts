import { join } from 'node:path';
import { exitStatus } from '../../src/basics/exit-status.ts';
import { Failure } from '../../src/basics/failure.ts';
import { systemReason } from '../../src/system/error-text.ts';
import { Cleanup } from '../../demo/cleanup.ts';
import { libxml2 } from '../../demo/sources.ts';
import { chosenSeed, Dice } from '../dice.ts';
import { runChaos } from './run-chaos.ts';

/** `npm run chaos -- [MINUTES]`: builds libxml2 while everything that takes part is killed, stopped or cut off. */
export async function main(top: string, [text = '5', ...more]: readonly string[]): Promise<number> {
  const minutes = Number(text);
  if (!(minutes > 0) || more.length > 0) {
    console.error('usage: npm run chaos -- [MINUTES]');
    return exitStatus.badArguments;
  }
  const seed = chosenSeed();
  console.log(`seed ${seed} (to repeat, on a similar machine: DISTCCD_TEST_SEED=${seed} npm run chaos)`);
  const cleanup = new Cleanup();
  cleanup.watchSignals();
  const end = performance.now() + minutes * 60_000;
  try {
    const sources = libxml2(join(top, '.cache'));
    console.log(`${sources.title}: ${sources.files.length} files, each by "cc -O1 -c FILE" and "cc -O2 -c FILE"`);
    const goesOn = (rounds: number): boolean => rounds === 0 || performance.now() < end;
    await runChaos(
      { top, sources, levels: ['-O1', '-O2'], dice: new Dice(seed), goesOn, say: (line) => console.log(line) },
      cleanup,
    );
    return exitStatus.ok;
  } catch (error) {
    if (!cleanup.interrupted) console.error(`chaos: ${systemReason(error)}`);
    return error instanceof Failure ? error.status : exitStatus.general;
  } finally {
    await cleanup.run();
  }
}
