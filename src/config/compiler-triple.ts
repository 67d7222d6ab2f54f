import { release } from 'node:os';
import { hostTriple } from './version.ts';

/**
 * A machine as its compilers spell it: Debian's leave out the vendor, FreeBSD's name the release, without which they
 * would compile for another one.
 */
export function compilerTriple(
  arch: string = process.arch,
  platform: string = process.platform,
  systemRelease = release(),
): string {
  const triple = hostTriple(arch, platform).replace('-pc-', '-');
  return platform === 'freebsd' ? triple + (/^\d+\.\d+/.exec(systemRelease)?.[0] ?? '') : triple;
}
