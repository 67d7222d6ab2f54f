import { describe, expect, it } from 'vitest';
import { missingMarkers } from '../../../../src/compiler/command/line-markers.ts';
import { scanArguments } from '../../../../src/compiler/command/scan-arguments.ts';

function markers(compiler: string, head: string): string {
  const verdict = scanArguments([compiler, '-c', 'sub/a.i'], 'client');
  if (verdict.run === 'locally') throw new Error(verdict.because);
  return missingMarkers(verdict, head, '/home/"me"');
}

describe('missingMarkers()', () => {
  it.each([
    ['gcc', 'int a;\n', '# 0 "sub/a.i"\n# 1 "/home/\\"me\\"//"\n# 1 "sub/a.i"\n'],
    ['gcc', '# 1 "a.c"\nint a;\n', '# 0 "a.c"\n# 1 "/home/\\"me\\"//"\n'],
    ['gcc', '# 0 "a.c"\n# 0 "<built-in>"\n', '# 0 "a.c"\n# 1 "/home/\\"me\\"//"\n'],
    ['gcc', '# 0 "a.c"\n# 1 "/elsewhere//"\n# 0 "<built-in>"\n', ''],
    ['clang', 'int a;\n', '# 1 "sub/a.i"\n'],
    ['clang', '# 1 "a.c"\n', ''],
    ['gcc', '', '# 0 "sub/a.i"\n# 1 "/home/\\"me\\"//"\n# 1 "sub/a.i"\n'],
  ])('of %s and %j are %j', (compiler, head, expected) => expect(markers(compiler, head)).toBe(expected));
});
