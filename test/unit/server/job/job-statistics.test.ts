import { describe, expect, it } from 'vitest';
import { JobStatistics } from '../../../../src/server/job/job-statistics.ts';
import { endedWith, endedWithout } from '../../../../src/server/job/job-end.ts';

const minute = 60_000;
const start = 1000 * minute;

function valuesOf(statistics: JobStatistics, now: number): Record<string, string> {
  return Object.fromEntries(
    statistics.lines(6, ['dcc_current_load 1'], now).map((line) => {
      const at = line.indexOf(' ');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

describe('JobStatistics', () => {
  it('has nothing before the first job, in the words of distcc', () => {
    expect(valuesOf(new JobStatistics(), start)).toMatchObject({
      dcc_tcp_accept: '0',
      dcc_compile_ok: '0',
      dcc_longest_job: 'none',
      dcc_longest_job_compiler: 'none',
      dcc_longest_job_time_msecs: '-1',
      dcc_max_kids: '6',
      dcc_avg_kids1: '0',
      dcc_num_compiles3: '0',
    });
  });

  it('counts every class, and the longest job that succeeded', () => {
    const statistics = new JobStatistics();
    for (let count = 0; count < 5; count += 1) statistics.accept();
    statistics.end(endedWith(0, 'gcc', 'a.c'), 20.4, start);
    statistics.end(endedWith(0, 'g++', 'b.cc'), 30.4, start);
    statistics.end(endedWith(256, 'gcc', 'c.c'), 99, start);
    statistics.end(endedWithout('REJ_BAD_REQ', 109), 1, start);
    statistics.end(endedWithout('OTHER', 0), 1, start);
    expect(valuesOf(statistics, start)).toMatchObject({
      dcc_tcp_accept: '5',
      dcc_compile_ok: '2',
      dcc_compile_error: '1',
      dcc_rej_bad_req: '1',
      dcc_other: '1',
      dcc_longest_job: 'b.cc',
      dcc_longest_job_compiler: 'g++',
      dcc_longest_job_time_msecs: '30',
      dcc_num_compiles1: '3',
    });
  });

  it('forgets jobs after 1, 5 and 15 minutes', () => {
    const statistics = new JobStatistics();
    for (let count = 0; count < 4; count += 1) statistics.end(endedWith(0, 'gcc', 'a.c'), minute, start);
    const counts = (now: number): (string | undefined)[] => {
      const values = valuesOf(statistics, now);
      return [1, 2, 3].flatMap((n) => [values[`dcc_num_compiles${n}`], values[`dcc_avg_kids${n}`]]);
    };
    expect(counts(start)).toEqual(['4', '4', '4', '1', '4', '0']);
    expect(counts(start + 2 * minute)).toEqual(['0', '0', '4', '1', '4', '0']);
    expect(counts(start + 6 * minute)).toEqual(['0', '0', '0', '0', '4', '0']);
    expect(counts(start + 16 * minute)).toEqual(['0', '0', '0', '0', '0', '0']);
  });
});
