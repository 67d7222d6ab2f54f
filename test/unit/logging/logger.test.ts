import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logging/logger.ts';
import { formatLine, printable } from '../../../src/logging/log-line.ts';
import type { Level } from '../../../src/logging/log-line.ts';

function record(level: Level, format: 'text' | 'json' = 'text', prefix = true) {
  const lines: [string, Level][] = [];
  const log = createLogger({ program: 'distccd', level, format, prefix, sink: (line, at) => lines.push([line, at]) });
  return { log, lines };
}

describe('createLogger()', () => {
  it("writes distcc's lines", () => {
    const { log, lines } = record('debug');
    log.critical('a');
    log.error('b');
    log.warning('c');
    log.notice('d');
    log.info('e', { job: 1 });
    log.debug('f');
    const start = `distccd[${process.pid}] `;
    expect(lines).toEqual([
      [`${start}CRITICAL! a`, 'critical'],
      [`${start}ERROR: b`, 'error'],
      [`${start}Warning: c`, 'warning'],
      [`${start}d`, 'notice'],
      [`${start}e`, 'info'],
      [`${start}f`, 'debug'],
    ]);
  });

  it('leaves out lines below its level and says so beforehand', () => {
    const { log, lines } = record('notice');
    log.info('x');
    expect(lines).toEqual([]);
    expect([log.writes('info'), log.writes('notice'), log.writes('error')]).toEqual([false, true, true]);
  });

  it('setLevel() counts from then on', () => {
    const { log, lines } = record('notice');
    log.setLevel('debug');
    log.debug('x');
    expect([log.writes('debug'), lines.length]).toEqual([true, 1]);
    log.setLevel('error');
    log.notice('y');
    expect([log.writes('notice'), lines.length]).toEqual([false, 1]);
  });

  it('leaves the program out where syslog adds it', () => {
    const { log, lines } = record('notice', 'text', false);
    log.error('x');
    expect(lines).toEqual([['ERROR: x', 'error']]);
  });

  it('writes one json object a line with fields', () => {
    const { log, lines } = record('info', 'json');
    log.warning('x\ny', { client: '10.0.0.1' });
    expect(JSON.parse(lines[0]?.[0] ?? '')).toMatchObject({
      level: 'warning',
      message: 'x\ny',
      client: '10.0.0.1',
      program: 'distccd',
    });
  });

  it('hides nothing in json, loses nothing, and cuts what is long', () => {
    const { log, lines } = record('info', 'json');
    const message = 'a\u0085b\u2028c\u202e\u{e0001}d';
    log.warning(message, { source: 'x'.repeat(20_000) });
    const line = lines[0]?.[0] ?? '';
    expect(line).toContain('a\\u0085b\\u2028c\\u202e\\udb40\\udc01d');
    expect(JSON.parse(line)).toMatchObject({ message, source: `${'x'.repeat(16 * 1024)}...` });
  });

  it('hands the facts of each line to where it goes, and never those of another', () => {
    const seen: unknown[] = [];
    const log = createLogger({ program: 'p', level: 'info', sink: (_line, _at, fields) => seen.push(fields) });
    log.notice('a', { client: '10.0.0.1', exit: 1 });
    log.debug('left out', { client: '10.0.0.2' });
    log.notice('b');
    expect(seen).toEqual([{ client: '10.0.0.1', exit: 1 }, {}]);
  });

  it('shows control characters, so that no client can forge a line', () => {
    expect(printable('a\nb\u001b[2J\u0085ü')).toBe('a\\x0ab\\x1b[2J\\x85ü');
    expect(printable('a\u2028b\u2029c\u202e\u2066d\u200e\ud800e\u{e0001}f')).toBe(
      'a\\u2028b\\u2029c\\u202e\\u2066d\\u200e\\ud800e\\u{e0001}f',
    );
    expect(printable('x'.repeat(20_000))).toHaveLength(16 * 1024 + 3);
    expect(formatLine('p', 'notice', 'a\nb')).toBe(`p[${process.pid}] a\\x0ab`);
  });
});
