import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitStatus } from '../../../src/basics/exit-status.ts';
import { clientVariables } from '../../../src/config/client-environment.ts';
import { ownOptions } from '../../../src/config/client-options.ts';
import { daemonVariables } from '../../../src/config/daemon-environment.ts';
import { daemonOptions } from '../../../src/config/daemon-options.ts';
import { searchOptions, searchStatus } from '../../../src/config/lsdistcc-options.ts';
import { monitorOptions, monitorUsageStatus } from '../../../src/config/monitor-options.ts';
import type { OptionEntry, OptionTable } from '../../../src/config/options.ts';
import { symlinkOptions } from '../../../src/config/symlink-options.ts';
import { metricTable } from '../../../src/server/metrics/metric-table.ts';
import type { MetricEntry } from '../../../src/server/metrics/metric-table.ts';
import { refusalReasons } from '../../../src/server/policy/refusal.ts';
import { webMonitorOptions } from '../../../src/config/web-monitor-options.ts';
import { needs } from '../../support/needs.ts';
import { namedBy, optionsOf, readPage, sourcesOf } from './man-page.ts';

// What the programs know and what their pages say is compared both ways: a new option, variable, file or exit status
// needs an entry in man/, and a page that names one which is gone is wrong.

const top = resolve(import.meta.dirname, '../../..');
const folder = resolve(top, 'man');
const pages = readdirSync(folder).filter((name) => !readFileSync(resolve(folder, name), 'utf8').startsWith('.so '));

/** Words of a table's options, and whether each takes a value. */
function wordsOf(table: OptionTable): Map<string, OptionEntry<unknown>> {
  return new Map(
    Object.entries(table).flatMap(([name, entry]) => [
      [`--${name}`, entry] as const,
      ...(entry.short === undefined ? [] : [[`-${entry.short}`, entry] as const]),
    ]),
  );
}

const sorted = (names: Iterable<string>): string[] => [...names].sort((one, other) => one.localeCompare(other));

