import { closeSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  readGivenDescriptors,
  takeGivenDescriptors,
  whyNotListening,
} from '../../../../src/system/descriptors/given-descriptors.ts';

describe('readGivenDescriptors()', () => {
  it('numbers from 3 and names in order, "unknown" where a name is missing', () => {
    const environment = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'a::' };
    expect(readGivenDescriptors(environment, 7)).toEqual([
      { descriptor: 3, name: 'a' },
      { descriptor: 4, name: 'unknown' },
      { descriptor: 5, name: 'unknown' },
    ]);
  });

  it.each([
    { LISTEN_PID: '8', LISTEN_FDS: '1' },
    { LISTEN_PID: '07', LISTEN_FDS: '1' },
    { LISTEN_FDS: '1' },
    { LISTEN_PID: '7' },
    { LISTEN_PID: '7', LISTEN_FDS: '-1' },
    { LISTEN_PID: '7', LISTEN_FDS: '1e3' },
    { LISTEN_PID: '7', LISTEN_FDS: '99999' },
  ])('gives nothing for %j', (environment) => {
    expect(readGivenDescriptors(environment, 7)).toEqual([]);
  });
});

describe('takeGivenDescriptors()', () => {
  it('removes the variables, also when they are meant for another process', () => {
    const environment = { LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'a', LISTEN_PIDFDID: '5', PATH: '/bin' };
    expect(takeGivenDescriptors(environment)).toEqual([]);
    expect(environment).toEqual({ PATH: '/bin' });
  });
});

describe('whyNotListening()', () => {
  it('knows a file and a closed descriptor', () => {
    const descriptor = openSync('/dev/null', 'r');
    expect(whyNotListening(descriptor)).toBe('no socket');
    closeSync(descriptor);
    expect(whyNotListening(1_000_000)).toBe('not open');
  });
});
