import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { lookUpAddresses, prepareLookups } from '../../../../src/system/machine/name-lookup.ts';

describe('prepareLookups()', () => {
  it('sets what the user has not set', () => {
    const environment = {};
    prepareLookups(environment, { atOnce: 8, seconds: 2 });
    expect(environment).toEqual({ UV_THREADPOOL_SIZE: '16', RES_OPTIONS: 'timeout:2 attempts:2' });
    const own = { UV_THREADPOOL_SIZE: '5', RES_OPTIONS: 'rotate' };
    prepareLookups(own, { atOnce: 8, seconds: 2 });
    expect(own).toEqual({ UV_THREADPOOL_SIZE: '5', RES_OPTIONS: 'rotate' });
  });

  it.skipIf(process.platform !== 'linux')('sets it early enough for a program that has begun', () => {
    const environment = { PATH: process.env['PATH'] };
    const threads = (setting: string): number => {
      const script = `${setting}; require('dns').lookup('localhost', () => {
        process.stdout.write(String(require('fs').readdirSync('/proc/self/task').length)) })`;
      return Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env: environment }));
    };
    expect(threads("process.env['UV_THREADPOOL_SIZE'] ??= '16'") - threads('')).toBe(12);
  });
});

describe('lookUpAddresses()', () => {
  it('gives the addresses of a name', async () => {
    const addresses = await lookUpAddresses('localhost');
    expect(addresses.every((address) => ['127.0.0.1', '::1'].includes(address))).toBe(true);
    expect(addresses.length).toBeGreaterThan(0);
  });

  it("fails with the resolver's words", async () => {
    const words = /^(Name or service not known|Temporary failure in name resolution)$/;
    await expect(lookUpAddresses('no-such-host.invalid')).rejects.toThrow(words);
  });
});
