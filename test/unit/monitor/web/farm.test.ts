import { describe, expect, it } from 'vitest';
import type { AgentEvent, JobEnd, JobPhase, Picture, RunningJob } from '../../../../src/agent-state/events.ts';
import { segmentsOf } from '../../../../src/monitor/web/model/block.ts';
import { FarmModel } from '../../../../src/monitor/web/model/farm.ts';
import type { FeedEvent, StockJob } from '../../../../src/monitor/web/model/feed.ts';
import type { Row } from '../../../../src/monitor/web/model/row.ts';

const start = 1_000_000;

const picture = (more: Partial<Picture> = {}): Picture => ({
  kind: 'picture',
  at: start,
  agent: { pid: 1, version: '1', started: 5 },
  hosts: [{ name: 'one', slots: 2, done: 3, failed: 1 }],
  machine: { processors: 4, busy: 0.5, memoryBytes: 8e9, availableBytes: 4e9 },
  jobs: [],
  here: { done: 0, failed: 0 },
  ended: [],
  ...more,
});

const job = (number: number, phase: JobPhase, since: number, more: Partial<RunningJob> = {}): RunningJob => ({
  job: number,
  pid: 100 + number,
  directory: '/w',
  file: `f${number}.c`,
  began: start,
  phase,
  since,
  ...more,
});

const ended = (number: number, at: number, more: Partial<JobEnd> = {}): JobEnd => ({
  job: number,
  file: `f${number}.c`,
  began: start,
  ended: at,
  status: 0,
  bytesOut: 10,
  bytesIn: 20,
  phases: [],
  ...more,
});

/** A farm that is told of the events of one agent. */
class Told {
  readonly farm = new FarmModel();

  agent(at: number, ...events: readonly AgentEvent[]): void {
    this.hear(at, ...events.map((event) => ({ kind: 'agent', agent: 'a', event }) as const));
  }

  hear(at: number, ...events: readonly FeedEvent[]): void {
    this.farm.take({ at, events });
  }

  row(name: string): Row {
    const row = this.farm.rows.get(name);
    if (row === undefined) throw new Error(`there is no row "${name}"`);
    return row;
  }
}

const at = (name: string): { host: string; slot: number } => ({ host: name, slot: 0 });

