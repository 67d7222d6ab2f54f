import { expect, test } from 'vitest';
import { ProcessorUse } from '../../../../src/system/machine/processor-use.ts';
import { hangLimit } from '../../../support/daemon.ts';

test('ProcessorUse tells a share that this process has a part in', () => {
  const use = new ProcessorUse();
  const begin = performance.now();
  let share = 0;
  // The kernel counts in ticks, of which the first ones may not have come yet.
  while (share === 0 && performance.now() - begin < hangLimit) {
    for (let at = 0; at < 1e7; at += 1);
    share = use.share();
  }
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThanOrEqual(1);
});
