import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const file = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../packaging/freebsd-rc', name), 'utf8');
const lines = (name: string): string[] =>
  file(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '));

/** The fields of a line of newsyslog.conf(5); owner, pid file and signal may be left out. */
const entry =
  /^(\/\S+)\s+(?:(\w+:\w+)\s+)?([0-7]{3})\s+(\d+)\s+(\d+|\*)\s+(\*|[@$]\S+|\d+)\s+([BCDEGJNPRTUWXYZ-]+)(?:\s+(\/\S+)(?:\s+(\d+))?)?$/;
const [bySyslogd, byDistccd] = lines('newsyslog.conf.example').map((line) => entry.exec(line.replace(/^#/, '')) ?? []);

describe('the example for syslogd', () => {
  it("takes the daemon's lines by its name into a file, and ends its block", () => {
    const [program, selector, end] = lines('syslog.conf.example');
    expect([program, end]).toEqual(['!distccd', '!*']);
    expect(selector).toMatch(/^\*\.\*\s+\/var\/log\/distccd\.log$/);
  });
});

describe('the example for newsyslog', () => {
  it('has two entries, of which the second is commented out', () => {
    expect(lines('newsyslog.conf.example').map((line) => line.startsWith('#'))).toEqual([false, true]);
    expect(bySyslogd).toHaveLength(10);
    expect(byDistccd).toHaveLength(10);
  });

  it('rotates the file that syslogd writes, without a signal for distccd', () => {
    const [, path, , mode, , , , flags, pidFile] = bySyslogd ?? [];
    expect(file('syslog.conf.example')).toContain(`\t${path ?? '?'}\n`);
    expect([mode, flags, pidFile]).toEqual(['640', 'JC', undefined]);
  });

  it("has distccd's own file belong to its account, and SIGHUP sent to the rc.d script's pid file", () => {
    const [, , owner, , , , , flags, pidFile, signal] = byDistccd ?? [];
    expect([owner, flags, Number(signal)]).toEqual(['distcc:distcc', 'J', constants.signals.SIGHUP]);
    expect(file('distccd.in')).toContain(`\${distccd_flags_pidfile:-${pidFile ?? '?'}}`);
  });
});
