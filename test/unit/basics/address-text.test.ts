import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unmapped, writeHostPort } from '../../../src/basics/address-text.ts';

describe('unmapped()', () => {
  it.each([
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['::ffff:255.255.255.255', '255.255.255.255'],
    ['0:0:0:0:0:ffff:127.0.0.1', '127.0.0.1'],
    ['0::ffff:127.0.0.1', '127.0.0.1'],
    ['0000::0:FFFF:7f00:0001', '127.0.0.1'],
    ['::ffff:0:0', '0.0.0.0'],
    ['::ffff:1', '::ffff:1'],
    ['::ffff:0:102:304', '::ffff:0:102:304'],
    ['::ffff:1.2.3.400', '::ffff:1.2.3.400'],
    ['::ffff:1.2.3', '::ffff:1.2.3'],
    ['::ffff:1.2.3.4.', '::ffff:1.2.3.4.'],
    ['::ffff:1.2.3.4.5', '::ffff:1.2.3.4.5'],
    ['::1', '::1'],
    ['1.2.3.4', '1.2.3.4'],
  ])('%s is %s', (address, plain) => {
    expect(unmapped(address)).toBe(plain);
  });
});

describe('writeHostPort()', () => {
  it.each([
    ['192.0.2.1', 3632, '192.0.2.1:3632'],
    ['::ffff:192.0.2.1', 47978, '192.0.2.1:47978'],
    ['fd99::5', 47978, '[fd99::5]:47978'],
    ['::', 3632, '[::]:3632'],
    ['fe80::1%eth0', '1', '[fe80::1%eth0]:1'],
    ['server', 3632, 'server:3632'],
  ])('%s and %s are %s', (address, port, text) => {
    expect(writeHostPort(address, port)).toBe(text);
  });

  it('is the only one to put an address and a port together', () => {
    const folder = resolve(import.meta.dirname, '../../../src');
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const together = /\$\{[^}]*(?:address|host|name)\b[^}]*\}\]?:\$\{[^}]*port/i;
    const others = names.filter(
      (name) =>
        name.endsWith('.ts') &&
        name !== 'basics/address-text.ts' &&
        together.test(readFileSync(join(folder, name), 'utf8')),
    );
    expect(others).toEqual([]);
  });
});
