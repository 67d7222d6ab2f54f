import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { daemonOptions } from '../../../src/config/daemon-options.ts';

const script = readFileSync(join(import.meta.dirname, '../../../packaging/freebsd-rc/distccd.in'), 'utf8');

/** The words of the case patterns between two lines of the script. */
function patterns(from: string, to: string): string[] {
  const text = script.slice(script.indexOf(from), script.indexOf(to));
  return [...text.matchAll(/(?:^|[\s|])(--?[a-zA-Z[\]-]+)(?=\)| \|)/g)].map(([, word = '']) => word);
}

describe("distccd's rc.d script for FreeBSD", () => {
  it('knows every option that has a value, so that it takes none for a flag', () => {
    const known = patterns('case $_word in', '_value=other').filter((word) => word.startsWith('--'));
    const valued = Object.entries(daemonOptions).filter(([, entry]) => entry.value !== undefined);
    const flags = new Set(
      '--daemon --no-detach --wizard --inetd --check --show-compilers --show-policy --help --version --'.split(' '),
    );
    expect(known.filter((word) => !flags.has(word)).sort()).toEqual(valued.map(([name]) => `--${name}`).sort());
  });

  it('knows the letter of every option that has a value', () => {
    const letters = Object.values(daemonOptions).flatMap((entry) =>
      entry.value === undefined || entry.short === undefined ? [] : [entry.short],
    );
    expect(letters.sort()).toEqual(['N', 'P', 'a', 'j', 'p']);
    expect(script).toContain('-P | --pid-file)');
    expect(script).toContain('-[apjN] |');
  });
});
