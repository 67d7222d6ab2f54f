import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The package's version and date for a checkout: the plain version when HEAD has its tag ("v" and the version).
 * Otherwise time and hash of the commit are added, so that apt sees a later commit as newer; and also the time of the
 * build when files differ from the commit.
 * @param {string} checkout
 * @param {string} version
 * @param {Date} [now]
 * @returns {{ version: string, date: Date }}
 */
export function debianVersion(checkout, version, now = new Date()) {
  const git = (/** @type {string[]} */ ...words) =>
    execFileSync('git', ['-C', checkout, ...words], { encoding: 'utf8' }).trim();
  // Without .git the sources are those of a release.
  if (!existsSync(join(checkout, '.git'))) return { version, date: now };
  const committed = new Date(Number(git('log', '-1', '--format=%ct')) * 1000);
  const changed = git('status', '--porcelain') !== '';
  if (!changed && git('tag', '--points-at', 'HEAD').split('\n').includes(`v${version}`))
    return { version, date: committed };
  const secondsBetween = (/** @type {Date} */ from, /** @type {Date} */ to) =>
    Math.max(0, Math.floor((to.getTime() - from.getTime()) / 1000));
  // 20261127.153012
  const stamp = (/** @type {Date} */ date) =>
    date
      .toISOString()
      .replace(/\.\d+Z$/, '')
      .replaceAll(/[-:]/g, '')
      .replace('T', '.');
  const hash = git('rev-parse', '--short=8', 'HEAD');
  return {
    version: `${version}+git${stamp(committed)}.${hash}${changed ? `.c${secondsBetween(committed, now)}` : ''}`,
    date: changed ? now : committed,
  };
}
