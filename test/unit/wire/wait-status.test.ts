import { describe, expect, it } from 'vitest';
import { exited, killed, readWaitStatus } from '../../../src/wire/wait-status.ts';

describe('readWaitStatus()', () => {
  it.each([
    [0x0000, { kind: 'exited', code: 0 }],
    [0x0100, { kind: 'exited', code: 1 }],
    [0x6e00, { kind: 'exited', code: 110 }],
    [0xff00, { kind: 'exited', code: 255 }],
    [0x000b, { kind: 'killed', signal: 11, core: false }],
    [0x008b, { kind: 'killed', signal: 11, core: true }],
  ])('reads %i', (status, end) => {
    expect(readWaitStatus(status)).toEqual(end);
  });

  it('reads what exited() and killed() make', () => {
    for (let code = 0; code < 256; code += 1) expect(readWaitStatus(exited(code))).toEqual({ kind: 'exited', code });
    for (let signal = 1; signal < 128; signal += 1) {
      expect(readWaitStatus(killed(signal))).toEqual({ kind: 'killed', signal, core: false });
      expect(readWaitStatus(killed(signal, true))).toEqual({ kind: 'killed', signal, core: true });
    }
  });
});
