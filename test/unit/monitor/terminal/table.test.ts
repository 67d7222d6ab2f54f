// oxlint-disable no-control-regex -- they are what a terminal is sent
import { describe, expect, it } from 'vitest';
import { AgentPicture } from '../../../../src/monitor/terminal/agent-picture.ts';
import { Farm } from '../../../../src/monitor/terminal/farm-view.ts';
import { writeLine } from '../../../../src/monitor/terminal/line.ts';
import { tableLines } from '../../../../src/monitor/terminal/table.ts';
import type { Shown } from '../../../../src/monitor/terminal/table.ts';
import { pictureOf } from '../../../support/played-agent.ts';

const now = 1_000_000;

function agentWith(...events: Parameters<AgentPicture['hear']>[0][]): AgentPicture {
  const agent = new AgentPicture();
  for (const event of events) agent.hear(event);
  return agent;
}

/** The texts of a table of 80 columns. */
function texts(agents: readonly AgentPicture[], more: Partial<Shown> = {}, rows = 24): string[] {
  const shown = { view: new Farm().view(agents, []), complaints: [], keys: true, now, ...more };
  const look = { unicode: true, colours: false };
  return tableLines(shown, { columns: 80, rows }).map((line) =>
    writeLine(line, 80, look)
      .replaceAll(/\x1b\[\d*m/g, '')
      .trimEnd(),
  );
}

const host = { name: 'build1', slots: 2, done: 0, failed: 0 };

describe('tableLines()', () => {
  it.each([1, 2, 5, 9, 10, 11, 13, 24])('has at most %i lines', (rows) => {
    const hosts = Array.from({ length: 30 }, (_, at) => ({ ...host, name: `build${at}` }));
    const jobs = Array.from({ length: 30 }, (_, job) => ({
      job,
      pid: job,
      directory: '/',
      file: 'a.c',
      began: 0,
      phase: 'compile' as const,
      since: 0,
      host: `build${job}`,
    }));
    expect(texts([agentWith(pictureOf({ hosts, jobs }))], {}, rows)).toHaveLength(rows);
  });

  it.each([
    ['no jobs, and no agent: the first job of a build starts one', []],
    ['no jobs, and no other machine in the list of hosts: see distcc-hosts(5)', [agentWith(pictureOf())]],
    [
      'no jobs, and no other machine in the list of hosts: see distcc-hosts(5)',
      [agentWith(pictureOf({ hosts: [{ ...host, name: 'localhost' }] }))],
    ],
    ['no jobs', [agentWith(pictureOf({ hosts: [host] }))]],
  ])('says "%s"', (text, agents) => {
    expect(texts(agents)).toContain(text);
  });

  it('says for a while that a host has failed, unless its own line does', () => {
    const failure = { kind: 'failure', at: now - 5000, job: 1, host: 'build1', why: 'it burns' } as const;
    const agent = agentWith(pictureOf({ hosts: [host] }), failure);
    expect(texts([agent]).at(-1)).toBe('q quits   build1 failed 5 s ago: it burns');
    expect(texts([agent], { now: now + 100_000 }).at(-1)).toBe('q quits');
    agent.hear({ kind: 'hosts', hosts: [{ ...host, rest: { why: 'it burns', until: now + 3000 } }] });
    expect(texts([agent]).at(-1)).toBe('q quits');
    expect(texts([agent])).toContain('build1        rests 3 s more: it burns');
  });

  it('complains about state files where nobody can press a key too', () => {
    expect(texts([], { complaints: ['wrong magic number: x'] }).at(-1)).toBe('q quits   wrong magic number: x');
    expect(texts([], { complaints: ['wrong magic number: x'], keys: false }).at(-1)).toBe('wrong magic number: x');
  });
});
