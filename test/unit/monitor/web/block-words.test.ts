import { expect, it } from 'vitest';
import { endText, nameText } from '../../../../src/monitor/web/page/block-words.ts';

it.each([
  ['at work', { ended: undefined, failed: false, left: undefined }],
  ['done', { ended: 1, failed: false, left: undefined }],
  ['failed', { ended: 1, failed: true, left: undefined }],
  ['failed', { ended: 1, failed: true, left: 'went on' }],
  ['then sent to a host', { ended: 1, failed: false, left: 'went on' }],
  ['interrupted', { ended: 1, failed: false, left: 'interrupted' }],
  ['not known', { ended: 1, failed: false, left: 'not known' }],
] as const)('endText() says "%s"', (text, block) => {
  expect(endText(block)).toBe(text);
});

it('nameText() has the name without directories, or says that it is not known', () => {
  expect(nameText({ file: 'a/b.c', ended: 1 })).toBe('b.c');
  expect(nameText({ file: '', ended: 1 })).toBe('not known');
  expect(nameText({ file: '', ended: undefined })).toBe('not known yet');
});
