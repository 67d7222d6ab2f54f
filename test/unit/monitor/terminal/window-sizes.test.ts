// oxlint-disable no-control-regex -- they are what a terminal is sent
import { describe, expect, it } from 'vitest';
import type { HostPicture, RunningJob } from '../../../../src/agent-state/events.ts';
import { AgentPicture } from '../../../../src/monitor/terminal/agent-picture.ts';
import { Farm } from '../../../../src/monitor/terminal/farm-view.ts';
import { writeLine } from '../../../../src/monitor/terminal/line.ts';
import type { Line } from '../../../../src/monitor/terminal/line.ts';
import { tableLines } from '../../../../src/monitor/terminal/table.ts';
import { playedBuild } from '../../../support/played-build.ts';
import { pictureOf } from '../../../support/played-agent.ts';

const now = 1_000_000;
const look = { unicode: true, colours: false };

interface Sizes {
  readonly hosts: number;
  readonly jobs: number;
  /** Words of advice. */
  readonly advice: number;
}

/** An agent's farm with so much in it. */
function agentWith({ hosts, jobs, advice }: Sizes): AgentPicture {
  const host = (at: number): HostPicture => ({
    name: `server${at}.example.com:4000`,
    slots: 4,
    done: at * 1000,
    failed: 3,
    expected: 1.2,
    ...(at === 2 ? { rest: { why: 'Connection refused', until: now + 9000 } } : {}),
  });
  const job = (at: number): RunningJob => ({
    job: at,
    pid: at,
    directory: '/',
    file: `directory/file${at}.c`,
    began: now - 1000,
    phase: at % 3 === 2 ? 'queue' : 'compile',
    since: now,
    ...(at % 3 === 2 ? { why: 'a slot' } : { host: `server${at % hosts}.example.com:4000`, slot: at % 4 }),
  });
  const build = playedBuild({ limitText: Array.from({ length: advice }, () => 'advice').join(' ') });
  const agent = new AgentPicture();
  agent.hear(
    pictureOf({
      hosts: Array.from({ length: hosts }, (_, at) => host(at)),
      jobs: Array.from({ length: jobs }, (_, at) => job(at)),
      build,
    }),
  );
  return agent;
}

function linesFor(agent: AgentPicture, columns: number, rows: number): Line[] {
  const view = new Farm().view([agent], []);
  return tableLines({ view, complaints: [], keys: true, now }, { columns, rows });
}

const textOf = (line: Line, columns: number): string =>
  writeLine(line, columns, look)
    .replaceAll(/\x1b\[\d*m/g, '')
    .trimEnd();

const columnTitles = new Set(['host', 'slots', 'busy', 'done', 'failed', 'a job', 'phase', 'slot', 'age', 'file']);

const isHeading = (line: Line | undefined): boolean => line?.[0]?.style === 'heading';
const isJob = ([first]: Line): boolean => first?.text === 'compile' || first?.text === 'queue';
const isHost = ([first]: Line): boolean => first?.text.startsWith('server') === true;

/** What is wrong with the table in a window of that size; empty when nothing is. */
function faultsAt(agent: AgentPicture, columns: number, rows: number): string[] {
  const lines = linesFor(agent, columns, rows);
  const { length: jobs } = [...agent.jobs];
  const faults: string[] = [];
  if (lines.length > rows) faults.push(`${lines.length} lines`);
  const texts = lines.map((line) => textOf(line, columns));
  if (texts.some(({ length }) => length > columns)) faults.push('a line is too wide');
  lines.forEach((line, at) => {
    const next = lines[at + 1];
    if (isHeading(line) && (next === undefined || !(isJob(next) || isHost(next))))
      faults.push('a heading without rows');
    const text = texts[at] ?? '';
    const words = text.split(/ {2,}| (?!job)/).filter((word) => word !== '');
    // A window that is narrower than the first columns cuts them.
    if (isHeading(line) && columns > 20 && words.some((word) => !columnTitles.has(word)))
      faults.push(`heading: ${text}`);
  });
  const shown = { jobs: lines.filter(isJob).length, hosts: lines.filter(isHost).length };
  if (rows >= 2 && jobs > 0 && shown.jobs === 0) faults.push('no job');
  if (rows >= 8 && agent.hosts.length > 0 && shown.hosts === 0) faults.push('no host');
  const hasAdvice = lines.some(([first]) => first?.text.startsWith('advice') === true);
  if (hasAdvice && shown.jobs < Math.min(jobs, 5)) faults.push('advice in place of jobs');
  return faults.map((fault) => `${columns}x${rows}: ${fault}`);
}

describe('tableLines() in a window of any size', () => {
  it.each<[string, Sizes]>([
    ['14 jobs, 6 hosts and a long advice', { hosts: 6, jobs: 14, advice: 30 }],
    ['many jobs and hosts', { hosts: 30, jobs: 60, advice: 5 }],
    ['one job and one host', { hosts: 1, jobs: 1, advice: 0 }],
    ['many hosts without a job', { hosts: 30, jobs: 0, advice: 20 }],
  ])('shows some of %s', (_, sizes) => {
    const agent = agentWith(sizes);
    const faults: string[] = [];
    for (let rows = 1; rows <= 40; rows += 1)
      for (let columns = 1; columns <= 120; columns += 1) faults.push(...faultsAt(agent, columns, rows));
    expect(faults).toEqual([]);
  });

  it('has hosts, jobs and the build before advice in 50 columns and 12 rows', () => {
    const lines = linesFor(agentWith({ hosts: 6, jobs: 14, advice: 30 }), 50, 12);
    expect(lines.map((line) => textOf(line, 50))).toEqual([
      '14 jobs: 10 at hosts, 0 here, 4 waiting   6 hosts,',
      'this machine      [###.......] 25 % of 8 proces...',
      'build: 50 jobs in 12 s, 40 at hosts (80 %), 10 ...',
      'host              slots     busy    done  failed',
      'server0.examp...  [###.]     3/4       0       3',
      'and 5 more: 7 of 20 slots busy, 1 resting',
      '',
      'phase            age  file',
      'compile          1 s  directory/file0.c',
      'compile          1 s  directory/file1.c',
      'and 12 more, 4 of them waiting',
      'q quits',
    ]);
  });
});
