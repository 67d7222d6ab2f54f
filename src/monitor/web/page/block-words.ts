import type { Block } from '../model/block.ts';
import { baseName } from './words.ts';

/** What a job is called: the file's name without its directory. */
export function nameText({ file, ended }: Pick<Block, 'file' | 'ended'>): string {
  return baseName(file) || (ended === undefined ? 'not known yet' : 'not known');
}

/** What became of a job at its place. */
export function endText({ ended, failed, left }: Pick<Block, 'ended' | 'failed' | 'left'>): string {
  if (ended === undefined) return 'at work';
  if (failed) return 'failed';
  return left === 'went on' ? 'then sent to a host' : (left ?? 'done');
}
