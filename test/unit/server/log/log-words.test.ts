import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { daemonOptions } from '../../../../src/config/daemon-options.ts';
import { endedWith, summaryFields } from '../../../../src/server/job/job-end.ts';
import { counterNames } from '../../../../src/server/job/job-statistics.ts';
import { usualAccounts } from '../../../../src/server/start/drop-privileges.ts';
import { optionsOf, readPage } from '../../config/man-page.ts';

// Whoever reads the journal, the page of --stats or a unit looks the words up in distccd(8).

const top = resolve(import.meta.dirname, '../../../..');
const page = readPage('distccd.8');
const read = (path: string): string => readFileSync(join(top, path), 'utf8');
const bodyOf = (option: string): string => optionsOf(page).get(option)?.body ?? '';

/** What the daemon's own code says, in one text. */
const server = readdirSync(join(top, 'src/server'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(`src/server/${name}`))
  .join('\n');

describe('distccd.8 and the daemon', () => {
  it('have the same results, with the same counters', () => {
    const said = page.items().flatMap(({ head }) => {
      const [, result, counter] = /^Li (\w+) , (dcc_\w+)$/.exec(head) ?? [];
      return result === undefined ? [] : [[result, counter] as const];
    });
    expect(Object.fromEntries(said)).toEqual(counterNames);
  });

  it('have the same fields', () => {
    const ofJobs = Object.keys(summaryFields({ ...endedWith(0, 'gcc', 'a.c'), kept: true }, 1));
    const said = new Set([...page.text.matchAll(/\bDISTCC_([A-Z]+)\b(?! *=)/g)].map(([, name = '']) => name));
    // Variables of the environment, and what a field looks like in a command.
    for (const name of ['CMDLIST', 'SAFEGUARD']) said.delete(name);
    expect([...said].sort()).toEqual([...ofJobs, 'client', 'lines'].map((name) => name.toUpperCase()).sort());
  });

  it('use the same levels', () => {
    const section = page.text.split('.Ss The log')[1]?.split(/^\.S[sh] /m)[0] ?? '';
    const said = [...section.matchAll(/^\.It Cm (\w+)$/gm)].map(([, level = '']) => level);
    const used = new Set(
      [...server.matchAll(/\blog\.(?!say|writes|setLevel)(\w+)\(|\.say\(\s*(?:'[^']*'|\w+),\s*'(\w+)'/g)].map(
        ([, direct, indirect]) => direct ?? indirect ?? '',
      ),
    );
    expect([...used].sort()).toEqual([...said].sort());
    for (const level of said) expect(bodyOf('--log-level')).toMatch(new RegExp(`\\b${level.slice(0, 3)}`));
    // The level of the line about a job is the one that holds without an option.
    expect(server).toMatch(new RegExp(`say\\(kind, '${daemonOptions['log-level'].initial}', summaryLine`));
  });

  it('name the same accounts', () => {
    const said = [...bodyOf('--user').matchAll(/\.Ql (\w+)/g)].map(([, name]) => name);
    expect(said).toEqual([...usualAccounts, 'distccd']);
    for (const unit of ['distccd', 'distccd@', 'distccd-port@'])
      expect(read(`packaging/systemd/${unit}.service`)).toContain('\nUser=distccd\n');
    for (const name of usualAccounts) expect(daemonOptions.user.help).toContain(name);
  });

  it('name the same seconds for --idle-exit in the package', () => {
    const seconds = /"--idle-exit (\d+)"/.exec(read('packaging/systemd/distccd-generator.c'))?.[1];
    expect(seconds).toBeDefined();
    expect(bodyOf('--idle-exit')).toContain(`of Debian's package sets ${seconds}.`);
    expect(read('packaging/systemd/distccd.service')).toContain(
      `it ends ${seconds} s after the last client (--idle-exit`,
    );
  });

  it('refuse the pump mode in one word', () => {
    expect(server).toContain('does not serve the pump mode of distcc');
    expect(page.text.replaceAll(/\s+/g, ' ')).toMatch(/Jobs of the pump mode .* are refused/);
  });
});
