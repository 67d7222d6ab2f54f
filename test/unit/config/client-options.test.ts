import { describe, expect, it } from 'vitest';
import { clientVariables } from '../../../src/config/client-environment.ts';
import { clientHelp, clientVersion, isOwnOption, ownOptions } from '../../../src/config/client-options.ts';

describe('clientVersion()', () => {
  it('begins with the two lines that scripts look for', () => {
    const [first, second] = clientVersion().split('\n');
    expect(first).toMatch(/^distcc [\w.-]+ [.\w-]+$/);
    expect(second).toMatch(/^[ \t]+\(protocol.*\) \(default port 3632\)$/);
  });
});

describe('clientHelp()', () => {
  it('begins with the version and names every option and every variable', () => {
    const help = clientHelp();
    expect(help.startsWith(clientVersion())).toBe(true);
    expect(help).toContain('Usage:');
    for (const name of [...Object.keys(ownOptions), ...Object.keys(clientVariables)]) expect(help).toContain(name);
  });

  it('fits a terminal', () => {
    expect(
      Math.max(
        ...clientHelp()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(120);
  });
});

describe('isOwnOption()', () => {
  it('knows its own words and leaves the others to the compiler', () => {
    expect(['--help', '--version', '-j', '--show-hosts'].every((word) => isOwnOption(word))).toBe(true);
    expect(['-c', '--bogus', 'toString', '-j4'].some((word) => isOwnOption(word))).toBe(false);
  });
});
