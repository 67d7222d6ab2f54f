import { expect, it } from 'vitest';
import type { Block } from '../../../../src/monitor/web/model/block.ts';
import { lastEnded } from '../../../../src/monitor/web/model/ended-jobs.ts';
import { Row } from '../../../../src/monitor/web/model/row.ts';

function rowOf(name: string, ...blocks: readonly Partial<Block>[]): Row {
  const row = new Row(name);
  for (const more of blocks) {
    const block: Block = {
      key: 'a:1',
      file: 'a.c',
      directory: '',
      pid: undefined,
      began: 0,
      ended: undefined,
      phases: [],
      lane: 0,
      failed: false,
      left: undefined,
      why: undefined,
      kept: false,
      ...more,
    };
    row.end(block, more.ended ?? 0);
  }
  return row;
}

it('lastEnded() has each job once, where it ended, with the hosts that failed before, newest first', () => {
  const rows = [
    rowOf('', { left: 'went on', ended: 10 }, { key: 'a:2', left: 'interrupted', ended: 40 }),
    rowOf('one', { left: 'went on', failed: true, ended: 20 }, { key: 'a:3', failed: true, ended: 60 }),
    rowOf('two', { ended: 30 }),
  ];
  const found = lastEnded(rows, 9).map(({ block, place, failedAt }) => [block.key, place, failedAt]);
  expect(found).toEqual([
    ['a:3', 'one', []],
    ['a:2', '', []],
    ['a:1', 'two', ['one']],
  ]);
  expect(lastEnded(rows, 2).map(({ block }) => block.key)).toEqual(['a:3', 'a:2']);
});

it('lastEnded() is not filled by the scans of jobs that went on', () => {
  const scans = Array.from({ length: 100 }, (_, at) => ({ key: `a:${at}`, left: 'went on', ended: 100 + at }) as const);
  expect(lastEnded([rowOf('', { key: 'a:x', ended: 1 }, ...scans)], 50)).toHaveLength(1);
});
