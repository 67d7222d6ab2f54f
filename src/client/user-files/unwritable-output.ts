import { accessSync, constants, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Reason } from '../../compiler/verdict.ts';
import { pathOf } from '../../system/byte-text.ts';

function found(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function directoryFault(path: string, old: Stats | undefined): string | undefined {
  const folder = dirname(path);
  const there = found(folder);
  if (there === undefined) return `there is no directory "${folder}"`;
  if (!there.isDirectory()) return `"${folder}" is not a directory`;
  if (old?.isDirectory() === true) return `"${path}" is a directory`;
  return (old !== undefined && writable(path)) || writable(folder)
    ? undefined
    : `the directory "${folder}" is not writable`;
}

/**
 * Why a compiler could not write its output here, or undefined. For `--explain`; in a job the launcher finds that out.
 */
export function outputObstacle(source: string, output: string): Reason | undefined {
  const [from = source, to = output] = [pathOf(source), pathOf(output)];
  const [of, old] = [found(from), found(to)];
  if (of !== undefined && old !== undefined && of.dev === old.dev && of.ino === old.ino)
    return { because: `its output "${to}" is its source`, cure: 'name another output' };
  const because = directoryFault(to, old);
  if (because === undefined) return undefined;
  return { because, cure: 'name an output in a directory that exists and that you may write to' };
}
