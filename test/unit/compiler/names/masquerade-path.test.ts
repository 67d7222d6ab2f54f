import { describe, expect, it } from 'vitest';
import { pathAfterMasquerade } from '../../../../src/compiler/names/masquerade-path.ts';

const programs = new Set(['/usr/lib/distcc/gcc', '/usr/bin/gcc', './gcc']);

function after(path: string, invokedAs: string): string | undefined {
  const at = path.split(':').findIndex((entry) => programs.has(`${entry === '' ? '.' : entry}/${invokedAs}`));
  const foundIn = at === -1 ? undefined : at;
  return pathAfterMasquerade(path, { invokedAs, directory: '/home/me', foundIn })?.path;
}

describe('pathAfterMasquerade()', () => {
  it.each([
    ['/usr/lib/distcc:/usr/bin:/bin', 'gcc', '/usr/bin:/bin'],
    ['/opt:/usr/lib/distcc:/usr/bin', 'gcc', '/usr/bin'],
    ['/usr/bin:/usr/lib/distcc:/bin', '/usr/lib/distcc/gcc', '/bin'],
    ['/usr/bin:/home/me/links:/bin', './links/gcc', '/bin'],
    ['/usr/bin:/home/links:/bin', '../links/gcc', '/bin'],
    ['/home/me:/bin', './gcc', '/bin'],
    [':/usr/bin', 'gcc', '/usr/bin'],
  ])('of %s called as %s is %s', (path, invokedAs, rest) => expect(after(path, invokedAs)).toBe(rest));

  it.each([
    ['/opt:/bin', 'gcc'],
    ['/usr/bin:/bin', '/usr/lib/distcc/gcc'],
    ['/bin:/usr/lib/distcc', '/usr/lib/distcc/gcc'],
  ])('leaves %s alone for %s', (path, invokedAs) => expect(after(path, invokedAs)).toBeUndefined());

  it('drops the directory wherever else it stands, or distcc would find itself again', () => {
    expect(after('/usr/lib/distcc:/usr/lib/distcc:/usr/bin:/usr/lib/distcc', 'gcc')).toBe('/usr/bin');
  });

  it('tells which entries are left', () => {
    const call = { invokedAs: 'gcc', directory: '/', foundIn: 1 };
    const shortened = pathAfterMasquerade('/a:/masq:/b:/masq:/c', call);
    expect([0, 1, 2, 3, 4].filter((entry) => shortened?.keeps(entry))).toEqual([2, 4]);
  });
});
