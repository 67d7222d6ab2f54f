import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinear } from '../../../support/linear.ts';
import { longestQuestion, ownPaths, readQuestion } from '../../../../src/server/metrics/question.ts';

const read = (text: string): ReturnType<typeof readQuestion> => readQuestion(Buffer.from(text, 'latin1'));

describe('readQuestion()', () => {
  it.each(ownPaths)('reads a question for %s, and which host it names', (path) => {
    expect(read(`GET ${path} HTTP/1.1\r\nUser-Agent: x\r\nhOsT: \tserver:3633 \r\n\r\n`)).toEqual({
      kind: 'own page',
      method: 'GET',
      path,
      host: 'server:3633',
    });
    expect(read(`GET ${path} HTTP/1.0\n\n`)).toEqual({ kind: 'own page', method: 'GET', path, host: undefined });
    for (const method of ['HEAD', 'POST'] as const)
      expect(read(`${method} ${path} HTTP/1.1\r\n\r\n`)).toMatchObject({ kind: 'own page', method, path });
  });

  it.each(ownPaths)('waits for the rest of a question for %s, however the network cut it', (path) => {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const line = `${method} ${path} HTTP/1.`;
      const whole = `${line}1\r\nHost: a\r\n\r\n`;
      for (let length = 0; length < whole.length; length += 1) {
        const kind = length < line.length ? 'unfinished' : 'unfinished head';
        expect([length, read(whole.slice(0, length)).kind]).toEqual([length, kind]);
      }
    }
    expect(read(`HEAD ${path} HTTP/1.1\r\nHost`)).toEqual({ kind: 'unfinished head', method: 'HEAD' });
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
    'HEAD / HTTP/1.1\r\n',
    'HEAD /metrics/ HTTP/1.1\r\n',
    'POST / HTTP/1.1\r\n',
    'PUT /metrics HTTP/1.1\r\n',
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
        const lines = ['GET', 'HEAD', 'POST'].flatMap((method) => ownPaths.map((path) => `${method} ${path} HTTP/1.`));
        const begins = lines.some((line) => line.startsWith(text));
        expect(readQuestion(Buffer.from(bytes)).kind).toBe(begins ? 'unfinished' : 'distcc page');
      }),
    );
  });

  it.each([' ', '\t', '\r', '\n', 'host:', 'host: \n', '\r\n '])(
    'takes no more than its share of time for %j again and again',
    (piece) => {
      const question = (length: number): string =>
        `GET /metrics HTTP/1.1\r\nhost:a${piece.repeat(length / piece.length)}b\r\n\r\n`;
      expectLinear(read, question, 2000);
    },
  );

  it('has enough of a question that does not end', () => {
    const head = 'GET /metrics HTTP/1.1\r\nA: ';
    expect(read(head.padEnd(longestQuestion - 1, 'a')).kind).toBe('unfinished head');
    expect(read(head.padEnd(longestQuestion, 'a')).kind).toBe('too long');
    expect(read(`${head.padEnd(longestQuestion, 'a')}\r\n\r\n`).kind).toBe('too long');
  });
});
