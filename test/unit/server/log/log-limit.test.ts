import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../../src/logging/logger.ts';
import { LogLimit } from '../../../../src/server/log/log-limit.ts';
import type { Fields } from '../../../../src/logging/log-line.ts';

function make() {
  const clock = { now: 0 };
  const lines: string[] = [];
  const log = createLogger({ program: 'test', level: 'notice', prefix: false, sink: (line) => lines.push(line) });
  const limit = new LogLimit(log, () => clock.now);
  const refuse = (address: string, times: number): void => {
    for (let at = 0; at < times; at += 1) limit.of(address).say('a job that was refused', 'warning', `no ${at}`);
  };
  return { clock, lines, limit, refuse };
}

describe('LogLimit', () => {
  it('limits the lines of one kind and address a minute, then writes one with the number of the others', () => {
    const { clock, lines, limit, refuse } = make();
    refuse('a', 100);
    refuse('b', 1);
    limit.of('a').say('a job that was lost', 'error', 'another kind');
    expect(lines).toHaveLength(62);
    clock.now = 59_999;
    expect(limit.review()).toBe(true);
    expect(lines).toHaveLength(62);
    clock.now = 60_000;
    expect(limit.review()).toBe(false);
    expect(lines.slice(62)).toEqual([
      'Warning: left out 40 lines about a job that was refused of a, after 60 within a minute',
    ]);
    refuse('a', 1);
    expect(lines.at(-1)).toBe('Warning: no 0');
  });

  it('says how many it left out before the next line, when nobody looked meanwhile', () => {
    const { clock, lines, refuse } = make();
    refuse('a', 61);
    clock.now = 60_000;
    refuse('a', 1);
    expect(lines.slice(60)).toEqual([
      'Warning: left out 1 lines about a job that was refused of a, after 60 within a minute',
      'Warning: no 0',
    ]);
  });

  it('gives each line of a client the client as a field, besides those of its own', () => {
    const fields: Fields[] = [];
    const log = createLogger({ program: 'test', level: 'notice', sink: (_line, _level, facts) => fields.push(facts) });
    const client = new LogLimit(log).of('fd99::5');
    client.say('a job that was refused', 'warning', 'no');
    client.say('a job that was done', 'notice', 'done', { result: 'COMPILE_OK' });
    expect(fields).toEqual([{ client: 'fd99::5' }, { client: 'fd99::5', result: 'COMPILE_OK' }]);
  });

  it('says it at the end', () => {
    const { lines, limit, refuse } = make();
    refuse('a', 61);
    limit.end();
    limit.end();
    expect(lines).toHaveLength(61);
  });

  it('does not count what would not be written', () => {
    const { lines, limit } = make();
    for (let at = 0; at < 10_000; at += 1) limit.of('a').say('a connection', 'info', 'hello');
    limit.end();
    expect(lines).toEqual([]);
  });

  it('counts strangers beyond 4096 together', () => {
    const { lines, limit, refuse } = make();
    for (let at = 0; at < 5000; at += 1) refuse(`10.0.${at >> 8}.${at & 255}`, 1);
    expect(lines).toHaveLength(4096 + 60);
    limit.end();
    expect(lines.at(-1)).toBe(
      'Warning: left out 844 lines about a job that was refused of other addresses, after 60 within a minute',
    );
  });
});
