import { describe, expect, it } from 'vitest';
import { shownCompilers } from '../../../../src/server/metrics/shown-compilers.ts';

describe('shownCompilers()', () => {
  const served = () => [
    { name: 'cc', path: '/usr/bin/gcc' },
    { name: 'arm-clang', path: '/usr/bin/clang' },
    { name: 'clang', path: '/usr/bin/clang' },
    { name: 'gone', path: undefined },
    { name: 'new', path: '/usr/bin/new' },
  ];

  it('knows only names where nothing is found out', () => {
    expect(shownCompilers({ served })).toEqual(served());
  });

  it('takes what is known under the name, else under another name of the program, and adds no name', () => {
    const list = () => [
      { name: '/usr/bin/gcc', path: '/usr/bin/gcc', version: '12.2', target: 'x86_64' },
      { name: 'clang', path: '/usr/bin/clang', version: '14.0', target: 'x86_64' },
      { name: 'arm-clang', path: '/usr/bin/clang', version: '14.0', target: 'arm' },
      { name: 'new', path: '/usr/bin/old', version: '1', target: 'x86_64' },
    ];
    expect(shownCompilers({ served, known: { list } })).toEqual([
      { name: 'cc', path: '/usr/bin/gcc', version: '12.2', target: 'x86_64' },
      { name: 'arm-clang', path: '/usr/bin/clang', version: '14.0', target: 'arm' },
      { name: 'clang', path: '/usr/bin/clang', version: '14.0', target: 'x86_64' },
      { name: 'gone', path: undefined },
      { name: 'new', path: '/usr/bin/new' },
    ]);
  });

  it('has none when their list cannot be read', () => {
    const broken = (): never => {
      throw new Error('gone');
    };
    expect(shownCompilers({ served: broken })).toEqual([]);
  });
});
