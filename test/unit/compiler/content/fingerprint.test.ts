import { describe, expect, it } from 'vitest';
import { differenceOf } from '../../../../src/compiler/content/compiler-difference.ts';
import {
  cleanVersion,
  fingerprintWords,
  isForCxx,
  readFingerprint,
  versionsInText,
} from '../../../../src/compiler/content/fingerprint.ts';

const version = 'GCC: (Debian 12.2.0-14) 12.2.0';
const here = { version, target: 'x86_64-linux-gnu', makes: 'a'.repeat(64) };

describe('isForCxx()', () => {
  it.each(['g++', 'clang++-14', 'x86_64-linux-gnu-g++-12', '/usr/bin/c++'])('takes %s for a C++ compiler', (name) => {
    expect([isForCxx(name), fingerprintWords(name, 'a.c').includes('c++')]).toEqual([true, true]);
  });

  it.each(['gcc', 'clang-14', 'cc', 'avr-gcc-5.4.0'])('takes %s for a C compiler', (name) => {
    expect(isForCxx(name)).toBe(false);
  });
});

describe('readFingerprint()', () => {
  const text = (file: string): string => `\t.file\t"${file}"\nsums:\n\tret\n\t.ident\t"${version}"\n`;

  it('leaves out the names of files', () => {
    expect(readFingerprint(text('a.c'))).toEqual(readFingerprint(text('/tmp/b.c')));
    expect(readFingerprint(text('a.c'))?.version).toBe(version);
  });

  it('gives nothing for another text', () => {
    expect(readFingerprint('')).toBeUndefined();
    expect(readFingerprint('sums:\n')).toBeUndefined();
    expect(readFingerprint(`\t.ident\t"${version}"\n`)).toBeUndefined();
  });
});

describe('versionsInText()', () => {
  it('names what compilers call themselves, and not what a source says', () => {
    const said = ['$Id$', version, 'Debian clang version 14.0.6'];
    expect(versionsInText(said.map((one) => `\t.ident\t"${one}"\n`).join(''))).toEqual(said.slice(1));
  });
});

describe('cleanVersion()', () => {
  it('makes one short line of what may be shown on a terminal', () => {
    expect(cleanVersion('GCC: \x1b[2J\n')).toBe('GCC: ?[2J?');
    expect(cleanVersion('x'.repeat(1000))).toHaveLength(200);
  });
});

describe('differenceOf()', () => {
  const compared = { compiler: 'gcc', here, targetNamed: false };

  it('finds none between two that say and make the same', () => {
    expect(differenceOf({ ...here }, compared)).toBeUndefined();
  });

  it("names both versions, a distribution's own included, since objects hold them", () => {
    const there = { ...here, version: 'GCC: (Debian 12.2.0-14+deb12u1) 12.2.0' };
    expect(differenceOf(there, compared)).toBe(
      'has another gcc: "GCC: (Debian 12.2.0-14+deb12u1) 12.2.0" there, "GCC: (Debian 12.2.0-14) 12.2.0" here',
    );
  });

  it('names both targets, unless the command names one itself', () => {
    const there = { ...here, target: 'aarch64-linux-gnu', makes: 'b'.repeat(64) };
    expect(differenceOf(there, compared)).toBe(
      'has another gcc: it compiles for aarch64-linux-gnu there, for x86_64-linux-gnu here',
    );
    expect(differenceOf(there, { ...compared, targetNamed: true })).toBeUndefined();
  });

  it('tells of one with the same version that was built in another way', () => {
    expect(differenceOf({ ...here, makes: 'b'.repeat(64) }, compared)).toMatch(/makes other code of the same source$/);
  });
});
