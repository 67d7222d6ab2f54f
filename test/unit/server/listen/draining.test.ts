import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { Draining } from '../../../../src/server/listen/draining.ts';
import { connectPair } from '../../../support/socket-pair.ts';

it('Draining closes a connection that said nothing, spares one that did, and gives up after its time', async () => {
  const silent = await connectPair({});
  const heard = await connectPair({});
  onTestFinished(() => {
    silent.remove();
    heard.remove();
  });
  heard.caller.write('DIST');
  await once(heard.called, 'readable');
  heard.called.read();
  const draining = new Draining({ unheard: 1, waiting: 50 });
  draining.arrive(silent.called);
  draining.arrive(heard.called);
  expect(draining.begun).toBe(false);
  await new Promise<void>((resolve) => draining.begin(resolve));
  expect(draining.begun).toBe(true);
  expect(silent.called.destroyed).toBe(true);
  expect(heard.called.destroyed).toBe(false);
});

it('Draining gives up nothing when everybody has left', async () => {
  const draining = new Draining({ unheard: 1, waiting: 1 });
  let gaveUp = false;
  draining.begin(() => {
    gaveUp = true;
  });
  draining.end();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(gaveUp).toBe(false);
});
