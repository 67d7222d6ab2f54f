import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientVariables } from '../../../src/config/client-environment.ts';
import { ownOptions } from '../../../src/config/client-options.ts';
import { daemonOptions } from '../../../src/config/daemon-options.ts';
import { symlinkOptions } from '../../../src/config/symlink-options.ts';
import packageFile from '../../../package.json' with { type: 'json' };

const readme = readFileSync(resolve(import.meta.dirname, '../../../README.md'), 'utf8');
const changelog = readFileSync(resolve(import.meta.dirname, '../../../CHANGELOG.md'), 'utf8');

/** Options of other programs, and words of a host list, that these texts name. */
const others = new Set(['help', 'ignore-scripts', 'json', 'localslots', 'now', 'randomize', 'stack-usage']);

describe('README.md and CHANGELOG.md', () => {
  it('name only options that our programs have', () => {
    const named = [...`${readme}${changelog}`.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(5);
    expect(
      named.filter(
        (name) =>
          !others.has(name) &&
          !Object.hasOwn({ ...daemonOptions, ...symlinkOptions }, name) &&
          !Object.hasOwn(ownOptions, `--${name}`),
      ),
    ).toEqual([]);
  });

  it('name only variables that there are', () => {
    const named = [...`${readme}${changelog}`.matchAll(/\bDISTCC_[A-Z_]+/g)].map(([name]) => name);
    const known = new Set<string>([...Object.keys(clientVariables), 'DISTCC_CMDLIST']);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('name only commands that package.json has', () => {
    const named = [...readme.matchAll(/npm (?:run )?([a-z:]+)/g)].map((match) => match[1] ?? '');
    const known = new Set([...Object.keys(packageFile.scripts), 'ci', 'and']);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});
