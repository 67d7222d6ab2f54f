import { describe, expect, it } from 'vitest';
import { uniqueName } from '../../../../src/client/user-files/unique-name.ts';

describe('uniqueName()', () => {
  it('has eight hexadecimal digits, other ones each time', () => {
    const names = Array.from({ length: 100 }, uniqueName);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{8}$/);
    expect(new Set(names).size).toBeGreaterThan(98);
  });
});