describe('the pages', () => {
  it.each([
    ['distccd.8', [...wordsOf(daemonOptions).keys(), '--help', '--version']],
    ['update-distcc-symlinks.8', [...wordsOf(symlinkOptions).keys(), '--help', '--version']],
    ['distcc.1', Object.keys(ownOptions)],
    ['lsdistcc.1', [...Object.keys(searchOptions).map((letter) => `-${letter}`), '--version']],
    ['distcc-agent.1', ['--help', '--version']],
    ['distccmon-web.1', [...wordsOf(webMonitorOptions).keys(), '--help', '--version']],
    ['distccmon-text.1', monitorOptions],
  ])('%s explains every option, and no other', (name, expected) => {
    expect(sorted(optionsOf(readPage(name)).keys())).toEqual(sorted(expected));
  });

  it.each([
    ['distccd.8', daemonOptions],
    ['update-distcc-symlinks.8', symlinkOptions],
    ['distccmon-web.1', webMonitorOptions],
  ] as [string, OptionTable][])('%s says which options take a value, and their defaults', (name, table) => {
    const said = optionsOf(readPage(name));
    for (const [word, entry] of wordsOf(table)) {
      const { takesValue, body = '' } = said.get(word) ?? {};
      expect([word, takesValue]).toEqual([word, entry.value !== undefined]);
      const { initial } = entry;
      if (typeof initial !== 'number' && typeof initial !== 'string') continue;
      expect([word, body]).toEqual([word, expect.stringMatching(new RegExp(`Default: (?:\\.\\w+ )?${initial}\\b`))]);
    }
  });

  it('lsdistcc.1 says which options take a value, and their defaults', () => {
    const said = optionsOf(readPage('lsdistcc.1'));
    for (const [letter, option] of Object.entries(searchOptions)) {
      const { takesValue, body = '' } = said.get(`-${letter}`) ?? {};
      expect([letter, takesValue]).toEqual([letter, 'value' in option]);
      if (typeof option.initial === 'number') expect(body).toContain(`Default: ${option.initial}.`);
    }
  });

  it('distccd.8 explains every metric with its labels, and no other', () => {
    const said = readPage('distccd.8')
      .items('DESCRIPTION')
      .filter(({ head }) => /^Li (?:distccd|process)_/.test(head));
    expect(said).toEqual(
      Object.entries<MetricEntry>(metricTable).map(([name, { help, labels }]) => ({
        head: `Li ${name}${labels === undefined ? '' : `{${labels.join(',')}}`}`,
        body: `${help} `,
      })),
    );
  });

  it('distccd.8 explains every reason to refuse, and no other', () => {
    const [, list = ''] = /\n\.Li reason\nare these:\n([^]*?)\.El\n/.exec(readPage('distccd.8').text) ?? [];
    const said = [...list.matchAll(/^\.It Li (\w+)\n([^]*?)\.\n/gm)].map(([, name, text = '']) => {
      return [name, text.replaceAll(/\s+/g, ' ')];
    });
    const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
    expect(said).toEqual(Object.entries(refusalReasons).map(([name, text]) => [name, capital(text)]));
  });

  it('distcc.1 explains every variable of the client, and no other', () => {
    const said = namedBy(readPage('distcc.1'), 'Ev', 'ENVIRONMENT');
    expect(sorted(said.keys())).toEqual(sorted(Object.keys(clientVariables)));
    for (const [name, { initial }] of Object.entries(clientVariables)) {
      if (/^[\d~/]/.test(initial)) expect([name, said.get(name)]).toEqual([name, expect.stringContaining(initial)]);
    }
  });

  it('distccd.8 explains every variable that the daemon reads, and no other', () => {
    const said = namedBy(readPage('distccd.8'), 'Ev', 'ENVIRONMENT');
    const read = sourcesOf('distccd').flatMap((text) => [
      ...[...text.matchAll(/\b(?:env|environment|own)\['(\w+)'\]/g)].map((match) => match[1] ?? ''),
      ...[...text.matchAll(/\{([^{}]*)\} = environment\b/g)].flatMap(
        (match) => (match[1] ?? '').match(/\b[A-Z_]{3,}\b/g) ?? [],
      ),
    ]);
    expect(read).toEqual(expect.arrayContaining(Object.keys(daemonVariables)));
    expect(sorted(said.keys())).toEqual(sorted(new Set(read)));
  });

  it.each([
    ['distcc.1', 'distcc-agent', []],
    ['distccd.8', 'distccd', []],
    ['distccmon-text.1', 'distccmon-text', [monitorUsageStatus]],
    ['distccmon-web.1', 'distccmon-web', []],
    ['lsdistcc.1', 'lsdistcc', Object.values(searchStatus)],
    ['update-distcc-symlinks.8', 'update-distcc-symlinks', []],
  ])('%s explains every exit status of the program, and no other', (name, program, more) => {
    const used = new Set(
      sourcesOf(program).flatMap((text) => [...text.matchAll(/\bexitStatus\.(\w+)/g)].map((match) => match[1])),
    );
    // A socket of the service manager is the agent's alone.
    if (name === 'distcc.1') used.delete('bindFailed');
    const statuses = Object.entries(exitStatus).flatMap(([key, status]) => (used.has(key) ? [status] : []));
    const said = readPage(name)
      .items('EXIT STATUS')
      .map(({ head }) => head);
    expect(sorted(said)).toEqual(sorted(new Set([...statuses, ...more].map(String))));
  });

  it.each([
    ['distcc.1', 'distcc-agent'],
    ['distccd.8', 'distccd'],
    ['distcc-agent.1', 'distcc-agent'],
    ['distccmon-text.1', 'distccmon-text'],
    ['distccmon-web.1', 'distccmon-web'],
    ['lsdistcc.1', 'lsdistcc'],
    ['update-distcc-symlinks.8', 'update-distcc-symlinks'],
  ])('%s names the files that the program looks for', (name, program) => {
    const page = readPage(name);
    const sources = sourcesOf(program).join('\n');
    // An agent looks for the files of the jobs it does, which distcc.1 explains.
    const mentioned = program === 'distcc-agent' ? page.text + readPage('distcc.1').text : page.text;
    const literals = [...sources.matchAll(/'(\/(?:etc|usr|var)\/[^'$]*?)\/?'/g)].map((match) => match[1] ?? '');
    expect(literals.filter((path) => !/^\/var\/run\/|\/bin$/.test(path) && !mentioned.includes(path))).toEqual([]);
    const known = `${sources}\n${['packaging', 'packaging/debian'].flatMap((place) => readdirSync(resolve(top, place))).join('\n')}`;
    const said = [...namedBy(page, 'Pa', 'FILES').keys()];
    expect(said.length).toBeGreaterThan(0);
    // Debian's package installs distccd.default as /etc/default/distccd.
    expect(
      said.filter(
        (path) => !known.includes(path.replace('/etc/default/distccd', 'distccd.default').split('/').at(-1) ?? ''),
      ),
    ).toEqual([]);
  });

  it.each(pages)('%s refers to pages of ours that exist', (name) => {
    const ours = [...readPage(name).text.matchAll(/\.Xr ((?:distcc|lsdistcc|update-distcc)\S*) (\d)/g)];
    expect(ours.map((match) => `${match[1]}.${match[2]}`).filter((page) => !existsSync(resolve(folder, page)))).toEqual(
      [],
    );
  });

  it.each(pages)('%s has the sections that a user looks for', (name) => {
    const sections = new Set([...readPage(name).text.matchAll(/^\.Sh (.*)$/gm)].map((match) => match[1]));
    const wanted = ['NAME', 'DESCRIPTION', 'FILES', 'EXAMPLES', 'SEE ALSO', 'SECURITY CONSIDERATIONS'];
    const ofPrograms = name.endsWith('.5') ? [] : ['SYNOPSIS', 'EXIT STATUS'];
    expect([...wanted, ...ofPrograms].filter((section) => !sections.has(section))).toEqual([]);
  });
});

describe.skipIf(!needs('mandoc', 'mandoc'))('mandoc', () => {
  it.each(pages)('has no complaint about %s', (name) => {
    const { stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', '-W', 'style', name], {
      cwd: folder,
      encoding: 'utf8',
    });
    // Whether the pages that ours refer to are installed is a matter of the machine.
    const ofMachine = /referenced manual not found|mandoc\.db/;
    expect((stdout + stderr).split('\n').filter((line) => line !== '' && !ofMachine.test(line))).toEqual([]);
  });

  it.each(pages)('shows %s within 80 columns', (name) => {
    const { stdout, status } = spawnSync('mandoc', ['-T', 'utf8', '-O', 'width=80', name], {
      cwd: folder,
      encoding: 'utf8',
    });
    // The lines of distccmon-text are as wide as a terminal.
    const lines = stdout.replaceAll(/.[\b]/gu, '').split('\n');
    expect(status).toBe(0);
    expect(lines.length).toBeGreaterThan(30);
    expect(lines.filter((line) => line.length > 80 && !/^ *\d+ {2}[A-Z][a-z]+ .*\[\d\]$/.test(line))).toEqual([]);
  });
});

describe.skipIf(!needs('groff', 'groff'))('groff', () => {
  it.each(pages)('formats %s without a warning', (name) => {
    const { stderr, status } = spawnSync('groff', ['-mdoc', '-ww', '-z', `-I${top}`, `man/${name}`], {
      cwd: top,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
