import { describe, expect, it } from 'vitest';
import { JobRecord } from '../../../../src/server/job/job-record.ts';

describe('JobRecord', () => {
  it('measures each stage from the first byte on', () => {
    const record = new JobRecord('192.0.2.1', 1000);
    expect([record.stage, record.spent('receiving')]).toEqual(['receiving', undefined]);
    record.heard(1500);
    record.enter('waiting', 1600);
    record.enter('compiling', 1650);
    record.enter('answering', 1950);
    // A refusal while its answer is sent begins nothing.
    record.enter('answering', 1960);
    record.leave(2000);
    const spent = (['receiving', 'waiting', 'compiling', 'answering'] as const).map((stage) => record.spent(stage));
    expect([record.began, ...spent]).toEqual([1000, 100, 50, 300, 50]);
  });

  it('keeps names without directories, and not more of them than anybody reads', () => {
    const record = new JobRecord('192.0.2.1', 0);
    expect(record.job).toBeUndefined();
    record.name('/usr/bin/gcc', `/home/me/${'a'.repeat(100_000)}.c`);
    expect(record.job).toEqual({ compiler: 'gcc', source: 'a'.repeat(200) });
  });
});
