import { describe, expect, it } from 'vitest';
import {
  encodeNotification,
  findServiceManager,
  watchdogPeriod,
} from '../../../../src/system/service-manager/sd-notify.ts';

describe('encodeNotification()', () => {
  it('writes a line for each assignment, and none for a line end in a value', () => {
    expect(encodeNotification({ READY: 1, STATUS: 'a\nSTOPPING=1' })).toBe('READY=1\nSTATUS=a STOPPING=1');
  });
});

describe('watchdogPeriod()', () => {
  it.each([
    [{ WATCHDOG_USEC: '3000000' }, 1000],
    [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '7' }, 1000],
    [{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '8' }, undefined],
    [{ WATCHDOG_USEC: '1' }, 1],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{ WATCHDOG_USEC: 'x' }, undefined],
    [{ WATCHDOG_USEC: '999999999999999' }, 2 ** 31 - 1],
    [{}, undefined],
  ])('makes of %j %s', (environment, period) => {
    expect(watchdogPeriod(environment, 7)).toBe(period);
  });
});

describe('findServiceManager()', () => {
  it('removes the variables and never throws, whatever the address', () => {
    for (const address of ['/nonexistent/notify', 'relative', '@abstract', '', '/']) {
      const environment: NodeJS.ProcessEnv = {
        NOTIFY_SOCKET: address,
        WATCHDOG_USEC: '3000',
        WATCHDOG_PID: '1',
        PATH: '',
      };
      const here = process.cwd();
      const manager = findServiceManager([], environment);
      expect(() => manager.tell({ READY: 1 })).not.toThrow();
      expect(environment).toEqual({ PATH: '' });
      expect(process.cwd()).toBe(here);
    }
  });

  it('never throws for a descriptor that is closed', () => {
    const manager = findServiceManager([{ descriptor: 1_000_000, name: 'notify' }], {});
    expect(() => manager.tell({ READY: 1 })).not.toThrow();
  });
});
