import { describe, expect, it } from 'vitest';
import { dependencyFile } from '../../../../src/compiler/command/dependency-file.ts';

describe('dependencyFile()', () => {
  it.each([
    ['x.o', 'x.d'],
    ['sub/x.o', 'sub/x.d'],
    ['x', 'x.d'],
    ['sub.d/x', 'sub.d/x.d'],
    ['hello.bar.foo', 'hello.bar.d'],
    ['hello.', 'hello.d'],
    ['hello..', 'hello..d'],
    ['.x', '.d'],
    ['sub/.x', 'sub/.d'],
    ['.x.o', '.x.d'],
    ['x.o.tmp', 'x.o.d'],
    ['../x.o', '../x.d'],
    ['../x', '../x.d'],
  ])('of %s is %s', (output, file) => expect(dependencyFile(output)).toBe(file));
});
