import { describe, expect, it } from 'vitest';
import { judgeRequest } from '../../../../src/monitor/web/judge-request.ts';
import type { WebRequest } from '../../../../src/monitor/web/judge-request.ts';

const token = '0123456789abcdef0123456789abcdef';
const good: WebRequest = { method: 'GET', url: `/${token}/`, headers: { host: '127.0.0.1:4000' } };
const judge = (more: Partial<WebRequest>, headers: WebRequest['headers'] = {}): unknown =>
  judgeRequest({ ...good, ...more, headers: { ...good.headers, ...headers } }, 4000, token);
const refused = (status: number): unknown => ({ status, because: expect.any(String) });

describe('judgeRequest()', () => {
  it.each([
    ['the page', {}, {}, 'page.html'],
    ['another file', { url: `/${token}/events` }, {}, 'events'],
    ['HEAD', { method: 'HEAD' }, {}, 'page.html'],
    ['localhost', {}, { host: 'localhost:4000' }, 'page.html'],
    ["the page's own requests", {}, { origin: 'http://127.0.0.1:4000', 'sec-fetch-site': 'same-origin' }, 'page.html'],
    ['an address that was typed', {}, { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 'page.html'],
    ['a link in another page', {}, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 'page.html'],
  ] as const)('serves %s', (_, more, headers, serve) => {
    expect(judge(more, headers)).toEqual({ serve });
  });

  it.each([
    ['a name that leads here', {}, { host: 'evil.example:4000' }, 421],
    ['another port', {}, { host: '127.0.0.1:4001' }, 421],
    ['no name', {}, { host: '' }, 421],
    ['another origin', {}, { origin: 'http://evil.example' }, 403],
    ['an origin without a name', {}, { origin: 'null' }, 403],
    ['the origin of another port', {}, { origin: 'http://127.0.0.1:4001' }, 403],
    ['a script of another site', {}, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a page of another port', {}, { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, 403],
    ['no token', { url: '/' }, {}, 403],
    ['the token of another start', { url: `/${'f'.repeat(32)}/` }, {}, 403],
    ['the beginning of a token', { url: `/${token.slice(0, 31)}/` }, {}, 403],
    ['a token in the query', { url: `/?${token}` }, {}, 403],
    ['another method', { method: 'POST' }, {}, 405],
    ['a path below', { url: `/${token}/../etc/passwd` }, {}, 404],
    ['a token without its slash', { url: `/${token}` }, {}, 404],
  ] as const)('refuses %s', (_, more, headers, status) => {
    expect(judge(more, headers)).toEqual(refused(status));
  });
});
