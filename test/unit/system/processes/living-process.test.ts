import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives } from '../../../../src/system/processes/living-process.ts';
import { until } from '../../../support/daemon.ts';

describe('lives()', () => {
  let parent: ChildProcess;
  let child: number;

  // "sleep", which the shell becomes, waits for nobody.
  beforeEach(async () => {
    parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(parent.stdout ?? parent, 'data')) as [Buffer];
    child = Number(line.toString());
  });
  afterEach(async () => {
    if (lives(child)) process.kill(child, 'SIGKILL');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('tells a process that runs', () => {
    expect([lives(process.pid), lives(child)]).toEqual([true, true]);
  });

  it.skipIf(process.platform !== 'linux')('takes one that nobody has waited for as gone', async () => {
    await until(() => readFileSync(`/proc/${parent.pid}/cmdline`, 'latin1').startsWith('sleep'), 'the shell is gone');
    process.kill(child, 'SIGKILL');
    await until(() => !lives(child), 'it is seen');
    // Its number is still taken.
    expect(process.kill(child, 0)).toBe(true);
  });

  it('finds no process by a number that none can have', () => {
    expect(lives(2 ** 30)).toBe(false);
  });
});
