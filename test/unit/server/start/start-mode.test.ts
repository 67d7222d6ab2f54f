import { describe, expect, it } from 'vitest';
import { servesStdin } from '../../../../src/server/start/start-mode.ts';

describe('servesStdin()', () => {
  it.each([
    [['--inetd'], 'socket', true],
    [['--inetd'], 'other', true],
    [['--inetd', '--daemon'], 'other', true],
    [['--allow', '10.0.0.0/8'], 'socket', true],
    [[], 'socket', true],
    [[], 'other', false],
    [[], 'terminal', false],
    [['--daemon'], 'socket', false],
    [['-W'], 'socket', false],
    [['--check'], 'socket', false],
    [['--check', '--inetd'], 'terminal', false],
    [['--show-policy', '--inetd'], 'terminal', false],
    [['--help'], 'socket', false],
  ] as const)('%j with a %s on stdin: %s', (words, stdin, answer) => {
    expect(servesStdin(words, stdin)).toBe(answer);
  });

  it('refuses a client at a terminal with status 101, and says how to start the daemon', () => {
    expect(() => servesStdin(['--inetd'], 'terminal')).toThrow(
      expect.objectContaining({ status: 101, message: expect.stringContaining('start the daemon with --daemon') }),
    );
  });
});
