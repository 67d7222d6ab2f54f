import { describe, expect, it } from 'vitest';
import { version } from '../../../../src/config/version.ts';
import { publisherWords } from '../../../../src/server/announce/avahi.ts';

const facts = { port: 3700, jobs: 6, host: 'builder', cpus: 4 };

describe('publisherWords()', () => {
  it("announces distcc's service with the facts that its clients choose by", () => {
    const compiler = { version: '12', machine: 'x86_64-linux-gnu' };
    const words = publisherWords({ ...facts, compiler });
    expect(words.slice(0, 5)).toEqual([
      '--no-fail',
      '--subtype=_x86-64-linux-gnu--12._sub._distcc._tcp',
      'distcc@builder',
      '_distcc._tcp',
      '3700',
    ]);
    expect(words.slice(5)).toEqual([
      'txtvers=1',
      'cpus=4',
      'jobs=6',
      `distcc=${version}`,
      expect.stringMatching(/^gnuhost=\w+-/),
      'cc_version=12',
      'cc_machine=x86_64-linux-gnu',
    ]);
  });

  it('has no subtype where there is no cc', () => {
    const words = publisherWords({ ...facts, compiler: undefined });
    expect(words.slice(0, 4)).toEqual(['--no-fail', 'distcc@builder', '_distcc._tcp', '3700']);
    expect(words.join(' ')).not.toContain('cc_');
  });
});
