// Facts about this npm package and those that it uses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { top } from './setup.mjs';

/**
 * The version in package.json.
 * @returns {string}
 */
export function readVersion() {
  /** @type {{ version: string }} */
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- npm reads the same file, and wants a version there
  const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
  return version;
}

/**
 * The packages that the programs are made of, in the order of package-lock.json, with paths such as node_modules/pino;
 * without posix-node, which is only used in a checkout.
 * @returns {{ path: string, version: string, license: string }[]}
 */
export function runtimePackages() {
  /**
   * @type {{ packages: Record<string, { version: string, license: string, dev?: boolean, optional?: boolean,
   * devOptional?: boolean }> }}
   */
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- npm wrote it
  const { packages } = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.optional && !entry.devOptional)
    .map(([path, { version, license }]) => ({ path, version, license }));
}
