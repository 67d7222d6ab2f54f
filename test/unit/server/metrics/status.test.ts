import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { endedWith } from '../../../../src/server/job/job-end.ts';
import { FairQueue } from '../../../../src/server/limits/fair-queue.ts';
import { mostShown, readStatus } from '../../../../src/server/metrics/status.ts';
import { counted } from '../../../support/counted-service.ts';

describe('readStatus()', () => {
  it('shows a new service', () => {
    const status = readStatus(counted(), [{ name: 'gcc', path: undefined }]);
    expect(status).toMatchObject({
      host: hostname(),
      slots: { all: 7, busy: 0, waiting: 0 },
      connections: { all: 0, now: { receiving: 0, waiting: 0, compiling: 0, answering: 0 } },
      jobs: [],
      clients: [],
      clientsPresent: 0,
      refusals: [],
      compilers: [{ name: 'gcc', path: null, version: null, target: null }],
      keptResults: null,
      requestMemory: { used: 0, limit: 8_388_608 },
    });
    expect(Date.parse(status.started)).toBeLessThanOrEqual(Date.parse(status.now));
    expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  });

  it('shows the jobs of now and where they are', async () => {
    const service = counted({ queue: new FairQueue(1), jobs: 1 });
    const claim = { client: '192.0.2.1', signal: new AbortController().signal, putBack: () => {} };
    await service.queue.enter(claim);
    void service.queue.enter(claim);
    const running = service.board.begin('192.0.2.1');
    running.name('gcc', 'src/a.c');
    running.enter('compiling', performance.now());
    service.board.begin('192.0.2.2');
    const { slots, jobs, connections, clients, clientsPresent } = readStatus(service, []);
    expect(slots).toEqual({ all: 1, busy: 1, waiting: 1 });
    expect(connections.now).toEqual({ receiving: 1, waiting: 0, compiling: 1, answering: 0 });
    expect(jobs).toMatchObject([
      { client: '192.0.2.1', stage: 'compiling', compiler: 'gcc', source: 'a.c' },
      { client: '192.0.2.2', stage: 'receiving', compiler: null, source: null },
    ]);
    expect(clients).toMatchObject([
      { address: '192.0.2.1', connections: 1, ok: 0, last: null },
      { address: '192.0.2.2', connections: 1 },
    ]);
    expect(clientsPresent).toBe(2);
  });

  it('has the latest client first, and counts those of the last five minutes', () => {
    const service = counted();
    const visit = (client: string, now: number): void => {
      const record = service.board.begin(client);
      service.board.close({ record, end: endedWith(0, 'gcc', 'a.c'), received: 0, sent: 0 }, now);
    };
    visit('192.0.2.1', Date.now() - 6 * 60_000);
    visit('192.0.2.2', Date.now() - 4 * 60_000);
    const { clients, clientsPresent } = readStatus(service, []);
    expect(clients.map(({ address }) => address)).toEqual(['192.0.2.2', '192.0.2.1']);
    expect(clientsPresent).toBe(1);
  });

  it('is as long as a page may be, whatever strangers do, and escapes what they write', () => {
    const service = counted();
    for (let at = 0; at < 2000; at += 1) {
      const record = service.board.begin(`192.0.2.${at}`);
      record.name('\u202Egcc', `\u001B[31m${'a'.repeat(5000)}`);
    }
    service.board.refuse('option_refused', '192.0.2.1', `\u0007${'b'.repeat(5000)}`, Date.now());
    const status = readStatus(service, []);
    expect([status.jobs.length, status.clients.length]).toEqual([mostShown, mostShown]);
    expect(status.jobs[0]).toMatchObject({
      compiler: '\\u202egcc',
      source: expect.stringMatching(/^\\x1b\[31ma{195}$/),
    });
    expect(status.refusals[0]?.last.sentence).toMatch(/^\\x07b{499}$/);
    expect(JSON.stringify(status).length).toBeLessThan(150_000);
  });
});
