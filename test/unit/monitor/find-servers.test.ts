import { describe, expect, it } from 'vitest';
import { findServers, numberedNames } from '../../../src/monitor/find-servers.ts';
import type { SearchPlan } from '../../../src/monitor/find-servers.ts';

const plan: SearchPlan = { names: [], numbered: false, gap: 0, atOnce: 1, prefixBits: 0 };

/** Searches where these addresses exist; returns the names that were looked for, and those that were tried. */
async function search(addresses: Record<string, string>, change: Partial<SearchPlan>) {
  const looked: string[] = [];
  const tried: string[] = [];
  const found = await findServers(
    { ...plan, ...change },
    {
      resolve: (name) => {
        looked.push(name);
        return Promise.resolve(addresses[name]);
      },
      probe: (name) => {
        tried.push(name);
        return Promise.resolve();
      },
      tell: () => {},
    },
  );
  return { looked, tried, found };
}

describe('findServers()', () => {
  const three = { b1: '10.0.0.1', b2: '10.0.0.2', b4: '10.0.0.4' };

  it('ends numbered names at the first that is missing', async () => {
    const { looked, tried, found } = await search(three, { names: numberedNames('b%d'), numbered: true });
    expect({ looked, tried, found }).toEqual({ looked: ['b1', 'b2', 'b3'], tried: ['b1', 'b2'], found: 2 });
  });

  it('continues after a gap that is tolerated', async () => {
    const { looked, tried } = await search(three, { names: numberedNames('b%d'), numbered: true, gap: 1 });
    expect(looked).toEqual(['b1', 'b2', 'b3', 'b4', 'b5']);
    expect(tried).toEqual(['b1', 'b2', 'b4']);
  });

  it('looks for every name that the user gave', async () => {
    const { tried } = await search(three, { names: ['x', 'y', 'z', 'b4', 'b1'] });
    expect(tried).toEqual(['b4', 'b1']);
  });

  it('leaves out addresses of another network', async () => {
    const addresses = { a: '10.1.0.1', b: '10.2.0.1', c: '10.1.9.9', d: '::1' };
    const { tried } = await search(addresses, { names: ['a', 'b', 'c', 'd'], prefixBits: 16 });
    expect(tried).toEqual(['a', 'c']);
  });

  it('looks for several names at a time', async () => {
    const { looked } = await search({}, { names: numberedNames('b%d'), numbered: true, atOnce: 3 });
    expect(looked).toEqual(['b1', 'b2', 'b3']);
  });

  it('makes no more than 500 names', async () => {
    expect(numberedNames('b%d')).toHaveLength(500);
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`n${index}`, '10.0.0.1']));
    const { found } = await search(many, { names: Object.keys(many) });
    expect(found).toBe(500);
  });
});

describe('numberedNames()', () => {
  it('puts the number where the format says', () => {
    expect(numberedNames('b%d.$&').slice(0, 2)).toEqual(['b1.$&', 'b2.$&']);
  });
});
