import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readStatus } from '../../../../src/server/metrics/status.ts';
import type { Status } from '../../../../src/server/metrics/status.ts';
import { stylePolicy, writeStatusPage } from '../../../../src/server/metrics/status-page.ts';
import { counted } from '../../../support/counted-service.ts';

const quiet = readStatus(counted(), []);
const page = (change: Partial<Status> = {}): string => writeStatusPage({ ...quiet, ...change });

/** What a row of a table says, cell by cell. */
const rowsOf = (html: string): string[][] =>
  [...html.matchAll(/<tr role="row"><td.*?<\/tr>/g)].map(([row]) =>
    [...row.matchAll(/<td[^>]*><span>(.*?)<\/span><\/td>/g)].map(([, cell = '']) => cell),
  );

describe('writeStatusPage()', () => {
  it('says in words what is not there', () => {
    for (const sentence of [
      'No job is here now.',
      'No client has come since the start.',
      'Nothing has been refused since the start.',
      'No compiler is permitted by name.',
    ]) {
      expect(page()).toContain(sentence);
    }
    expect(rowsOf(page())).toEqual([]);
  });

  it('shows jobs, clients, refusals and compilers', () => {
    const now = '2026-01-01T12:00:00.000Z';
    const html = page({
      now,
      jobs: [
        { client: '192.0.2.1', stage: 'compiling', compiler: 'gcc', source: 'a.c', seconds: 3.25 },
        { client: '192.0.2.1', stage: 'receiving', compiler: null, source: null, seconds: 0 },
      ],
      connections: { all: 5, now: { receiving: 1, waiting: 0, compiling: 2, answering: 0 } },
      clients: [
        { address: '192.0.2.1', connections: 2, ok: 1500, kept: 300, failed: 2, refused: 1, lost: 0, last: null },
        {
          address: 'fd00::1',
          connections: 0,
          ok: 0,
          kept: 0,
          failed: 0,
          refused: 0,
          lost: 4,
          last: '2026-01-01T11:58:00.000Z',
        },
      ],
      refusals: [
        {
          reason: 'no_slot',
          meaning: 'no slot became free',
          count: 7,
          last: { client: '192.0.2.1', sentence: 'try another', at: '2026-01-01T09:00:00.000Z' },
        },
      ],
      compilers: [
        { name: 'gcc', path: '/usr/bin/gcc', version: '12.2.0', target: 'x86_64-linux-gnu' },
        { name: 'clang', path: null, version: null, target: null },
      ],
    });
    expect(rowsOf(html)).toEqual([
      ['a.c', 'gcc', 'compiling', '192.0.2.1', '3.3 s'],
      ['not known yet', 'not known yet', 'receiving', '192.0.2.1', '0.0 s'],
      ['192.0.2.1', '2', '1,200', '300', '2', '1', '0', 'its first one'],
      ['fd00::1', '0', '0', '0', '0', '0', '4', '2 min ago'],
      ['no slot became free', '7', '192.0.2.1', 'try another', '3 h ago'],
      ['gcc', '/usr/bin/gcc', '12.2.0', 'x86_64-linux-gnu'],
      ['clang', 'permitted and not installed', 'not known', 'not known'],
    ]);
    expect(html).toContain('<p>and 1 more</p>');
  });

  it('shows what strangers write as text', () => {
    const evil = `<img src=x onerror="alert('1')">&amp;`;
    const html = page({
      host: evil,
      jobs: [{ client: evil, stage: 'compiling', compiler: evil, source: evil, seconds: 1 }],
      refusals: [{ reason: 'no_slot', meaning: '', count: 1, last: { client: evil, sentence: evil, at: quiet.now } }],
    });
    expect(html).not.toContain('<img');
    expect(html.split('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;')).toHaveLength(8);
  });

  it('has the one style that its policy permits, and nothing else that a policy could forbid', () => {
    const html = page({ jobs: [{ client: 'a', stage: 'waiting', compiler: null, source: null, seconds: 1 }] });
    const styles = [...html.matchAll(/<style>([^]*?)<\/style>/g)].map(([, text = '']) => text);
    expect(styles).toHaveLength(1);
    const hash = createHash('sha256')
      .update(styles[0] ?? '')
      .digest('base64');
    expect(stylePolicy).toBe(`'sha256-${hash}'`);
    expect(html).not.toMatch(/<script|<link|<img| style=| on\w+=|url\(|@import|https?:/);
  });

  it.each(['light', 'dark'])('has enough contrast for text, %s', (scheme) => {
    const [, light = '', dark = ''] = page().split(/^\s*:root/m);
    const colours = new Map(
      [...(scheme === 'light' ? light : dark).matchAll(/--(\w+): (#[0-9a-f]+)/g)].map(([, name, value = '']) => [
        name,
        value.length === 4 ? value.replaceAll(/[0-9a-f]/g, '$&$&') : value,
      ]),
    );
    /** Relative luminance, as WCAG 2.2 defines it. */
    const luminance = (name: string): number => {
      const parts = (colours.get(name) ?? '').match(/[0-9a-f]{2}/g) ?? [];
      const [red = 0, green = 0, blue = 0] = parts
        .map((part) => Number.parseInt(part, 16) / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    for (const text of ['text', 'quiet', 'accent', 'bad']) {
      for (const ground of ['ground', 'card']) {
        const [lower = 0, higher = 0] = [luminance(text), luminance(ground)].sort((one, other) => one - other);
        expect([text, ground, (higher + 0.05) / (lower + 0.05) >= 4.5]).toEqual([text, ground, true]);
      }
    }
  });

  it('keeps the roles of a table where a narrow screen shows rows as blocks', () => {
    const html = page({ compilers: [{ name: 'gcc', path: null, version: null, target: null }] });
    for (const role of ['table', 'rowgroup', 'row', 'columnheader', 'cell']) expect(html).toContain(`role="${role}"`);
    expect(html).toContain('<html lang="en">');
  });
});
