import { describe, expect, it } from 'vitest';
import { describeCapacity, freeBytes, planCapacity } from '../../../../src/server/limits/capacity.ts';

const mebibyte = 1024 * 1024;

describe('planCapacity()', () => {
  it.each([16, 64, 200, 1024, 1_048_576])('has %d MiB hold all that clients can take', (size) => {
    const memory = size * mebibyte;
    const { requests, connections } = planCapacity(memory, Infinity);
    expect(requests.total + requests.overdraft + connections.total * freeBytes).toBe(memory);
    expect(requests.total).toBeGreaterThanOrEqual(memory / 4);
    expect(connections.perAddress * 2).toBe(connections.total);
  });

  it('lets the largest request finish from 1 GiB on', () => {
    const { requests } = planCapacity(1024 * mebibyte, Infinity);
    expect(requests.overdraft).toBeGreaterThanOrEqual(512 * mebibyte);
  });

  it('takes no more connections than there are descriptors for', () => {
    expect(planCapacity(1024 * mebibyte, Infinity).connections.total).toBe(1024);
    expect(planCapacity(1024 * mebibyte, 1024).connections.total).toBe(224);
    expect(planCapacity(1024 * mebibyte, 20).connections.total).toBe(2);
  });
});

describe('describeCapacity()', () => {
  it('says the one figure and what follows from it', () => {
    expect(describeCapacity(planCapacity(512 * mebibyte, Infinity))).toBe(
      '512 MiB for requests and answers (--max-memory), 1024 MiB of files for answers that wait, 512 connections',
    );
  });
});
