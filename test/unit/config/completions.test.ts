import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownOptions } from '../../../src/config/client-options.ts';
import { daemonOptions } from '../../../src/config/daemon-options.ts';
import { searchOptions } from '../../../src/config/lsdistcc-options.ts';
import type { OptionTable } from '../../../src/config/options.ts';
import { monitorOptions } from '../../../src/config/monitor-options.ts';
import { symlinkOptions } from '../../../src/config/symlink-options.ts';
import { webMonitorOptions } from '../../../src/config/web-monitor-options.ts';

const script = readFileSync(resolve(import.meta.dirname, '../../../packaging/completions/distccd.bash'), 'utf8');

/** The body of one function of the script. */
const bodyOf = (name: string): string =>
  new RegExp(`^${name}\\(\\) \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(script)?.[1] ?? '';

const optionsIn = (text: string): Set<string> => new Set(text.match(/(?<=[\s|(])--?[a-zA-Z][\w-]*/g) ?? []);

/** The words that a function offers where no value is expected. */
const offered = (name: string): Set<string> =>
  optionsIn((bodyOf(name).match(/_distcc_words (?:[^;\\]|\\\n)*/g) ?? []).join(' '));

/** The patterns of a function's `case`, after which a value is expected. */
const withValue = (name: string): Set<string> =>
  optionsIn([...bodyOf(name).matchAll(/^ {4}((?:[^)(\n]|\\\n)+)\)/gm)].map((match) => ` ${match[1] ?? ''}`).join(' '));

const long = (table: OptionTable): string[] => Object.keys(table).map((name) => `--${name}`);

describe('the completions', () => {
  it.each([
    ['_distccd', [...long(daemonOptions), '--help', '--version']],
    ['_update_distcc_symlinks', [...long(symlinkOptions), '--help', '--version']],
    ['_distcc', [...Object.keys(ownOptions), '--json']],
    ['_lsdistcc', [...Object.keys(searchOptions).map((letter) => `-${letter}`), '--version']],
    ['_distccmon_web', [...long(webMonitorOptions), '--help', '--version']],
    ['_distccmon_text', monitorOptions],
  ])('%s offers every option, and no other', (name, expected) => {
    expect(offered(name)).toEqual(new Set(expected));
  });

  it.each([
    ['_distccd', daemonOptions],
    ['_update_distcc_symlinks', symlinkOptions],
    ['_distccmon_web', webMonitorOptions],
  ] as [string, OptionTable][])('%s knows which options take a value', (name, table) => {
    const expected = Object.entries(table)
      .filter(([, { value }]) => value !== undefined)
      .flatMap(([option, { short }]) => [`--${option}`, ...(short === undefined ? [] : [`-${short}`])]);
    expect(withValue(name)).toEqual(new Set(expected));
  });
});
