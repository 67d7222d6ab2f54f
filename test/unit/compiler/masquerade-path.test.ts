import { describe, expect, it } from 'vitest';
import { pathBehindMasquerade } from '../../../src/compiler/masquerade-path.ts';

const programs = new Set(['/usr/lib/distcc/gcc', '/usr/bin/gcc', './gcc']);

const behind = (path: string, invokedAs: string): string | undefined =>
  pathBehindMasquerade(path, { invokedAs, directory: '/home/me', isExecutable: (one) => programs.has(one) });

describe('pathBehindMasquerade()', () => {
  it.each([
    ['/usr/lib/distcc:/usr/bin:/bin', 'gcc', '/usr/bin:/bin'],
    ['/opt:/usr/lib/distcc:/usr/bin', 'gcc', '/usr/bin'],
    ['/usr/bin:/usr/lib/distcc:/bin', '/usr/lib/distcc/gcc', '/bin'],
    ['/usr/bin:/home/me/links:/bin', './links/gcc', '/bin'],
    ['/usr/bin:/home/links:/bin', '../links/gcc', '/bin'],
    ['/home/me:/bin', './gcc', '/bin'],
    [':/usr/bin', 'gcc', '/usr/bin'],
  ])('of %s called as %s is %s', (path, invokedAs, rest) => expect(behind(path, invokedAs)).toBe(rest));

  it.each([
    ['/opt:/bin', 'gcc'],
    ['/usr/bin:/bin', '/usr/lib/distcc/gcc'],
    ['/bin:/usr/lib/distcc', '/usr/lib/distcc/gcc'],
  ])('leaves %s alone for %s', (path, invokedAs) => expect(behind(path, invokedAs)).toBeUndefined());

  it('drops the directory wherever else it stands, or distcc would find itself again', () => {
    expect(behind('/usr/lib/distcc:/usr/lib/distcc:/usr/bin:/usr/lib/distcc', 'gcc')).toBe('/usr/bin');
  });
});
