import { describe, expect, it, vi } from 'vitest';
import { limits } from '../../../src/wire/limits.ts';
import { encodeTree, readPath, readTree } from '../../../src/wire/tree.ts';
import type { TreeEntry } from '../../../src/wire/tree.ts';
import { text } from './lzo/samples.ts';
import { faultOf, read } from './reading.ts';

// The real limit is 512 MiB, which a test had better not fill.
vi.mock(import('../../../src/wire/limits.ts'), async (original) => {
  const real = await original();
  return { limits: Object.assign({ ...real.limits }, { filesTotal: 1000 }) };
});

const file = (name: string, content: Buffer): TreeEntry => ({ kind: 'file', name, content });
const link = (name: string, target: string): TreeEntry => ({ kind: 'link', name, target });
const sent = (files: readonly TreeEntry[]): Buffer => Buffer.concat(encodeTree(files));

describe('encodeTree()', () => {
  it('writes the count, then each name with its file or link', () => {
    expect(
      sent([file('/a', Buffer.alloc(0)), link('/b', '../a'), file('/c', Buffer.from('x'))]).toString('latin1'),
    ).toBe(
      'NFIL00000003NAME00000002/aFILE00000000NAME00000002/bLINK00000004../aNAME00000002/cFILE00000005\x12x\x11\0\0',
    );
  });
});

describe('readTree()', () => {
  it('reads what encodeTree() writes', () => {
    const files = [
      file('/home/me/a.c', text(1, 300)),
      file('/home/me/ä b.h', Buffer.alloc(0)),
      link('/usr/include', '../../../usr/include'),
      link('/etc', '/etc'),
    ];
    expect(read(readTree(), sent(files))).toEqual(files);
    expect(read(readTree(), sent([]))).toEqual([]);
  });

  it('refuses anything else after a name', () => {
    expect(faultOf(() => read(readTree(), 'NFIL00000001NAME00000002/aNAME00000002/b'))).toMatchObject({
      kind: 'malformed',
      message: 'expected token "FILE" or "LINK" but got "NAME"',
    });
  });

  it('refuses a name that could lead out of the root', () => {
    expect(faultOf(() => read(readTree(), sent([file('/a/../../etc/passwd', text(1, 9))])))).toMatchObject({
      kind: 'malformed',
      message: 'the path of token "NAME" has ".." inside: "/a/../../etc/passwd"',
    });
  });

  it('refuses a link to nothing', () => {
    expect(faultOf(() => read(readTree(), sent([link('/a', '')])))).toMatchObject({
      kind: 'malformed',
      message: 'the text of token "LINK" is empty',
    });
  });

  it('refuses a link that is longer than a path may be', () => {
    expect(faultOf(() => read(readTree(), 'NFIL00000001NAME00000002/aLINK00001001'))).toMatchObject({
      kind: 'too large',
      message: 'the length of token "LINK" is 4097, more than the limit of 4096',
    });
  });

  it('refuses more files than the limit', () => {
    expect(faultOf(() => read(readTree(), 'NFIL00010001'))).toMatchObject({
      kind: 'too large',
      message: 'the count of token "NFIL" is 65537, more than the limit of 65536',
    });
  });

  it('reads files as large together as the limit, names and targets included', () => {
    expect(limits.filesTotal).toBe(1000);
    const most = [file('/a', Buffer.alloc(500)), link('/b', 'c'.repeat(93)), file('/name', Buffer.alloc(398))];
    expect(read(readTree(), sent(most))).toEqual(most);
    for (const more of [file('/', Buffer.alloc(0)), link('/', 'x')]) {
      expect(faultOf(() => read(readTree(), sent([...most, more])))).toMatchObject({
        kind: 'too large',
        message: 'the files of the request are larger than 1000 bytes together',
      });
    }
  });

  it('unpacks no file beyond what is left of that limit', () => {
    const files = [file('/a', Buffer.alloc(600)), file('/b', Buffer.alloc(399))];
    expect(faultOf(() => read(readTree(), sent(files)))).toMatchObject({
      kind: 'too large',
      message: 'cannot unpack the body of token "FILE": the LZO stream holds more than 398 bytes',
    });
  });
});

describe('readPath()', () => {
  const path = (name: string): Buffer => Buffer.from(`CDIR${name.length.toString(16).padStart(8, '0')}${name}`);

  it.each(['/', '/a', '/a/./b//c', '/..a/b..', '/...'])('reads %s', (name) => {
    expect(read(readPath('CDIR'), path(name))).toBe(name);
  });

  it.each(['..', '/..', '/../a', '/a/..', '/a/../b'])('refuses %s', (name) => {
    expect(faultOf(() => read(readPath('CDIR'), path(name)))).toMatchObject({ kind: 'malformed' });
  });

  it('says what is wrong', () => {
    expect(faultOf(() => read(readPath('CDIR'), path('home/me')))).toMatchObject({
      message: 'the path of token "CDIR" does not start with "/": "home/me"',
    });
    expect(faultOf(() => read(readPath('CDIR'), path('')))).toMatchObject({
      message: 'the path of token "CDIR" does not start with "/": ""',
    });
    expect(faultOf(() => read(readPath('CDIR'), path('/a/..')))).toMatchObject({
      message: 'the path of token "CDIR" has ".." inside: "/a/.."',
    });
    expect(faultOf(() => read(readPath('CDIR'), 'CDIR00001001'))).toMatchObject({
      kind: 'too large',
      message: 'the length of token "CDIR" is 4097, more than the limit of 4096',
    });
  });
});
