import { describe, expect, it } from 'vitest';
import type { HostPicture, RunningJob } from '../../../../src/agent-state/events.ts';
import type { ListedJob } from '../../../../src/job-state/state-folder.ts';
import { AgentPicture } from '../../../../src/monitor/terminal/agent-picture.ts';
import { Farm } from '../../../../src/monitor/terminal/farm-view.ts';
import { pictureOf } from '../../../support/played-agent.ts';

const host = (name: string, more: Partial<HostPicture> = {}): HostPicture => ({
  name,
  slots: 4,
  done: 1,
  failed: 0,
  ...more,
});

const job = (number: number, more: Partial<RunningJob> = {}): RunningJob => ({
  job: number,
  pid: number,
  directory: '/',
  file: `${number}.c`,
  began: 1000 + number,
  phase: 'compile',
  since: 0,
  host: 'build1',
  ...more,
});

const state = (pid: number, more: Partial<ListedJob> = {}): ListedJob => ({
  pid,
  file: `${pid}.c`,
  host: 'build1',
  slot: 0,
  phase: 'Compile',
  changed: 5000,
  ...more,
});

function agentWith(...first: Parameters<typeof pictureOf>): AgentPicture {
  const picture = new AgentPicture();
  picture.hear(pictureOf(...first));
  return picture;
}

const end = (number: number, ended: number) =>
  ({ kind: 'end', end: { ...job(number), ended, bytesOut: 0, bytesIn: 0, phases: [] } }) as const;

describe('Farm', () => {
  it('lists jobs at work before those that wait, each oldest first', () => {
    const agent = agentWith({ jobs: [job(1, { phase: 'queue' }), job(3), job(2), job(0, { phase: 'queue' })] });
    expect(new Farm().view([agent], [state(9, { changed: 10 })]).jobs.map(({ pid }) => pid)).toEqual([9, 2, 3, 0, 1]);
  });

  it('leaves out the state file of a process whose job an agent tells of, or has told the end of since', () => {
    const agent = agentWith({ jobs: [job(1), job(2), job(3)] });
    agent.hear(end(2, 6000));
    agent.hear(end(3, 4000));
    const { jobs } = new Farm().view([agent], [state(1), state(2), state(3), state(4)]);
    // Process 3 has another job since.
    expect(jobs.map(({ pid }) => pid)).toEqual([1, 3, 4]);
  });

  it('takes a host to compile when the state file says so, where the agent learns later that it had connected', () => {
    const agent = agentWith({ jobs: [job(1, { phase: 'connect' }), job(2, { phase: 'connect' }), job(3)] });
    const states = [state(1), state(2, { phase: 'Connect' }), state(3, { phase: 'Connect' })];
    expect(new Farm().view([agent], states).jobs.map(({ phase }) => phase)).toEqual(['compile', 'connect', 'compile']);
    const local = [state(2, { host: 'localhost' })];
    expect(new Farm().view([agent], local).jobs.map(({ phase }) => phase)).toEqual(['connect', 'connect', 'compile']);
  });

  it('counts busy slots by host, also where a state file has only the bare name', () => {
    const agent = agentWith({
      hosts: [host('user@build1'), host('build2:4000'), host('[fe80::1]:4000'), host('localhost', { slots: 2 })],
      jobs: [
        job(1, { host: 'user@build1' }),
        job(2, { host: 'localhost', phase: 'local' }),
        job(3, { phase: 'queue' }),
      ],
    });
    const states = [
      state(11),
      state(12, { host: 'build2' }),
      state(13, { host: 'fe80::1' }),
      state(14, { host: 'zulu' }),
      state(15, { host: 'alpha' }),
      state(16, { host: 'localhost' }),
      state(17, { phase: 'Done' }),
    ];
    const { hosts, jobs } = new Farm().view([agent], states);
    expect(hosts.map(({ name, busy, known }) => [name, busy, known?.slots])).toEqual([
      ['user@build1', 2, 4],
      ['build2:4000', 1, 4],
      ['[fe80::1]:4000', 1, 4],
      ['alpha', 1, undefined],
      ['zulu', 1, undefined],
    ]);
    const here = jobs.filter((one) => one.host === undefined).map(({ pid, phase }) => [pid, phase]);
    expect(here).toEqual([
      [2, 'local'],
      [16, 'local'],
    ]);
  });

  it('puts together what two agents know', () => {
    const rest = { why: 'it burns', until: 9000 };
    const older = agentWith({ hosts: [host('build1', { rest })], jobs: [job(1)] });
    const newer = agentWith({ hosts: [host('build1', { failed: 2 }), host('build2')], jobs: [job(1, { pid: 7 })] });
    newer.hear({ kind: 'failure', at: 5, job: 1, host: 'build1', why: 'later' });
    older.hear({ kind: 'failure', at: 4, job: 1, host: 'build1', why: 'earlier' });
    const view = new Farm().view([older, newer], []);
    expect(view).toMatchObject({ agents: 2, failure: { why: 'later' } });
    expect(view.hosts).toMatchObject([
      { name: 'build1', busy: 2, known: { done: 2, failed: 2, rest } },
      { name: 'build2', busy: 0 },
    ]);
  });

  it('keeps when the state file of a process was first seen: each phase writes it again', () => {
    const farm = new Farm();
    expect(farm.view([], [state(1)]).jobs).toMatchObject([{ began: 5000 }]);
    expect(farm.view([], [state(1, { changed: 7000 })]).jobs).toMatchObject([{ began: 5000 }]);
    farm.view([], []);
    expect(farm.view([], [state(1, { changed: 9000 })]).jobs).toMatchObject([{ began: 9000 }]);
  });
});

describe('AgentPicture', () => {
  it('starts anew with each picture', () => {
    const agent = agentWith({ hosts: [host('build1')], jobs: [job(1)] });
    agent.hear({ kind: 'job', job: job(2) });
    agent.hear(pictureOf({ jobs: [job(3)] }));
    expect([...agent.jobs].map(({ job: number }) => number)).toEqual([3]);
    expect(agent.hosts).toEqual([]);
  });

  it('forgets processes whose jobs ended long ago', () => {
    const agent = agentWith({ jobs: [job(1), job(2)] });
    agent.hear(end(1, 1000));
    expect(agent.endOf(1)).toBe(1000);
    agent.hear(end(2, 100_000));
    expect(agent.endOf(1)).toBeUndefined();
    expect(agent.endOf(2)).toBe(100_000);
  });
});
