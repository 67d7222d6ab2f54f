import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JobEnd, JobPhase } from '../../../../src/agent-state/events.ts';
import { TraceEvents } from '../../../../src/client/trace/trace-events.ts';
import type { TraceEvent } from '../../../../src/client/trace/trace-events.ts';

const end: JobEnd = {
  job: 7,
  file: 'a.c',
  began: 1000,
  ended: 1200,
  host: 'one',
  slot: 2,
  status: 0,
  sent: 'unpreprocessed',
  bytesOut: 5,
  bytesIn: 6,
  phases: [
    { phase: 'queue', at: 1000 },
    { phase: 'scan', at: 1010 },
    { phase: 'connect', at: 1030, host: 'gone', slot: 0 },
    { phase: 'connect', at: 1050 },
    { phase: 'compile', at: 1060 },
    { phase: 'receive', at: 1190 },
  ],
};

const slices = (events: readonly TraceEvent[]) =>
  events.filter(({ ph }) => ph === 'X').map(({ name, pid, tid, ts = 0, dur = 0 }) => [name, pid, tid, ts, dur]);

test('TraceEvents gives each slot of a host a row, with the phases inside the job', () => {
  const makes = new TraceEvents();
  const events = makes.add({ kind: 'end', end });
  expect(slices(events)).toEqual([
    ['a.c', 2, 0, 1_000_000, 10_000],
    ['a.c', 1, 0, 1_010_000, 20_000],
    ['a.c', 3, 0, 1_030_000, 20_000],
    ['connect', 3, 0, 1_030_000, 20_000],
    ['a.c', 4, 2, 1_050_000, 150_000],
    ['connect', 4, 2, 1_050_000, 10_000],
    ['compile', 4, 2, 1_060_000, 130_000],
    ['receive', 4, 2, 1_190_000, 10_000],
  ]);
  const names = events.filter(({ name }) => name.endsWith('_name')).map(({ pid, args }) => [pid, args?.['name']]);
  expect(names).toEqual([
    [2, 'waiting'],
    [1, 'this machine'],
    [3, 'gone'],
    [3, 'slot 1'],
    [4, 'one'],
    [4, 'slot 3'],
  ]);
  // A new picture brings the same end again.
  expect(makes.add({ kind: 'end', end })).toEqual([]);
  expect(makes.jobs).toBe(1);
});

test('TraceEvents writes jobs that have not ended when the trace ends', () => {
  const makes = new TraceEvents();
  const job = { job: 8, pid: 1, directory: '/', file: 'b.c', began: 1000, phase: 'compile', since: 1400 } as const;
  expect(makes.add({ kind: 'job', job: { ...job, host: 'one', slot: 0 } })).toEqual([]);
  expect(slices(makes.unfinished(2000))).toEqual([
    ['b.c (not finished)', 2, 0, 1_000_000, 400_000],
    ['b.c (not finished)', 3, 0, 1_400_000, 600_000],
    ['compile', 3, 0, 1_400_000, 600_000],
  ]);
  expect(makes.unfinished(3000)).toEqual([]);
});

test('TraceEvents marks failures at their host', () => {
  const why = 'timeout';
  const events = new TraceEvents().add({ kind: 'failure', at: 1500, job: 1, host: 'one', why });
  expect(events.at(-1)).toEqual({ name: 'failure', ph: 'i', s: 'p', ts: 1_500_000, pid: 3, tid: 0, args: { why } });
});

test('TraceEvents of two agents have groups of their own', () => {
  const groups = [0, 1].map((agent) => new Set(new TraceEvents(agent).add({ kind: 'end', end }).map(({ pid }) => pid)));
  expect([...(groups[0] ?? [])].filter((pid) => groups[1]?.has(pid))).toEqual([]);
});

test('TraceEvents has no slices on a row that overlap without lying in each other', () => {
  const phases: JobPhase[] = ['queue', 'scan', 'preprocess', 'connect', 'send', 'compile', 'receive', 'local'];
  const anyEnd = fc
    .record({
      began: fc.integer({ min: 0, max: 1000 }),
      steps: fc.array(fc.tuple(fc.constantFrom(...phases), fc.integer({ min: 0, max: 200 })), { maxLength: 8 }),
      host: fc.constantFrom('one', 'two'),
      slot: fc.integer({ min: 0, max: 1 }),
    })
    .map(({ began, steps, host, slot }): JobEnd => {
      let at = began;
      const made = steps.map(([phase, ms]) => ({ phase, at: (at += ms) }));
      return { job: 0, file: 'a.c', began, ended: at + 10, host, slot, bytesOut: 0, bytesIn: 0, phases: made };
    });
  const seed = Date.now() % 2 ** 31;
  console.log(`traces: seed ${seed}`);
  fc.assert(
    fc.property(fc.array(anyEnd, { maxLength: 30 }), (ends) => {
      const makes = new TraceEvents();
      const sorted = [...ends].sort((one, other) => one.ended - other.ended);
      const events = sorted.flatMap((one, job) => makes.add({ kind: 'end', end: { ...one, job } }));
      const rows = new Map<string, [number, number][]>();
      for (const [, pid, tid, ts, dur] of slices(events) as [string, number, number, number, number][]) {
        const row = rows.get(`${pid} ${tid}`) ?? [];
        for (const [begin, stop] of row) {
          const apart = ts >= stop || ts + dur <= begin;
          const inside = (ts >= begin && ts + dur <= stop) || (begin >= ts && stop <= ts + dur);
          expect(apart || inside).toBe(true);
        }
        rows.set(`${pid} ${tid}`, [...row, [ts, ts + dur]]);
      }
    }),
    { seed, numRuns: 200 },
  );
});
