import type { JobRecord } from '../job-state/job-record.ts';

/** A name that a terminal shows as it is: whoever made the file may have put anything into it. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');
}

/** Cuts and fills a text to that many characters; `before` puts the blanks in front. */
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

/** What one look shows: a line for each job under way, and an empty one. */
export function jobsText(jobs: readonly JobRecord[]): string {
  const lines = jobs.filter(({ phase }) => phase !== 'Done').map(jobLine);
  return [...lines, '', ''].join('\n');
}
