import { describe, expect, it } from 'vitest';
import { JobBoard } from '../../../../src/server/job/job-board.ts';
import { endedWith, endedWithout } from '../../../../src/server/job/job-end.ts';
import type { JobEnd } from '../../../../src/server/job/job-end.ts';
import { DaemonMetrics } from '../../../../src/server/metrics/daemon-metrics.ts';
import { metricTable } from '../../../../src/server/metrics/metric-table.ts';
import type { CountedService } from '../../../../src/server/metrics/stats-source.ts';
import { readStatus } from '../../../../src/server/metrics/status.ts';
import { refusalReasons } from '../../../../src/server/policy/refusal.ts';
import { ResultKeeper } from '../../../../src/server/results/result-keeper.ts';
import { counted } from '../../../support/counted-service.ts';
import { seriesIn } from '../../../support/metrics-text.ts';

/** A service whose jobs are counted. */
class Counted {
  readonly board = new JobBoard();
  readonly #service: CountedService;
  readonly #metrics: DaemonMetrics;

  constructor(change: Partial<CountedService> = {}) {
    this.#service = counted({ board: this.board, ...change });
    this.#metrics = new DaemonMetrics(this.#status());
    this.board.tell((job) => this.#metrics.count(job));
  }

  #status(): ReturnType<typeof readStatus> {
    return readStatus(this.#service, this.#service.served());
  }

  ends(end: JobEnd, compiler?: string): void {
    const record = this.board.begin('192.0.2.1');
    if (compiler !== undefined) record.name(compiler, 'a.c');
    this.board.close({ record, end, received: 100, sent: 30 }, Date.now());
  }

  text(): Promise<string> {
    return this.#metrics.write(this.#status());
  }

  async series(): Promise<Map<string, number>> {
    return seriesIn(await this.text());
  }
}

describe('DaemonMetrics', () => {
  it('has every metric of the table, with its type, help and labels, and no other', async () => {
    const service = new Counted({
      served: () => [{ name: 'gcc', path: '/usr/bin/gcc', version: '12.2', target: 'x' }],
    });
    service.ends(endedWith(0, 'gcc', 'a.c'), 'gcc');
    const text = await service.text();
    const said = [...text.matchAll(/^# HELP (\w+) (.*)\n# TYPE \1 (\w+)$/gm)].map(([, name, help, type]) => {
      const labels = new Set<string>();
      for (const [, list = ''] of text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm'))) {
        for (const [, label = ''] of list.matchAll(/(\w+)="/g)) if (label !== 'le') labels.add(label);
      }
      return [name, { type, help, ...(labels.size > 0 && { labels: [...labels] }) }];
    });
    expect(Object.fromEntries(said)).toEqual(metricTable);
  });

  it('counts jobs by result and compiler, and from the start with 0', async () => {
    const service = new Counted();
    const jobs = (result: string, compiler: string) => `distccd_jobs_total{compiler="${compiler}",result="${result}"}`;
    const before = await service.series();
    expect([before.get(jobs('compile_ok', 'gcc')), before.get(jobs('rej_overload', 'other'))]).toEqual([0, 0]);
    service.ends(endedWith(0, 'gcc', 'a.c'), '/usr/bin/gcc');
    service.ends(endedWith(256, 'gcc', 'a.c'), 'gcc');
    service.ends(endedWithout('CLI_DISCONN', 107), 'gcc');
    service.ends(endedWithout('REJ_BAD_REQ', 109));
    const after = await service.series();
    const count = (result: string, compiler: string): number | undefined => after.get(jobs(result, compiler));
    expect([
      count('compile_ok', 'gcc'),
      count('compile_error', 'gcc'),
      count('cli_disconnect', 'gcc'),
      count('rej_bad_req', 'other'),
    ]).toEqual([1, 1, 1, 1]);
    expect(after.get('distccd_transfer_bytes_total{direction="receive"}')).toBe(400);
    expect(after.get('distccd_transfer_bytes_total{direction="send"}')).toBe(120);
  });

  it('measures what compilers did, and not what was refused or kept', async () => {
    const service = new Counted();
    service.ends(endedWith(0, 'gcc', 'a.c'), 'gcc');
    service.ends(endedWith(256, 'gcc', 'a.c'), 'gcc');
    service.ends({ ...endedWith(0, 'gcc', 'a.c'), kept: true }, 'gcc');
    service.ends(endedWithout('COMPILE_TIMEOUT', 118), 'gcc');
    service.ends({ ...endedWith(110, 'gcc', 'a.c'), refused: { reason: 'compiler_missing', sentence: '' } }, 'gcc');
    service.ends(endedWithout('OTHER', 0, { reason: 'pump_mode', sentence: 'no' }));
    const series = await service.series();
    expect(series.get('distccd_compile_seconds_count{compiler="gcc"}')).toBe(2);
    expect(series.get('distccd_queue_wait_seconds_count')).toBe(2);
    expect(series.get('distccd_transfer_seconds_count{direction="receive"}')).toBe(3);
    expect(series.get('distccd_transfer_seconds_count{direction="send"}')).toBe(3);
  });

  it('gives strangers no labels: an unknown compiler has the label of all others', async () => {
    const service = new Counted();
    const size = (await service.series()).size;
    for (let at = 0; at < 1000; at += 1) service.ends(endedWith(0, `cc${at}`, 'a.c'), `cc${at}"} 1\n`);
    const series = await service.series();
    expect(series.get('distccd_jobs_total{compiler="other",result="compile_ok"}')).toBe(1000);
    // The only new series are those of the times of "other".
    const fresh = series.size - size;
    expect(fresh).toBe([...series.keys()].filter((key) => /^distccd_compile_seconds.*other/.test(key)).length);
  });

  it('names at most 128 compilers, however many an administrator permits', async () => {
    const served = Array.from({ length: 500 }, (_, at) => ({ name: `cc${at}`, path: '/usr/bin/cc' }));
    const service = new Counted({ served: () => served });
    service.ends(endedWith(0, 'cc', 'a.c'), 'cc127');
    service.ends(endedWith(0, 'cc', 'a.c'), 'cc128');
    const keys = [...(await service.series()).entries()].filter(([, value]) => value > 0).map(([key]) => key);
    expect(keys.filter((key) => key.startsWith('distccd_compiler_info'))).toHaveLength(128);
    expect(keys.filter((key) => key.startsWith('distccd_jobs_total'))).toEqual([
      'distccd_jobs_total{compiler="cc127",result="compile_ok"}',
      'distccd_jobs_total{compiler="other",result="compile_ok"}',
    ]);
  });

  it('knows a compiler by its name where a list has paths, and none that is not installed', async () => {
    let served: ReturnType<CountedService['served']> = [
      { name: '/opt/gcc', path: '/opt/gcc', version: '13.1', target: 'arm-linux' },
      { name: 'gone', path: undefined },
    ];
    const service = new Counted({ served: () => served });
    const informed = async (): Promise<string[]> =>
      [...(await service.series()).keys()].filter((key) => key.startsWith('distccd_compiler_info'));
    expect(await informed()).toEqual(['distccd_compiler_info{compiler="gcc",target="arm-linux",version="13.1"}']);
    served = [];
    expect(await informed()).toEqual([]);
  });

  it('counts refusals by each reason, and their sum does not fall', async () => {
    const service = new Counted();
    const refusals = async (): Promise<number[]> => {
      const series = await service.series();
      return Object.keys(refusalReasons).map(
        (reason) => series.get(`distccd_refusals_total{reason="${reason}"}`) ?? -1,
      );
    };
    expect(new Set(await refusals())).toEqual(new Set([0]));
    service.board.refuse('access_denied', '192.0.2.1', 'denied', Date.now());
    service.ends(endedWithout('OTHER', 0, { reason: 'access_denied', sentence: 'no' }));
    service.ends(endedWithout('OTHER', 0, { reason: 'unusable_output', sentence: 'no' }));
    const after = await refusals();
    expect([after[0], after.at(-1), after.reduce((sum, count) => sum + count)]).toEqual([2, 1, 3]);
  });

  it('has what became of kept results', async () => {
    const keeper = new ResultKeeper({ get: () => Promise.resolve(undefined), put: () => Promise.resolve(true) });
    Object.assign(keeper.counts, { hits: 3, misses: 4, kept: 2 });
    const results = { keeper, size: () => ({ bytes: 8193, results: 5 }), says: '', close: () => {} };
    const unused = (): never => {
      throw new Error('nobody asks for that');
    };
    const trees = {
      sessions: unused,
      roots: unused,
      environment: unused,
      offer: { tree: true, codecs: [], results: true, later: false },
      results: keeper,
    };
    const service = new Counted({
      ownFiles: { kind: 'offered', service: trees, results, remove: () => Promise.resolve(), says: '' },
    });
    const series = await service.series();
    const kept = ['hits_total', 'misses_total', 'stored_total', 'results', 'bytes'];
    expect(kept.map((name) => series.get(`distccd_result_cache_${name}`))).toEqual([3, 4, 2, 5, 8193]);
  });
});
