import { describe, expect, it } from 'vitest';
import { namesThisMachine } from '../../../../src/server/metrics/host-name.ts';

describe('namesThisMachine()', () => {
  it.each([
    undefined,
    '127.0.0.1:3633',
    '192.168.1.5',
    '[::1]:3633',
    '[fd00::5]',
    'localhost:3633',
    'page.localhost',
    'server1',
    'server1.',
    'SERVER1:80',
    'build.example.org:3633',
    'Build.Example.Org.',
  ])('takes what no stranger can have a web page at: %s', (field) => {
    expect(namesThisMachine(field, ['build.example.org'])).toBe(true);
  });

  it.each([
    'evil.example',
    'evil.example:3633',
    'build.example.org.evil.example',
    'x.build.example.org',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
    'a@127.0.0.1',
    '127.0.0.1/evil.example',
    'böse.example',
  ])('takes nothing else: %j', (field) => {
    expect(namesThisMachine(field, ['build.example.org'])).toBe(false);
  });
});
