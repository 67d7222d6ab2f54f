import { describe, expect, it } from 'vitest';
import { clientVariables } from '../../../src/config/client-environment.ts';
import { clientHelp, ownOptions } from '../../../src/config/client-options.ts';
import { daemonVariables } from '../../../src/config/daemon-environment.ts';
import { daemonOptions } from '../../../src/config/daemon-options.ts';
import { readDaemonOptions } from '../../../src/config/read-daemon-options.ts';
import type { OptionTable } from '../../../src/config/options.ts';
import { readSymlinkOptions, symlinkOptions } from '../../../src/config/symlink-options.ts';

const textOf = (reading: object): string => ('print' in reading ? String(reading.print) : '');

/** The options with a line of their own, as they stand there. */
const optionLines = (text: string): string[] =>
  [...text.matchAll(/^ {2}((?:-\w, )?--[\w-]+)/gm)].map((match) => match[1] ?? '');

const expectedLines = (table: OptionTable): string[] =>
  Object.entries(table).map(([name, { short }]) => (short === undefined ? `--${name}` : `-${short}, --${name}`));

describe('--help', () => {
  it.each([
    ['distccd', daemonOptions, textOf(readDaemonOptions(['--help']))],
    ['update-distcc-symlinks', symlinkOptions, textOf(readSymlinkOptions(['--help'], 'linux'))],
  ] as [string, OptionTable, string][])('of %s has a line for every option, and for no other', (_, table, text) => {
    expect(new Set(optionLines(text))).toEqual(new Set([...expectedLines(table), '--help', '--version']));
  });

  it('of distccd has a line for every variable', () => {
    const text = textOf(readDaemonOptions(['--help']));
    expect(Object.keys(daemonVariables).filter((name) => !text.includes(`\n  ${name} `))).toEqual([]);
  });

  it('of distcc has a line for every option and variable', () => {
    const names = [...Object.keys(ownOptions), ...Object.keys(clientVariables)];
    expect(names.filter((name) => !clientHelp().includes(`\n  ${name} `))).toEqual([]);
  });
});
