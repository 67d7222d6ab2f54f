import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestQuestion, ownPaths, readQuestion } from '../../../../src/server/metrics/question.ts';

const read = (text: string): ReturnType<typeof readQuestion> => readQuestion(Buffer.from(text, 'latin1'));

describe('readQuestion()', () => {
  it.each(ownPaths)('reads a question for %s, and which host it names', (path) => {
    expect(read(`GET ${path} HTTP/1.1\r\nUser-Agent: x\r\nhOsT: \tserver:3633 \r\n\r\n`)).toEqual({
      kind: 'own page',
      path,
      host: 'server:3633',
    });
    expect(read(`GET ${path} HTTP/1.0\n\n`)).toEqual({ kind: 'own page', path, host: undefined });
  });

  it.each(ownPaths)('waits for the rest of a question for %s, however the network cut it', (path) => {
    const whole = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    for (let length = 0; length < whole.length; length += 1) {
      expect([length, read(whole.slice(0, length)).kind]).toEqual([length, 'unfinished']);
    }
    expect(read(`GET ${path} HTTP/1.1\r\nHost`)).toEqual({ kind: 'unfinished', path });
  });

  it.each([
    'GET / HTTP/1.0\r\n',
    'GET /metrics/ HTTP/1.1\r\n',
    'GET /metrics?a=b HTTP/1.1\r\n',
    'GET /metrics\r\n',
    'GET //metrics HTTP/1.1\r\n',
    'GET /status.html HTTP/1.1\r\n',
    'GET  /metrics HTTP/1.1\r\n',
    'get /metrics HTTP/1.1\r\n',
    'HEAD /metrics HTTP/1.1\r\n',
    'POST /metrics HTTP/1.1\r\n',
    'GET /metrics HTTP/2\r\n',
    'GET http://server/metrics HTTP/1.1\r\n',
    'PRI * HTTP/2.0\r\n',
    '\u0016\u0003\u0001',
    '\r\n',
    'x',
  ])('leaves everything else to the page of distcc at once: %j', (text) => {
    expect(read(text)).toEqual({ kind: 'distcc page' });
  });

  it('takes any first bytes for a question for the page of distcc, unless they begin one of ours', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        const begins = ownPaths.some((path) => `GET ${path} HTTP/1.`.startsWith(text));
        expect(readQuestion(Buffer.from(bytes)).kind).toBe(begins ? 'unfinished' : 'distcc page');
      }),
    );
  });

  it('has enough of a question that does not end', () => {
    const head = 'GET /metrics HTTP/1.1\r\nA: ';
    expect(read(head.padEnd(longestQuestion - 1, 'a')).kind).toBe('unfinished');
    expect(read(head.padEnd(longestQuestion, 'a')).kind).toBe('too long');
    expect(read(`${head.padEnd(longestQuestion, 'a')}\r\n\r\n`).kind).toBe('too long');
  });
});
