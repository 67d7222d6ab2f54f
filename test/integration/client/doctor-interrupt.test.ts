import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives } from '../../../src/system/processes/living-process.ts';
import { until } from '../../support/daemon.ts';
import { hasCompilers, quiet } from './doctor-report.ts';
import { Sandbox } from './sandbox.ts';

describe.skipIf(!hasCompilers)('an interrupted distcc --doctor', () => {
  let box: Sandbox;
  beforeEach(() => void (box = new Sandbox()));
  afterEach(() => box.remove());

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves no folder while it tries a compiler: %s',
    async (signal) => {
      const PATH = `${box.script('slow-cc', 'exec sleep 5')}:${process.env['PATH']}`;
      const examination = box.start(['--doctor'], { ...quiet, PATH, CC: 'slow-cc' });
      await until(() => box.temporaries().length === 1, 'the compiler is tried');
      examination.child.kill(signal);
      expect(await examination.ended).toMatchObject({ signal });
      expect(box.temporaries()).toEqual([]);
    },
  );

  it('ends the ssh that it waits for', async () => {
    const PATH = `${box.script('slow-ssh', `echo $$ >${box.path('pid')}; exec sleep 300`)}:${process.env['PATH']}`;
    const examination = box.start(['--doctor', '@host'], { ...quiet, PATH, DISTCC_SSH: 'slow-ssh' });
    const pid = (): number => Number(box.has('pid') ? readFileSync(box.path('pid'), 'utf8') : 0);
    await until(() => pid() > 0, 'ssh runs');
    examination.child.kill('SIGINT');
    expect(await examination.ended).toMatchObject({ signal: 'SIGINT' });
    await until(() => !lives(pid()), 'ssh has ended');
    expect(box.temporaries()).toEqual([]);
  });
});
