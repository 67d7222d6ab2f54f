import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { posix } from '../../../src/system/posix.ts';

describe('posix', () => {
  it('has every function that the sources use', () => {
    const source = resolve(import.meta.dirname, '../../../src');
    const names = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const text = readFileSync(resolve(source, name), 'utf8');
        const dotted = [...text.matchAll(/\bposix\.([a-z]\w+)\??[.(]/g)].map((match) => match[1] ?? '');
        const taken = [...text.matchAll(/const \{ ([\w, ]+) \} = posix;/g)].flatMap(
          (match) => match[1]?.split(', ') ?? [],
        );
        return [...dotted, ...taken];
      });
    expect(new Set(names)).toContain('connect');
    for (const name of names) expect(posix, name).toHaveProperty(name);
  });
});
