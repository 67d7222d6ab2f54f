import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJobRecord, phaseNames, readJobRecord, recordSize } from '../../../src/job-state/job-record.ts';
import type { JobRecord, RecordLayout } from '../../../src/job-state/job-record.ts';

const lp64: RecordLayout = { word: 8, order: 'LE' };

const job: JobRecord = { pid: 2246, file: 'a.c', host: '127.0.0.1', slot: 3, phase: 'Compile' };

describe('encodeJobRecord()', () => {
  it('writes the bytes that distcc writes', () => {
    const bytes = encodeJobRecord(job, lp64);
    expect(bytes.length).toBe(296);
    expect(bytes.toString('hex', 0, 24)).toBe('28010000000000000048494400000000c608000000000000');
    expect(bytes.toString('latin1', 24, 28)).toBe('a.c\0');
    expect(bytes.toString('latin1', 0x98, 0x98 + 10)).toBe('127.0.0.1\0');
    expect(bytes.toString('hex', 0x118, 0x128)).toBe('03000000050000000000000000000000');
  });

  it('writes 280 bytes with the offsets of a 32-bit machine', () => {
    const bytes = encodeJobRecord(job, { word: 4, order: 'LE' });
    expect(bytes.length).toBe(280);
    expect(bytes.readUInt32LE(4)).toBe(0x44494800);
    expect(bytes.toString('latin1', 140, 149)).toBe('127.0.0.1');
    expect([bytes.readInt32LE(268), bytes.readInt32LE(272)]).toEqual([3, 5]);
  });

  it('writes big-endian words where the machine has them', () => {
    const bytes = encodeJobRecord(job, { word: 8, order: 'BE' });
    expect([bytes.readBigUInt64BE(0), bytes.readBigUInt64BE(16), bytes.readInt32BE(284)]).toEqual([296n, 2246n, 5]);
  });

  it('cuts a long name to 127 bytes and ends it with NUL', () => {
    const bytes = encodeJobRecord({ ...job, file: 'x'.repeat(300) }, lp64);
    expect(bytes.toString('latin1', 24, 24 + 128)).toBe(`${'x'.repeat(127)}\0`);
    expect(bytes.toString('latin1', 0x98, 0x98 + 9)).toBe('127.0.0.1');
  });
});

describe('readJobRecord()', () => {
  it('reads what encodeJobRecord() wrote, in every layout', () => {
    const jobs = fc.record({
      pid: fc.integer({ min: 1, max: 0x7fff_ffff }),
      file: fc.string({ maxLength: 127, unit: fc.constantFrom('a', 'Z', '.', '_', ' ') }),
      host: fc.string({ maxLength: 127, unit: fc.constantFrom('h', '1', ':', '.') }),
      slot: fc.integer({ min: 0, max: 1000 }),
      phase: fc.constantFrom(...phaseNames),
    });
    const layouts = fc.record({ word: fc.constantFrom(4, 8), order: fc.constantFrom('LE', 'BE') } as const);
    fc.assert(
      fc.property(jobs, layouts, (record, layout) => {
        expect(readJobRecord(encodeJobRecord(record, layout), layout)).toEqual({ record });
      }),
      { numRuns: 200 },
    );
  });

  it('tells a file that is being written from one that is something else', () => {
    const bytes = encodeJobRecord(job, lp64);
    expect(readJobRecord(bytes.subarray(0, recordSize(lp64) - 1), lp64)).toEqual({ incomplete: true });
    const wrongMagic = Buffer.from(bytes);
    wrongMagic[9] = 0;
    expect(readJobRecord(wrongMagic, lp64)).toEqual({ fault: 'wrong magic number' });
    const wrongSize = Buffer.from(bytes);
    wrongSize[0] = 0x18;
    expect(readJobRecord(wrongSize, lp64)).toEqual({ fault: 'wrong structure size' });
  });

  it.each([8, 255, -1])('takes the unknown phase %i for compiling', (phase) => {
    const bytes = encodeJobRecord(job, lp64);
    bytes.writeInt32LE(phase, 284);
    expect(readJobRecord(bytes, lp64)).toMatchObject({ record: { phase: 'Compile' } });
  });
});
