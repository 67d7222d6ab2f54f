import { release } from 'node:os';
import { hostTriple } from './version.ts';

/**
 * A machine's triple as its compilers spell it. Debian leaves out the vendor; FreeBSD names the release, without which
 * clang would compile for another release.
 */
export function compilerTriple(
  arch: string = process.arch,
  platform: string = process.platform,
  systemRelease = release(),
): string {
  const triple = hostTriple(arch, platform).replace('-pc-', '-');
  return platform === 'freebsd' ? triple + (/^\d+\.\d+/.exec(systemRelease)?.[0] ?? '') : triple;
}
