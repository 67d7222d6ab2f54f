import { execFileSync } from 'node:child_process';
import { needs } from '../../support/needs.ts';
import type { Result, Sandbox } from './sandbox.ts';

/** Whether this machine has the compilers that are tried. */
export const hasCompilers = needs('gcc', 'gcc') && needs('g++', 'g++');

export const triple = hasCompilers ? execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim() : '';

/** Names by which a client of ours calls these compilers. */
export const usual = ['gcc', 'g++', `${triple}-gcc`, `${triple}-g++`];

/** Whatever the build that runs the tests has set. */
export const quiet = { CC: 'gcc', CXX: 'g++', CFLAGS: undefined, CXXFLAGS: undefined, CPPFLAGS: undefined };

/** Runs `distcc --doctor` with a host list. */
export function doctor(
  box: Sandbox,
  hosts: string | undefined,
  more: NodeJS.ProcessEnv = {},
  words: readonly string[] = [],
): Promise<Result> {
  return box.run(['--doctor', ...words], { DISTCC_HOSTS: hosts, ...quiet, ...more });
}

/** The lines about one machine, as "MARK ABOUT TEXT" with single blanks. */
export function about(machine: string, { stdout }: Result): string[] {
  const lines = stdout.split('\n');
  const from = lines.indexOf(machine) + 1;
  if (from === 0) throw new Error(`nothing about ${machine} in ${stdout}`);
  const length = lines.slice(from).findIndex((line) => !line.startsWith('  '));
  return lines.slice(from, from + length).map((line) => line.trim().replaceAll(/ +/g, ' '));
}

/** Those that tell what is to be mended. */
export const faultsIn = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('NO '));
