import { exitStatus } from '../../src/basics/exit-status.ts';
import { Failure } from '../../src/basics/failure.ts';
import { systemReason } from '../../src/system/error-text.ts';
import { Cleanup } from '../../demo/cleanup.ts';
import { runSoak } from './run-soak.ts';

/** Growth that the garbage collector alone may cause. */
const allowed = { memoryMb: 16, descriptors: 8 } as const;

/**
 * `npm run soak -- [JOBS]`: many jobs for one daemon and one agent, whose memory and descriptors have to stay what they
 * are.
 */
export async function main(top: string, [text = '5000', ...more]: readonly string[]): Promise<number> {
  const jobs = Number(text);
  if (!Number.isSafeInteger(jobs) || jobs < 100 || more.length > 0) {
    console.error('usage: npm run soak -- [JOBS], with 100 jobs or more');
    return exitStatus.badArguments;
  }
  const cleanup = new Cleanup();
  cleanup.watchSignals();
  try {
    await runSoak({ top, jobs, ...allowed, say: (line) => console.log(line) }, cleanup);
    console.log(
      `flat: less than ${allowed.memoryMb} MB and ${allowed.descriptors} descriptors more in the second half`,
    );
    return exitStatus.ok;
  } catch (error) {
    if (!cleanup.interrupted) console.error(`soak: ${systemReason(error)}`);
    return error instanceof Failure ? error.status : exitStatus.general;
  } finally {
    await cleanup.run();
  }
}
