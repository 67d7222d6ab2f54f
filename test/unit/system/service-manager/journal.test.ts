import { describe, expect, it } from 'vitest';
import { encodeEntry } from '../../../../src/system/service-manager/journal.ts';

describe('encodeEntry()', () => {
  it('writes a line for each field', () => {
    expect(encodeEntry({ MESSAGE: 'über', PRIORITY: 5 }).toString()).toBe('MESSAGE=über\nPRIORITY=5\n');
  });

  it('gives the length of a value with several lines, so that it cannot begin another field', () => {
    const entry = encodeEntry({ MESSAGE: 'a\nPRIORITY=0', PRIORITY: 5 });
    expect(entry.toString('latin1')).toBe('MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\nPRIORITY=5\n');
  });
});
