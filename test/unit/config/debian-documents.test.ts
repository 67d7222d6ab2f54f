import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { symlinkOptions, symlinkPlaces } from '../../../src/config/symlink-options.ts';

// What README.Debian tells an administrator to write is what the examples have, and what it names exists.

const top = resolve(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(top, path), 'utf8');
const folder = 'packaging/debian/examples';
const text = read('packaging/debian/README.Debian');
const lines = new Set(text.split('\n').map((line) => line.trim()));

/** The lines of an example that count. */
const linesOf = (name: string): string[] =>
  read(`${folder}/${name}`)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

describe('README.Debian', () => {
  it.each(['toolchain.conf', 'accept.conf', 'inetd.conf'])('has the lines of the example %s', (name) => {
    expect(linesOf(name).length).toBeGreaterThan(0);
    expect(linesOf(name).filter((line) => !lines.has(line))).toEqual([]);
  });

  it('names every example', () => {
    expect(readdirSync(join(top, folder)).filter((name) => !text.includes(name))).toEqual([]);
  });

  it('names only units, settings, options and files that exist', () => {
    const units = [...text.matchAll(/\bdistccd[\w@-]*\.(?:service|socket)\b/g)].map(([unit]) => unit);
    const file = (unit: string): string => join(top, 'packaging/systemd', unit.replace(/@[A-Z0-9]+\./, '@.'));
    expect(units.length).toBeGreaterThan(3);
    expect(units.filter((unit) => !existsSync(file(unit)))).toEqual([]);
    const settings = read('packaging/distccd.default');
    for (const name of ['ALLOWEDNETS', 'LISTENER']) {
      expect(text).toContain(name);
      expect(settings).toContain(`#${name}=`);
    }
    for (const [, name] of text.matchAll(/--(without|with)\b/g)) expect(symlinkOptions).toHaveProperty(name ?? '');
    expect(text).toContain(symlinkPlaces('linux').unwanted);
  });

  it('fits a terminal, long lines of files apart', () => {
    expect(text.split('\n').filter((line) => line.length > 79 && !line.includes('nowait.1000'))).toEqual([]);
  });
});

describe('the ways to run it under an inetd', () => {
  it('are the same in all documents', () => {
    const command = 'distccd --inetd --allow';
    for (const path of ['doc/running.md', 'packaging/debian/README.Debian', `${folder}/inetd.conf`])
      expect(read(path)).toContain(`3632 stream tcp nowait.1000 distccd /usr/bin/distccd ${command}`);
    expect(linesOf('xinetd.conf').join(' ')).toMatch(/server_args\s+= --inetd --allow/);
  });
});
