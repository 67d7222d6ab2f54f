import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { Departure } from '../../../../src/server/listen/departure.ts';
import { connectPair } from '../../../support/socket-pair.ts';

it('Departure closes a connection that said nothing, spares one that did, and gives up after its time', async () => {
  const silent = await connectPair({});
  const heard = await connectPair({});
  onTestFinished(() => {
    silent.remove();
    heard.remove();
  });
  heard.caller.write('DIST');
  await once(heard.called, 'readable');
  heard.called.read();
  const departure = new Departure({ unheard: 1, waiting: 50 });
  departure.arrive(silent.called);
  departure.arrive(heard.called);
  expect(departure.begun).toBe(false);
  await new Promise<void>((resolve) => departure.begin(resolve));
  expect(departure.begun).toBe(true);
  expect(silent.called.destroyed).toBe(true);
  expect(heard.called.destroyed).toBe(false);
});

it('Departure gives up nothing when everybody has left', async () => {
  const departure = new Departure({ unheard: 1, waiting: 1 });
  let gaveUp = false;
  departure.begin(() => {
    gaveUp = true;
  });
  departure.end();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(gaveUp).toBe(false);
});
