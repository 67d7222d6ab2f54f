import type { JobStory } from './client-log.ts';
import type { AgentStatus } from '../src/agent-state/status.ts';
import type { Host } from './host.ts';

/** What the demo saw. */
export interface Findings {
  readonly hosts: readonly Host[];
  readonly stories: readonly (JobStory & { readonly file: string })[];
  readonly remoteMs: number;
  readonly localMs: number;
  /** How the jobs were sent; undefined when there was no agent to tell. */
  readonly sent: AgentStatus['sent'] | undefined;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const number = (value: number): string => value.toLocaleString('en-US');

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Prints jobs and bytes per host, the jobs that stayed here with their reasons, and both wall times. */
export function printReport({ hosts, stories, remoteMs, localMs, sent }: Findings): void {
  const row = (...cells: readonly [string, string, string, string]): string =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(18) : cell.padStart(13))).join('');
  console.log(`\n${row('host', 'jobs', 'bytes out', 'bytes back')}`);
  for (const { daemon, relay } of hosts) {
    const jobs = stories.filter(({ host }) => host?.startsWith(`127.0.0.1:${relay.port}`) === true).length;
    const { bytesOut, bytesBack } = relay.counts;
    console.log(row(`127.0.0.1:${daemon.port}`, number(jobs), number(bytesOut), number(bytesBack)));
  }
  const kept = stories.filter(({ host }) => host === 'localhost');
  console.log(row('kept local', number(kept.length), '', ''));
  for (const [reason, count] of countBy(kept.map((story) => story.reason))) console.log(`  ${count} x ${reason}`);
  if (sent !== undefined) {
    const { unpreprocessed, preprocessed, reasons } = sent;
    console.log(`\n${number(unpreprocessed)} sources were sent as they are, ${number(preprocessed)} preprocessed here`);
    for (const { why, jobs } of reasons) console.log(`  ${jobs} x ${why}`);
  }
  console.log(`\ndistributed ${seconds(remoteMs)}, local ${seconds(localMs)} (all on the same processors)`);
}
