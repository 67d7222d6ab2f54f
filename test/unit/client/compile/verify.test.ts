import { describe, expect, it } from 'vitest';
import { differencesOf, leftAt } from '../../../../src/client/compile/verify.ts';
import { exited } from '../../../../src/wire/wait-status.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const made = {
  status: 0,
  stdout: bytes(''),
  stderr: bytes('a.c: warning'),
  object: bytes('object'),
  dependencies: bytes('a.o: a.c'),
};

describe('differencesOf()', () => {
  it('finds none between equal compiles', () => {
    expect(differencesOf(made, { ...made, object: bytes('object') })).toEqual([]);
  });

  it('names all that differs, and where it begins', () => {
    const other = { ...made, status: exited(1), object: bytes(''), stderr: bytes('a.c: error') };
    expect(differencesOf(made, other)).toEqual([
      'the exit status (0 there, 1 here)',
      'the object (6 bytes there, 0 here, from byte 0 on)',
      'the messages (12 bytes there, 10 here, from byte 5 on)',
    ]);
  });

  it('tells where a longer one continues', () => {
    expect(differencesOf({ ...made, object: bytes('obj') }, made)).toEqual([
      'the object (3 bytes there, 6 here, from byte 3 on)',
    ]);
  });
});

describe('leftAt()', () => {
  it('gives what was written, and nothing where nothing stays', () => {
    expect(leftAt('a.o', bytes('object'))).toEqual(bytes('object'));
    expect(leftAt('/dev/null', bytes('object'))).toEqual(bytes(''));
  });
});
