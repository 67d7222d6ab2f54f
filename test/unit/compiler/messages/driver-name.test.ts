import { describe, expect, it } from 'vitest';
import { asCalledBy } from '../../../../src/compiler/messages/driver-name.ts';

const names = { from: 'x86_64-linux-gnu-g++', to: 'c++' };

describe('asCalledBy()', () => {
  it.each([
    ['x86_64-linux-gnu-g++: warning: one\n', 'c++: warning: one\n'],
    [
      'cc1plus: two\nx86_64-linux-gnu-g++: Warnung: x86_64-linux-gnu-g++: a\n',
      'cc1plus: two\nc++: Warnung: x86_64-linux-gnu-g++: a\n',
    ],
    ['\x1b[01m\x1b[Kx86_64-linux-gnu-g++:\x1b[m\x1b[K three\n', '\x1b[01m\x1b[Kc++:\x1b[m\x1b[K three\n'],
    ['    1 | x86_64-linux-gnu-g++: x\n', '    1 | x86_64-linux-gnu-g++: x\n'],
    ['x86_64-linux-gnu-g++:1:2: warning: a file\n', 'x86_64-linux-gnu-g++:1:2: warning: a file\n'],
    ['x86_64-linux-gnu-g++-12: warning: another\n', 'x86_64-linux-gnu-g++-12: warning: another\n'],
    ['', ''],
  ])("begins the driver's own lines with the other name: %j", (messages, expected) => {
    expect(asCalledBy(messages, names)).toBe(expected);
  });
});
