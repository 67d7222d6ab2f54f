import { beforeEach, describe, expect, it, vi } from 'vitest';
import { JobBoard } from '../../../../src/server/job/job-board.ts';
import type { EndedJob } from '../../../../src/server/job/job-board.ts';
import { endedWith, endedWithout } from '../../../../src/server/job/job-end.ts';
import type { JobEnd } from '../../../../src/server/job/job-end.ts';

const noon = Date.parse('2026-01-01T12:00:00Z');

let board: JobBoard;
beforeEach(() => {
  board = new JobBoard();
});

function visit(client: string, end: JobEnd, now = noon): EndedJob {
  const job = { record: board.begin(client), end, received: 1, sent: 2 };
  board.close(job, now);
  return job;
}

const refused = { reason: 'option_refused', sentence: 'the option "-x" is refused' } as const;

describe('JobBoard', () => {
  it('knows who is served now, the oldest first', () => {
    const [one, other] = [board.begin('192.0.2.1'), board.begin('192.0.2.2')];
    expect(board.open).toEqual([one, other]);
    board.close({ record: one, end: endedWith(0, 'gcc', 'a.c'), received: 0, sent: 0 }, noon);
    expect(board.open).toEqual([other]);
  });

  it('counts what became of the jobs of each client, the latest last', () => {
    visit('192.0.2.1', endedWith(0, 'gcc', 'a.c'));
    visit('192.0.2.2', endedWith(256, 'gcc', 'a.c'));
    visit('192.0.2.1', { ...endedWith(0, 'gcc', 'a.c'), kept: true });
    visit('192.0.2.1', endedWithout('OTHER', 0, refused));
    visit('192.0.2.1', endedWithout('CLI_DISCONN', 107), noon + 1000);
    expect(board.clients).toEqual([
      { address: '192.0.2.2', ok: 0, kept: 0, failed: 1, refused: 0, lost: 0, last: noon },
      { address: '192.0.2.1', ok: 2, kept: 1, failed: 0, refused: 1, lost: 1, last: noon + 1000 },
    ]);
  });

  it('counts no job of a client that only looks', () => {
    const told = vi.fn();
    board.tell(told);
    visit('192.0.2.1', { ...endedWithout('OTHER', 108), unheard: true });
    expect([board.clients, board.open, told.mock.calls]).toEqual([[], [], []]);
  });

  it('counts refusals by reason, with the last sentence of each, cut when it is long', () => {
    board.refuse('access_denied', '192.0.2.9', 'x'.repeat(10_000), noon);
    visit('192.0.2.1', endedWithout('OTHER', 0, refused));
    visit('192.0.2.2', endedWithout('OTHER', 0, refused), noon + 1);
    const known = board.refusals.filter(({ count }) => count > 0);
    expect(known).toEqual([
      { reason: 'access_denied', count: 1, last: { client: '192.0.2.9', sentence: 'x'.repeat(500), at: noon } },
      { reason: 'option_refused', count: 2, last: { client: '192.0.2.2', sentence: refused.sentence, at: noon + 1 } },
    ]);
  });

  it('tells its observer of each end, when its stages are over', () => {
    const told = vi.fn();
    board.tell(told);
    const job = visit('192.0.2.1', endedWith(0, 'gcc', 'a.c'));
    expect(told.mock.calls).toEqual([[job]]);
    expect(job.record.spent('receiving')).toBeGreaterThanOrEqual(0);
  });

  it('remembers 1024 clients, those that came last, however many addresses a stranger has', () => {
    for (let at = 0; at < 1500; at += 1) visit(`2001:db8::${at.toString(16)}`, endedWith(0, 'gcc', 'a.c'));
    visit('2001:db8::256', endedWith(0, 'gcc', 'a.c'));
    expect(board.clients).toHaveLength(1024);
    expect(board.clients[0]?.address).toBe(`2001:db8::${(476).toString(16)}`);
    expect(board.clients.at(-1)).toMatchObject({ address: '2001:db8::256', ok: 2 });
  });
});
