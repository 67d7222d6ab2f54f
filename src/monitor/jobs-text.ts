import type { JobRecord } from '../job-state/job-record.ts';

/** A name that is safe on a terminal: the state file may hold anything. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');
}

/** Cuts or pads a text to that many characters; `before` puts the blanks in front. */
function column(text: string, width: number, before = false): string {
  const cut = Array.from(plain(text)).slice(0, width);
  const blanks = ' '.repeat(width - cut.length);
  return before ? `${blanks}${cut.join('')}` : `${cut.join('')}${blanks}`;
}

/**
 * One job as distcc's monitor shows it: process, phase, source, host and slot (doc/distcc-behaviour.md,
 * "distccmon-text").
 */
export function jobLine({ pid, phase, file, host, slot }: JobRecord): string {
  return `${String(pid).padStart(6)}  ${column(phase, 10)}  ${column(file, 30)} ${column(host, 24, true)}[${slot}]`;
}

/** The text of one look: a line for each running job, and an empty line. */
export function jobsText(jobs: readonly JobRecord[]): string {
  const lines = jobs.filter(({ phase }) => phase !== 'Done').map(jobLine);
  return [...lines, '', ''].join('\n');
}
