import { resolve } from 'node:path';
import { describe, it } from 'vitest';
import { Cleanup } from '../../demo/cleanup.ts';
import { runSoak } from '../../proof/soak/run-soak.ts';
import { needs } from '../support/needs.ts';

const top = resolve(import.meta.dirname, '../..');

describe.skipIf(process.platform !== 'linux' || !needs('cc', 'gcc'))('a daemon and an agent', () => {
  it('hold no more descriptors after many jobs, and no more memory than a young program gathers', async () => {
    const cleanup = new Cleanup();
    try {
      // A few jobs only show what every job leaves; "npm run soak" is for what grows slowly.
      await runSoak({ top, jobs: 80, memoryMb: 64, descriptors: 8, say: (line) => console.log(line) }, cleanup);
    } finally {
      await cleanup.run();
    }
  });
});
