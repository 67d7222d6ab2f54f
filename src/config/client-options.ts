import { defaultPort } from '../wire/port.ts';
import { clientVariables } from './client-environment.ts';
import type { Variable } from './client-environment.ts';
import { versionBlock } from './version.ts';

/** An option of the client itself, which must be the first word after `distcc`. */
export interface OwnOption {
  readonly help: string;
}

/**
 * The client's own options (doc/distcc-behaviour.md, "Options of the client"); every other word belongs to the
 * compiler.
 */
export const ownOptions = {
  '--help': { help: 'explain usage and exit' },
  '--version': { help: 'show the version and exit' },
  '--show-hosts': { help: 'show the host list, one host a line, and exit' },
  '-j': { help: 'show how many jobs the host list has room for, and exit' },
  '--agent-status': { help: 'show what the resident agent does, also as --json, and exit' },
  '--summary': { help: 'show what the last build did and what limited it, also as --json, and exit' },
  '--trace': { help: 'write what the agent does to a new FILE, for Perfetto, until interrupted' },
  '--agent-stop': { help: 'have the resident agent end when its jobs are done, and exit' },
  '--doctor': { help: 'examine this machine and the hosts, or those that are named, and say what to mend' },
  '--explain': { help: 'show where the given command would run, and why, without running it' },
  '--scan-includes': { help: 'list the files that a host would get for the command' },
} as const satisfies Readonly<Record<string, OwnOption>>;

/** The name of one of the client's own options. */
export type OwnOptionName = keyof typeof ownOptions;

/** Whether a word is one of the client's own options. */
export function isOwnOption(word: string): word is OwnOptionName {
  return Object.hasOwn(ownOptions, word);
}

/** What `distcc --version` prints. */
export function clientVersion(): string {
  return versionBlock('distcc', 'protocols 1 and 2');
}

const hostForms: readonly (readonly [string, string])[] = [
  ['localhost[/N]', 'compile here, N jobs at a time'],
  ['HOST[/N][:PORT]', `TCP connection, port ${defaultPort}, 4 jobs at a time`],
  ['[IPV6][/N][:PORT]', 'the same to an IPv6 address'],
  ['[USER]@HOST[/N][:COMMAND]', 'connection through ssh'],
  ['HOSTSPEC,lzo', 'compress what is sent'],
  ['HOSTSPEC,down', 'listed, never used'],
  ['--randomize', 'use the hosts in a random order'],
  ['--localslots=N', 'jobs at a time that cannot be distributed (4)'],
  ['--localslots_cpp=N', 'preprocessors at a time (8)'],
];

function column(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, help]) => `  ${name.padEnd(width)}${help}`);
}

/** Lines of the usage, each with as many options as fit. */
function usageLines(options: readonly string[]): string[] {
  const lines: string[] = [];
  for (const option of options) {
    const longer = lines.length === 0 ? `  distcc ${option}` : `${lines.at(-1)}|${option}`;
    if (lines.length > 0 && longer.length <= 100) lines.pop();
    lines.push(longer.length <= 100 ? longer : `  distcc ${option}`);
  }
  return lines;
}

/** What `distcc --help` prints: version, own options, variables and the forms of a host. */
export function clientHelp(): string {
  const variables: [string, Variable<unknown>][] = Object.entries(clientVariables);
  return [
    clientVersion(),
    '',
    'Usage:',
    '  distcc [COMPILER] [compile options] -c SOURCE -o OBJECT',
    ...usageLines(Object.keys(ownOptions)),
    '',
    'Compiles on the hosts of a list; what cannot be distributed, such as linking, is done here. COMPILER is "cc" when it is',
    'left out. Called by the name of a compiler, through a link, distcc runs that compiler. Use it with make -j.',
    '',
    'Options:',
    ...column(Object.entries(ownOptions).map(([name, { help }]) => [name, help])),
    '',
    'Hosts come from $DISTCC_HOSTS, or $DISTCC_DIR/hosts, or ~/.distcc/hosts, or /etc/distcc/hosts:',
    ...column(hostForms),
    '',
    'Environment variables, with what holds when they are not set:',
    ...column(
      variables
        .filter(([, { idle }]) => idle === undefined)
        .map(([name, { help, initial }]) => [name, initial === '' ? help : `${help} (${initial})`]),
    ),
    '',
    'Accepted without effect:',
    ...column(variables.flatMap(([name, { idle }]): [string, string][] => (idle === undefined ? [] : [[name, idle]]))),
    '',
  ].join('\n');
}
