import { describe, expect, it } from 'vitest';
import { textLog } from '../../../../src/client/user-files/text-log.ts';
import { createLogger } from '../../../../src/logging/logger.ts';
import type { Level, Logger } from '../../../../src/logging/log-line.ts';

function everything(log: Logger): void {
  for (const level of ['critical', 'error', 'warning', 'notice', 'info', 'debug'] as const) {
    log[level](`the ${level} line\nwith \u001b[1mtwo\u0085 lines`);
  }
}

describe('textLog()', () => {
  it.each(['debug', 'info', 'warning', 'error'] as const)(
    'writes the lines of the daemon from %s on',
    (level: Level) => {
      const ours: string[] = [];
      const daemons: string[] = [];
      everything(textLog('distcc', level, (line) => ours.push(line)));
      everything(createLogger({ program: 'distcc', level, sink: (line) => daemons.push(line) }));
      expect(ours).toEqual(daemons);
      expect(ours.length).toBeGreaterThan(1);
    },
  );

  it('knows what it would write', () => {
    const log = textLog('distcc', 'warning', () => {});
    expect([log.writes('error'), log.writes('warning'), log.writes('info')]).toEqual([true, true, false]);
  });
});
