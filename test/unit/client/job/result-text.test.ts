import { describe, expect, it } from 'vitest';
import { exitStatusOf, resultText } from '../../../../src/client/job/result-text.ts';
import { exited, killed } from '../../../../src/wire/wait-status.ts';

describe('resultText()', () => {
  it.each([
    [exited(0), 'compile a.c on h completed ok'],
    [exited(1), 'compile a.c on h failed'],
    [exited(110), 'compile a.c on h failed with exit code 110'],
    [killed(11), 'compile a.c on h: Segmentation fault'],
    [killed(6, true), 'compile a.c on h: Aborted (core dumped)'],
    [killed(40), 'compile a.c on h: Unknown signal 40'],
  ])('says what wait status %i means', (status, text) => {
    expect(resultText('compile a.c on h', status)).toBe(text);
  });
});

describe('exitStatusOf()', () => {
  it('gives the code, or 128 and the signal', () => {
    expect([exited(0), exited(3), killed(9), killed(11, true)].map(exitStatusOf)).toEqual([0, 3, 137, 139]);
  });
});
