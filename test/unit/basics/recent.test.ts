import { describe, expect, it } from 'vitest';
import { Recent } from '../../../src/basics/recent.ts';

describe('Recent', () => {
  /** Asks for keys, and gives those for which a value was made. */
  function madeFor(keys: readonly string[], most: number): string[] {
    const recent = new Recent<string>(most);
    const made: string[] = [];
    const make = (key: string) => (): string => {
      made.push(key);
      return `value of ${key}`;
    };
    for (const key of keys) expect(recent.get(key, make(key))).toBe(`value of ${key}`);
    return made;
  }

  it('makes each value once', () => {
    expect(madeFor(['a', 'b', 'a', 'b', 'a'], 10)).toEqual(['a', 'b']);
  });

  it('lets the one go that was not asked for longest', () => {
    expect(madeFor(['aaaa', 'bbbb', 'aaaa', 'cccc', 'aaaa', 'bbbb'], 10)).toEqual(['aaaa', 'bbbb', 'cccc', 'bbbb']);
  });

  it('keeps one that is too long until the next', () => {
    expect(madeFor(['a'.repeat(20), 'a'.repeat(20), 'b', 'a'.repeat(20)], 10)).toEqual([
      'a'.repeat(20),
      'b',
      'a'.repeat(20),
    ]);
  });
});
