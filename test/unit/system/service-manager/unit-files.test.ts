import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  commandWords,
  environmentOf,
  readUnit,
  splitWords,
  unitFolders,
} from '../../../../src/system/service-manager/unit-files.ts';
import { needs } from '../../../support/needs.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'units-'));
});
afterEach(() => rmSync(top, { recursive: true }));

function write(path: string, ...lines: string[]): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), lines.map((line) => `${line}\n`).join(''));
}

const read = (name = 'a.service') => readUnit(name, [join(top, 'etc'), join(top, 'run'), join(top, 'lib')]);

describe('unitFolders', () => {
  it.skipIf(!needs('systemd-analyze', 'systemd'))('are those of systemd, in its order', () => {
    const theirs = execFileSync('systemd-analyze', ['--system', 'unit-paths'], { encoding: 'utf8' }).split('\n');
    // Where /lib is a link to /usr/lib, systemd may name the last one earlier, or not at all.
    const others = unitFolders.slice(0, -1);
    expect(unitFolders.at(-1)).toBe('/lib/systemd/system');
    expect(theirs.filter((folder) => others.includes(folder))).toEqual(others);
  });
});

describe('readUnit()', () => {
  it('puts drop-ins in the order of their names after the file, whatever their folders', () => {
    write('lib/a.service', '[Service]', 'Nice=1', 'User=one');
    write('etc/a.service.d/5.conf', '[Service]', 'Nice=5');
    write('run/a.service.d/0-settings.conf', '[Service]', 'Nice=0');
    write('lib/a.service.d/9.conf', '[Service]', 'Nice=9');
    write('etc/service.d/7.conf', '[Service]', 'Nice=7');
    write('etc/a.service.d/9.txt', '[Service]', 'Nice=99');
    expect(read()?.values('Service', 'Nice')).toEqual(['1', '0', '5', '7', '9']);
    expect(read()?.files.map((file) => file.slice(top.length + 1))).toEqual([
      'lib/a.service',
      'run/a.service.d/0-settings.conf',
      'etc/a.service.d/5.conf',
      'etc/service.d/7.conf',
      'lib/a.service.d/9.conf',
    ]);
  });

  it('lets the first folder win, and ignores a unit that is /dev/null', () => {
    write('lib/a.service', '[Service]', 'Nice=1');
    write('lib/a.service.d/1.conf', '[Service]', 'Nice=2');
    write('lib/a.service.d/2.conf', '[Service]', 'Nice=3');
    write('etc/a.service.d/1.conf', '[Service]', 'Nice=4');
    symlinkSync('/dev/null', join(top, 'etc/a.service.d/2.conf'));
    symlinkSync('gone.conf', join(top, 'etc/a.service.d/3.conf'));
    expect(read()?.values('Service', 'Nice')).toEqual(['1', '4']);
    expect(read()?.files.map((file) => file.slice(top.length + 1))).toEqual([
      'lib/a.service',
      'etc/a.service.d/1.conf',
    ]);
    write('etc/a.service', '[Service]', 'Nice=5');
    expect(read()?.values('Service', 'Nice')).toEqual(['5', '4']);
    rmSync(join(top, 'etc/a.service'));
    symlinkSync('/dev/null', join(top, 'etc/a.service'));
    expect(read()).toBeUndefined();
    expect(read('b.service')).toBeUndefined();
  });

  it('reads sections, comments, continued lines, and empty values that remove earlier ones', () => {
    write(
      'lib/a.service',
      '# Nice=1',
      '[Unit]',
      'Nice=2',
      '[Service]',
      '; Nice=3',
      ' Nice = 4 ',
      'X=one \\',
      '# between',
      '  two',
      'X=',
      'X=three',
      'Y=a=b',
      '\t # Nice=5',
      'V=[Unit]',
      'W=a # b',
      'U=one\\',
      '# between',
      'two',
      'No name=c',
      'nothing',
      ' [Install] ',
      'Nice=6',
    );
    const unit = read();
    expect([unit?.values('Unit', 'Nice'), unit?.values('Service', 'Nice')]).toEqual([['2'], ['4']]);
    expect([unit?.values('Service', 'X'), unit?.values('Service', 'Y'), unit?.values('Service', 'Z')]).toEqual([
      ['three'],
      ['a=b'],
      [],
    ]);
    expect(['V', 'W', 'U', 'name'].map((name) => unit?.values('Service', name))).toEqual([
      ['[Unit]'],
      ['a # b'],
      ['one two'],
      [],
    ]);
    expect(unit?.values('Install', 'Nice')).toEqual(['6']);
  });
});

describe('splitWords()', () => {
  it.each([
    ['a  b\tc', ['a', 'b', 'c']],
    [`"a b" 'c d' e"f g"h`, ['a b', 'c d', 'ef gh']],
    [String.raw`"a \"b\" \\" c\ d`, ['a "b" \\', 'c d']],
    ['""', ['']],
    ['"a b', ['a b']],
    ["'a b", ['a b']],
    [String.raw`'it\'s so' b`, ["it's so", 'b']],
    ['', []],
  ])('splits %j', (text, words) => expect(splitWords(text)).toEqual(words));
});

describe('commandWords()', () => {
  it('replaces variables: by as many words as the value has, or by a part of one', () => {
    write('lib/a.service', '[Service]', 'Environment="A=--x 1 \\"y z\\" 50%%" LONG=2 junk', 'Environment=C=');
    const unit = read();
    if (unit === undefined) throw new Error('no unit');
    const environment = environmentOf(unit);
    expect(environment).toEqual({ A: '--x 1 "y z" 50%', LONG: '2', C: '' });
    expect(commandWords('/bin/p --b=${LONG}${NONE} $A $C $D $LONG $A.x x$A 50%% end', environment)).toEqual([
      '/bin/p',
      '--b=2',
      '--x',
      '1',
      'y z',
      '50%',
      '2',
      '$A.x',
      'x$A',
      '50%',
      'end',
    ]);
  });
});
