import { defaultPort } from '../wire/port.ts';

/** The version of the whole package; a test compares it with package.json. */
export const version = '0.1.0';

/** The machine's GNU triple for distcc's version line: `x86_64-pc-linux-gnu`. */
export function hostTriple(arch: string, platform: string): string {
  const machines: Readonly<Record<string, string>> = {
    x64: 'x86_64',
    arm64: 'aarch64',
    ia32: 'i686',
    ppc64: 'powerpc64le',
  };
  const machine = machines[arch] ?? arch;
  if (platform === 'linux') return `${machine}-pc-linux-gnu`;
  return `${machine}-unknown-${platform}`;
}

/**
 * The block that `--version` prints. Its first two lines have distcc's form, which scripts look for
 * (doc/distcc-behaviour.md, "Options of distccd").
 */
export function versionBlock(program: string, protocols: string): string {
  return [
    `${program} ${version} ${hostTriple(process.arch, process.platform)}`,
    `  (${protocols}) (default port ${defaultPort})`,
    '  licence GPL-2.0-or-later; there is no warranty',
  ].join('\n');
}
