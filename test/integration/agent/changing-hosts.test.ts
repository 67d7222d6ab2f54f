import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDaemon, until } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { startFakeServer } from '../client/fake-server.ts';
import type { FakeServer } from '../client/fake-server.ts';
import { Sandbox } from '../client/sandbox.ts';
import { objectsIn, startMake, writeMakefile } from './building.ts';

describe.skipIf(!needs('gcc', 'gcc') || !needs('make', 'make'))('a list of hosts', () => {
  let box: Sandbox;
  let full: FakeServer | undefined;
  let daemon: TestDaemon | undefined;

  beforeEach(() => {
    box = new Sandbox({ agent: true });
  });
  afterEach(async () => {
    await full?.end();
    await daemon?.end();
    box.remove();
  });

  it.each([
    ['with a resident agent', '1'],
    ['with private agents', '0'],
  ])(
    'that gets a second host lets a build go on whose only host is full, %s',
    { timeout: 60_000 },
    async (_, agent) => {
      full = await startFakeServer(() => undefined);
      daemon = await startDaemon();
      const list = join(box.own, 'hosts');
      writeMakefile(box, 6);
      writeFileSync(list, `${full.host}/1\n`);
      const build = startMake(box, 6, { DISTCC_AGENT: agent, DISTCC_FALLBACK: '0' });
      await until(() => full?.requests.length === 1, 'the only host has a job');
      writeFileSync(list, `${full.host}/1\n127.0.0.1:${daemon.port}/4\n`);
      await until(() => objectsIn(box).length === 5, 'the jobs that waited are done by the second host');
      expect(full.connections()).toBe(1);
      // The job of the first host goes to the second one as well, when the first one fails.
      await full.end();
      full = undefined;
      expect(await build.ended).toMatchObject({ status: 0 });
      const done = (): number => daemon?.log().match(/COMPILE_OK/g)?.length ?? 0;
      await until(() => done() === 6, 'the second host has written that it did all six');
    },
  );
});
