import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/basics/failure.ts';
import { clientVariables, distccDirectory, guardLevel, readVariable } from '../../../src/config/client-environment.ts';

describe('readVariable()', () => {
  it('gives the defaults of distcc', () => {
    const names = [
      'DISTCC_FALLBACK',
      'DISTCC_SAVE_TEMPS',
      'DISTCC_BACKOFF_PERIOD',
      'DISTCC_IO_TIMEOUT',
      'DISTCC_SSH',
      'TMPDIR',
      'DISTCC_HOSTS',
      'DISTCC_SKIP_LOCAL_RETRY',
    ] as const;
    expect(names.map((name) => readVariable(name, {}))).toEqual([
      true,
      false,
      60,
      300,
      'ssh',
      '/tmp',
      undefined,
      false,
    ]);
  });

  it.each([
    ['1', true],
    ['0', false],
    ['', true],
    ['yes', true],
    ['00', true],
  ])('reads DISTCC_FALLBACK=%s as %s', (text, value) => {
    expect(readVariable('DISTCC_FALLBACK', { DISTCC_FALLBACK: text })).toBe(value);
  });

  it('takes an empty value for set where presence counts, and for a list of hosts', () => {
    expect(readVariable('DISTCC_NO_REWRITE_CROSS', { DISTCC_NO_REWRITE_CROSS: '' })).toBe(true);
    expect(readVariable('DISTCC_HOSTS', { DISTCC_HOSTS: '' })).toBe('');
  });

  it.each(['0', '-3', 'x', '', '1.5', '5s'])('refuses DISTCC_IO_TIMEOUT=%s', (text) => {
    const read = (): unknown => readVariable('DISTCC_IO_TIMEOUT', { DISTCC_IO_TIMEOUT: text });
    expect(read).toThrow(Failure);
    expect(read).toThrow(`Bad DISTCC_IO_TIMEOUT value: ${text}`);
  });

  it('complains about a value that is not a number, and says what it uses', () => {
    const complaints: string[] = [];
    const environment = { DISTCC_BACKOFF_PERIOD: 'soon', DISTCC_PAUSE_TIME_MSEC: '7' };
    expect(readVariable('DISTCC_BACKOFF_PERIOD', environment, (text) => complaints.push(text))).toBe(60);
    expect(readVariable('DISTCC_PAUSE_TIME_MSEC', environment, (text) => complaints.push(text))).toBe(7);
    expect(complaints).toEqual(['DISTCC_BACKOFF_PERIOD expects a whole number, not "soon": using 60']);
  });

  it('has one line of help for every variable', () => {
    for (const { help } of Object.values(clientVariables)) expect(help).toMatch(/^[^\n]{5,70}$/);
  });
});

describe('distccDirectory()', () => {
  it.each([
    [{ DISTCC_DIR: '/d', HOME: '/home/me' }, '/d'],
    [{ DISTCC_DIR: '', HOME: '/home/me' }, '/home/me/.distcc'],
    [{ HOME: '/home/me' }, '/home/me/.distcc'],
    [{}, undefined],
  ])('gives for %j %s', (environment, directory) => {
    expect(distccDirectory(environment)).toBe(directory);
  });
});

describe('guardLevel()', () => {
  it.each([
    [undefined, 0],
    ['0', 0],
    ['2', 2],
    ['yes', 1],
    ['', 1],
  ])('reads %s as %i', (text, level) => {
    expect(guardLevel({ _DISTCC_SAFEGUARD: text })).toBe(level);
  });
});
