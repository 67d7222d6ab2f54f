import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rendezvousOrder } from '../../../../src/client/slots/rendezvous.ts';

const work = (source: string, directory = '/home/u/project'): { source: string; directory: string } => ({
  source,
  directory,
});
const hosts = ['red:3632', 'green:3632', 'blue:3632', 'black:3632', '[2001:db8::1]:3632'];
const works = Array.from({ length: 1000 }, (_, at) => work(`src/file${at}.c`));

/** How many works each host is the first choice for. */
function shares(of: readonly string[]): Map<string, number> {
  const counts = new Map(of.map((host) => [host, 0]));
  for (const one of works) {
    const [first = ''] = rendezvousOrder(one, of);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

describe('rendezvousOrder()', () => {
  it('gives all hosts, each once', () => {
    expect(rendezvousOrder(work('a.c'), hosts).sort()).toEqual([...hosts].sort());
    expect(rendezvousOrder(work('a.c'), ['red', 'red'])).toEqual(['red']);
    expect(rendezvousOrder(work('a.c'), [])).toEqual([]);
  });

  it('does not depend on the order of the list, and never changes', () => {
    for (const one of works.slice(0, 50)) {
      expect(rendezvousOrder(one, [...hosts].reverse())).toEqual(rendezvousOrder(one, hosts));
    }
    expect(rendezvousOrder(work('a.c', '/src'), ['red', 'green', 'blue'])).toEqual(['blue', 'red', 'green']);
  });

  it('depends on the directory and on the source', () => {
    const orders = (list: readonly ReturnType<typeof work>[]): number =>
      new Set(list.map((one) => rendezvousOrder(one, hosts).join(' '))).size;
    expect(orders(works)).toBeGreaterThan(60);
    expect(orders(works.map((_, at) => work('a.c', `/home/${at}`)))).toBeGreaterThan(60);
    // The end of one is not the beginning of the other.
    expect(orders([work('b/c.c', '/a'), work('c.c', '/a/b'), work('/c.c', '/a/b')])).toBeGreaterThan(1);
  });

  it('gives each host a like share', () => {
    for (const count of shares(hosts).values()) {
      expect(count).toBeGreaterThan(140);
      expect(count).toBeLessThan(260);
    }
  });

  it('leaves the order of the others as it is when a host goes, and shares its work out', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 8 }),
        (a, b, names) => {
          const [gone = '', ...left] = names;
          const all = rendezvousOrder({ directory: a, source: b }, names);
          expect(rendezvousOrder({ directory: a, source: b }, left)).toEqual(all.filter((name) => name !== gone));
        },
      ),
    );
    const before = shares(hosts);
    const after = shares(hosts.slice(1));
    for (const host of hosts.slice(1)) {
      expect((after.get(host) ?? 0) - (before.get(host) ?? 0)).toBeGreaterThan(20);
    }
  });
});
