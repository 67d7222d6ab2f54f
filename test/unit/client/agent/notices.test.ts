import { expect, test } from 'vitest';
import { Notices } from '../../../../src/client/agent/notices.ts';

test('Notices takes a sentence for news once a minute', () => {
  let now = 0;
  const notices = new Notices(() => now);
  expect([notices.isNews('a'), notices.isNews('a'), notices.isNews('b')]).toEqual([true, false, true]);
  now = 59_999;
  expect(notices.isNews('a')).toBe(false);
  now = 60_000;
  expect([notices.isNews('a'), notices.isNews('a')]).toEqual([true, false]);
});

test('Notices remembers a bounded number of sentences', () => {
  const notices = new Notices(() => 0);
  for (let at = 0; at <= 1000; at += 1) notices.isNews(`sentence ${at}`);
  expect([notices.isNews('sentence 1000'), notices.isNews('sentence 1')]).toEqual([false, true]);
});

test('Notices knows what was first in the life of an agent', () => {
  const notices = new Notices(() => 0);
  expect([notices.isFirst('a'), notices.isFirst('a'), notices.isFirst('b')]).toEqual([true, false, true]);
});

test('Notices takes a sentence for new once a build, which ends after five seconds without a job', () => {
  let now = 0;
  const notices = new Notices(() => now);
  const build = (): boolean[] => {
    const first = notices.begin();
    const said = ['gcc differs', 'gcc differs', 'clang differs'].map((sentence) => notices.isNewInBuild(sentence));
    now += 60_000;
    notices.begin()();
    said.push(notices.isNewInBuild('gcc differs'));
    first();
    return said;
  };
  expect(build()).toEqual([true, false, true, false]);
  now += 4999;
  notices.begin()();
  expect(notices.isNewInBuild('gcc differs')).toBe(false);
  now += 5000;
  expect(build()).toEqual([true, false, true, false]);
});