describe('FarmModel', () => {
  it('shows a job at its host from its place there on, with its phases', () => {
    const told = new Told();
    told.agent(start, picture());
    told.agent(start + 1, { kind: 'job', job: job(1, 'queue', start + 1) });
    expect(told.farm.waiting.size).toBe(1);
    told.agent(start + 10, { kind: 'job', job: job(1, 'connect', start + 10, at('one')) });
    told.agent(start + 20, { kind: 'job', job: job(1, 'compile', start + 20, at('one')) });
    expect(told.farm.waiting.size).toBe(0);
    const [block] = told.row('one').running;
    expect(block === undefined ? [] : segmentsOf(block, start + 50)).toEqual([
      { phase: 'connect', from: start + 10, to: start + 20 },
      { phase: 'compile', from: start + 20, to: start + 50 },
    ]);
    told.agent(start + 60, { kind: 'end', end: ended(1, start + 60, at('one')) });
    expect(told.row('one').running.size).toBe(0);
    expect(told.row('one').ended).toMatchObject([{ began: start + 10, ended: start + 60, failed: false }]);
  });

  it('shows what a job did here before it had a host in the row of this machine', () => {
    const told = new Told();
    told.agent(start, picture());
    told.agent(start, { kind: 'job', job: job(1, 'preprocess', start) });
    told.agent(start + 30, { kind: 'job', job: job(1, 'send', start + 30, at('one')) });
    expect(told.row('').ended).toMatchObject([{ began: start, ended: start + 30, failed: false }]);
    expect(told.row('one').running.size).toBe(1);
  });

  it('ends an attempt that failed, and goes on where the job goes', () => {
    const told = new Told();
    told.agent(start, picture({ hosts: [...picture().hosts, { name: 'two', slots: 1, done: 0, failed: 0 }] }));
    told.agent(start, { kind: 'job', job: job(1, 'send', start, at('one')) });
    told.agent(start + 5, { kind: 'failure', at: start + 5, job: 1, host: 'one', why: 'it hung up' });
    told.agent(start + 6, { kind: 'job', job: job(1, 'send', start + 6, at('two')) });
    expect(told.row('one').ended).toMatchObject([{ ended: start + 5, failed: true, why: 'it hung up' }]);
    expect([...told.row('two').running]).toMatchObject([{ began: start + 6, failed: false }]);
    expect(told.farm.failures).toEqual([{ at: start + 5, host: 'one', file: 'f1.c', why: 'it hung up' }]);
  });

  it('gives jobs of one slot one lane, also when an end is told late, and jobs of two agents one each', () => {
    const told = new Told();
    const other = { pid: 2, version: '1', started: 6 };
    told.agent(start, picture());
    told.agent(start, { kind: 'job', job: job(1, 'receive', start, at('one')) });
    told.agent(start + 5, { kind: 'job', job: job(2, 'send', start + 5, at('one')) });
    told.agent(start + 6, { kind: 'end', end: ended(1, start + 6, at('one')) });
    expect([...told.row('one').running].map(({ lane }) => lane)).toEqual([0]);
    const jobs = [job(1, 'send', start + 7, at('one'))];
    told.hear(start + 7, { kind: 'agent', agent: 'b', event: picture({ agent: other, jobs }) });
    expect([...told.row('one').running].map(({ lane }) => lane)).toEqual([0, 1]);
    expect(told.row('one').lanes).toBe(2);
  });

  it('lets no two jobs of a lane overlap, whatever is told of their beginnings', () => {
    const told = new Told();
    const ends = [ended(1, start + 50, at('one')), ended(2, start + 90, at('one'))];
    told.agent(start + 100, picture({ ended: ends }));
    expect(told.row('one').ended.map(({ began, ended: to }) => [began, to])).toEqual([
      [start, start + 50],
      [start + 50, start + 90],
    ]);
  });

  it('counts an end once, however often a picture repeats it', () => {
    const told = new Told();
    const end = ended(1, start - 10, at('one'));
    told.agent(start, picture({ ended: [end] }));
    told.agent(start + 1, picture({ ended: [end] }));
    expect(told.row('one').ended).toHaveLength(1);
  });

  it('keeps jobs at work over a new connection to the same agent, and ends those that it no longer has', () => {
    const told = new Told();
    told.agent(start, picture());
    for (const number of [1, 2])
      told.agent(start, { kind: 'job', job: job(number, 'compile', start, { host: 'one', slot: number - 1 }) });
    told.hear(start + 10, { kind: 'start' });
    const again = picture({ jobs: [job(1, 'compile', start, at('one'))] });
    told.hear(start + 20, { kind: 'agent', agent: 'b', event: again }, { kind: 'looked' });
    expect([...told.row('one').running]).toMatchObject([{ key: '1-5:1', began: start }]);
    expect(told.row('one').ended).toMatchObject([{ key: '1-5:2', ended: start + 20 }]);
    expect(told.farm.agents.size).toBe(1);
  });

  it('ends the jobs of an agent that is not found again', () => {
    const told = new Told();
    told.agent(start, picture({ jobs: [job(1, 'compile', start, at('one'))] }));
    told.hear(start + 10, { kind: 'start' }, { kind: 'looked' });
    expect(told.row('one').running.size).toBe(0);
    expect(told.farm.agents.size).toBe(0);
  });

  it('adds the counters of two agents that share a host', () => {
    const told = new Told();
    told.agent(start, picture());
    told.hear(start, { kind: 'agent', agent: 'b', event: picture({ agent: { pid: 2, version: '1', started: 6 } }) });
    expect(told.row('one')).toMatchObject({ slots: 2, done: 6, failed: 2 });
    told.hear(start, { kind: 'agent-gone', agent: 'b' });
    expect(told.row('one')).toMatchObject({ done: 3, failed: 1 });
  });

  it('has the totals of the agents that run, which count since they started', () => {
    const told = new Told();
    told.agent(start, picture({ here: { done: 7, failed: 2 }, ended: [ended(1, start), ended(2, start, at('one'))] }));
    expect(told.farm.totals).toEqual({ remote: 3, here: 7, failedHere: 2, failed: 1 });
    told.agent(start, { kind: 'end', end: ended(3, start, { status: 1 }) }, { kind: 'end', end: ended(4, start) });
    const { status: _, ...interrupted } = ended(5, start, { why: 'it was interrupted', interrupted: true });
    told.agent(start, { kind: 'end', end: interrupted });
    told.agent(start, { kind: 'end', end: ended(4, start) });
    expect(told.farm.totals).toEqual({ remote: 3, here: 9, failedHere: 3, failed: 1 });
    expect(told.row('')).toMatchObject({ done: 9, failed: 3 });
  });

  it('never mixes the totals of agents that run one after the other, nor those of hosts that left the list', () => {
    const told = new Told();
    told.agent(start, picture({ here: { done: 7, failed: 0 }, ended: [ended(1, start, at('one'))] }));
    told.hear(start, { kind: 'agent-gone', agent: 'a' });
    expect(told.farm.totals).toEqual({ remote: 3, here: 7, failedHere: 0, failed: 1 });
    const hosts = [{ name: 'two', slots: 1, done: 1, failed: 0 }];
    const other = picture({ agent: { pid: 2, version: '1', started: 6 }, hosts });
    told.hear(start, { kind: 'agent', agent: 'b', event: other });
    expect(told.farm.totals).toEqual({ remote: 1, here: 0, failedHere: 0, failed: 0 });
    expect(told.row('').done).toBe(0);
    told.hear(start, { kind: 'agent', agent: 'b', event: { kind: 'hosts', hosts: [] } });
    expect(told.farm.totals.remote).toBe(0);
  });

  it('keeps the totals while the connection to the same agent is lost', () => {
    const told = new Told();
    told.agent(start, picture({ here: { done: 7, failed: 0 } }));
    told.hear(start, { kind: 'start' });
    expect(told.farm.totals).toMatchObject({ remote: 3, here: 7 });
    told.hear(start, { kind: 'agent', agent: 'b', event: picture({ here: { done: 8, failed: 0 } }) });
    expect(told.farm.totals).toMatchObject({ remote: 3, here: 8 });
  });

  it('shows hosts in the order of the list, also those that jobs were seen at before', () => {
    const told = new Told();
    const hosts = ['b', 'a', 'c'].map((name) => ({ name, slots: 1, done: 0, failed: 0 }));
    told.agent(start, picture({ hosts, ended: [ended(1, start, at('old')), ended(2, start, at('c'))] }));
    told.agent(start, { kind: 'hosts', hosts });
    expect([...told.farm.rows.keys()]).toEqual(['', 'b', 'a', 'c', 'old']);
  });

  const stock = (pid: number, phase: string, more: Partial<StockJob> = {}): StockJob => ({
    pid,
    file: 'x.c',
    host: 'localhost',
    slot: 0,
    phase,
    ...more,
  });

  it('shows jobs of clients without an agent, by what is seen of them', () => {
    const told = new Told();
    told.hear(start, { kind: 'looked' }, { kind: 'stock', jobs: [stock(7, 'Preprocess')] });
    told.hear(start + 10, { kind: 'stock', jobs: [stock(7, 'Send', { host: 'three', slot: 1 })] });
    told.hear(start + 20, { kind: 'stock', jobs: [stock(7, 'Compile', { host: 'three', slot: 1 })] });
    told.hear(start + 90, { kind: 'stock', jobs: [] });
    expect(told.row('').ended).toMatchObject([{ began: start, ended: start + 10 }]);
    expect(told.row('three').ended).toMatchObject([{ lane: 1, began: start + 10, ended: start + 90, failed: false }]);
    expect(told.row('three').done).toBe(1);
    expect(told.farm.totals).toEqual({ remote: 1, here: 0, failedHere: 0, failed: 0 });
  });

  it('leaves the state files of agents to the agents, also for a moment after a job has ended', () => {
    const told = new Told();
    told.agent(start, picture({ jobs: [job(1, 'compile', start, at('one'))] }));
    told.hear(start, { kind: 'stock', jobs: [stock(101, 'Compile', { host: 'one' })] });
    expect(told.row('one').running.size).toBe(1);
    told.agent(start + 5, { kind: 'end', end: ended(1, start + 5, at('one')) });
    told.hear(start + 6, { kind: 'stock', jobs: [stock(101, 'Compile', { host: 'one' })] });
    expect(told.row('one').running.size).toBe(0);
    told.farm.forget(start + 60_000);
    // By now it is the number of another process.
    told.hear(start + 60_000, { kind: 'stock', jobs: [stock(101, 'Compile', { host: 'one' })] });
    expect(told.row('one').running.size).toBe(1);
  });

  it('gives a job to its agent when its state file was seen before the agent was', () => {
    const told = new Told();
    told.hear(start, { kind: 'stock', jobs: [stock(101, 'Compile', { host: '127.0.0.1' }), stock(102, 'Startup')] });
    told.agent(start + 9, picture({ jobs: [job(1, 'compile', start, at('one')), job(2, 'queue', start)] }));
    expect(told.row('one').running.size).toBe(1);
    expect(told.row('127.0.0.1').running.size).toBe(0);
    expect([...told.farm.waiting.keys()]).toEqual(['1-5:2']);
    told.farm.forget(start + 10);
    expect([...told.farm.rows.keys()]).toEqual(['', 'one']);
  });

  it('shows the attempts of jobs that had ended before', () => {
    const told = new Told();
    const phases = [
      { phase: 'queue', at: start },
      { phase: 'connect', at: start + 1, host: 'two', slot: 1 },
      { phase: 'send', at: start + 2, host: 'two', slot: 1 },
      { phase: 'connect', at: start + 5 },
      { phase: 'compile', at: start + 6 },
    ] as const;
    told.agent(start + 20, picture({ ended: [ended(1, start + 9, { ...at('one'), phases })] }));
    expect(told.row('two').ended).toMatchObject([{ began: start + 1, ended: start + 5, lane: 1, failed: true }]);
    expect(told.row('one').ended).toMatchObject([{ began: start + 5, ended: start + 9, failed: false }]);
  });

  it('tells how a job left each place: it went on, was interrupted, or was lost with its agent', () => {
    const told = new Told();
    const { status: _, ...end } = ended(1, start + 30, { why: 'it was interrupted', interrupted: true });
    told.agent(start, picture(), { kind: 'job', job: job(1, 'scan', start) });
    told.agent(start, { kind: 'job', job: job(2, 'local', start) }, { kind: 'job', job: job(3, 'local', start) });
    told.agent(start + 5, { kind: 'job', job: job(1, 'compile', start + 5, at('one')) });
    const phases = [
      { phase: 'scan', at: start },
      { phase: 'compile', at: start + 5, ...at('one') },
    ] as const;
    told.agent(start + 30, { kind: 'end', end: { ...end, phases } }, { kind: 'end', end: { ...end, job: 2 } });
    told.hear(start + 40, { kind: 'agent-gone', agent: 'a' });
    expect(told.row('').ended.map(({ key, left }) => [key, left])).toEqual([
      ['1-5:1', 'went on'],
      ['1-5:2', 'interrupted'],
      ['1-5:3', 'not known'],
    ]);
    expect(told.row('one').ended).toMatchObject([
      { left: 'interrupted', failed: false, began: start + 5, ended: start + 30, phases: [{}, { phase: 'compile' }] },
    ]);
  });

  it('shows a job that was interrupted before it was seen at the host where it was, and no attempt that failed', () => {
    const told = new Told();
    const phases = [
      { phase: 'connect', at: start + 1, host: 'two', slot: 1 },
      { phase: 'compile', at: start + 5, ...at('one') },
    ] as const;
    const { status: _, ...end } = ended(1, start + 30, { why: 'it was interrupted', interrupted: true, phases });
    told.agent(start + 40, picture({ ended: [end] }));
    expect(told.row('two').ended).toMatchObject([{ left: 'went on', failed: true, ended: start + 5 }]);
    expect(told.row('one').ended).toMatchObject([{ left: 'interrupted', failed: false, began: start + 5 }]);
    expect(told.row('').ended).toEqual([]);
  });

  it('forgets what is older than five minutes, and a host that is not listed with its last job', () => {
    const told = new Told();
    told.agent(start, picture({ ended: [ended(1, start, at('old')), ended(2, start, at('one'))] }));
    told.farm.forget(start + 299_000);
    expect(told.farm.rows.has('old')).toBe(true);
    told.farm.forget(start + 301_000);
    expect([...told.farm.rows.keys()]).toEqual(['', 'one']);
    expect(told.row('one').ended).toEqual([]);
  });

  it('tells how much of its slots a host has used', () => {
    const told = new Told();
    told.agent(start, picture({ jobs: [job(1, 'compile', start, at('one'))] }));
    expect(told.row('one').busyShare(start + 10_000, 20_000)).toBeCloseTo(0.25);
    told.agent(start + 10_000, { kind: 'end', end: ended(1, start + 10_000, at('one')) });
    expect(told.row('one').busyShare(start + 20_000, 20_000)).toBeCloseTo(0.25);
  });

  it('has the rates of the last ten seconds', () => {
    const told = new Told();
    told.agent(start, picture());
    for (let number = 1; number <= 20; number += 1)
      told.agent(start, { kind: 'end', end: ended(number, start, at('one')) });
    expect(told.farm.rates(start + 5000)).toEqual({ jobs: 2, bytesOut: 20, bytesIn: 40 });
    expect(told.farm.rates(start + 11_000)).toEqual({ jobs: 0, bytesOut: 0, bytesIn: 0 });
  });
});
