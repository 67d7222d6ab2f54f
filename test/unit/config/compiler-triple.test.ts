import { describe, expect, it } from 'vitest';
import { compilerTriple } from '../../../src/config/compiler-triple.ts';

describe('compilerTriple()', () => {
  it.each([
    ['x64', 'linux', '6.1.0-18-amd64', 'x86_64-linux-gnu'],
    ['arm64', 'linux', '6.1.0', 'aarch64-linux-gnu'],
    ['x64', 'freebsd', '14.1-RELEASE', 'x86_64-unknown-freebsd14.1'],
  ])('names %s with %s %s as its compilers do', (arch, platform, release, triple) => {
    expect(compilerTriple(arch, platform, release)).toBe(triple);
  });
});
