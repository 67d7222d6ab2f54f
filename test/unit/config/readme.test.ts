import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientVariables } from '../../../src/config/client-environment.ts';
import { ownOptions } from '../../../src/config/client-options.ts';
import { daemonVariables } from '../../../src/config/daemon-environment.ts';
import { daemonOptions } from '../../../src/config/daemon-options.ts';
import { monitorOptions } from '../../../src/config/monitor-options.ts';
import { symlinkOptions } from '../../../src/config/symlink-options.ts';
import { webMonitorOptions } from '../../../src/config/web-monitor-options.ts';
import packageFile from '../../../package.json' with { type: 'json' };

/** The documents that tell users and contributors what to type. */
const documents = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...['architecture', 'debian', 'differences', 'freebsd', 'running', 'scheduling'].map((name) => `doc/${name}.md`),
];
const texts = documents.map((name) => readFileSync(resolve(import.meta.dirname, '../../..', name), 'utf8'));

/** What all documents name in some form, without repetition. */
const namedBy = (form: RegExp): string[] => [
  ...new Set(texts.flatMap((text) => [...text.matchAll(form)].map((match) => match[1] ?? ''))),
];

/** Options of other programs and of the demo, and words of a host list, that these texts name. */
const others = new Set([
  'help',
  'ignore-scripts',
  'json',
  'localslots',
  'now',
  'port',
  'randomize',
  'stack-usage',
  'watch',
]);

describe('README.md and the other documents for users', () => {
  it('name only options that our programs have', () => {
    const named = namedBy(/(?<![\w-])--([a-z][a-z-]+)/g);
    expect(named.length).toBeGreaterThan(20);
    expect(
      named.filter(
        (name) =>
          !others.has(name) &&
          !Object.hasOwn({ ...daemonOptions, ...symlinkOptions, ...webMonitorOptions }, name) &&
          !Object.hasOwn(ownOptions, `--${name}`) &&
          !monitorOptions.some((option) => option === `--${name}`),
      ),
    ).toEqual([]);
  });

  it('name only variables that exist', () => {
    const named = namedBy(/(?<![\w-])(DISTCCD?_[A-Z_]+)/g);
    // The last two are a setting of the Debian package, and a field of the journal.
    const known = new Set([
      ...Object.keys(clientVariables),
      ...Object.keys(daemonVariables),
      'DISTCCD_OPTIONS',
      'DISTCC_CLIENT',
    ]);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('name only commands that package.json has', () => {
    const named = namedBy(/`?npm (?:run )?([a-z:-]+)/g);
    const known = new Set([...Object.keys(packageFile.scripts), 'ci', 'and']);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});
