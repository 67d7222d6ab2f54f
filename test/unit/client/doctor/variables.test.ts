import { describe, expect, it } from 'vitest';
import { Findings } from '../../../../src/client/doctor/findings.ts';
import { checkVariables } from '../../../../src/client/doctor/variables.ts';

function found(environment: Readonly<Record<string, string>>): string[] {
  const findings = new Findings();
  checkVariables(environment, findings);
  return findings.all.map(({ mark, text }) => `${mark}: ${text}`);
}

describe('checkVariables()', () => {
  it.each([
    [{ DISTCC_HOSTS: 'a', DISTCC_DIR: '/d', DISTCC_VERBOSE: '1', PATH: '/bin' }, []],
    [{ DISTCC_CMDLIST: '/x', DISTCC_CMDLIST_NUMWORDS: '1' }, []],
    [{ DISTCC_AGENT: '1', DISTCC_VERIFY: '0', DISTCC_PREPROCESS: 'auto' }, []],
    [{ DISTCC_HOTSS: 'a' }, ['wrong: DISTCC_HOTSS is not a variable of distcc: write DISTCC_HOSTS, or unset it']],
    [{ DISTCC_POTENTIAL: 'a' }, ['note: DISTCC_POTENTIAL is not a variable of distcc: it has no effect']],
    [{ DISTCC_TCP_CORK: '0' }, ['note: DISTCC_TCP_CORK has no effect: requests are always gathered']],
  ])('judges %j', (environment, expected) => {
    expect(found(environment)).toEqual(expected);
  });

  it.each([
    [{ _DISTCC_SAFEGUARD: '1' }, /^wrong: _DISTCC_SAFEGUARD is set, .*: unset it$/],
    [{ DISTCC_IO_TIMEOUT: 'x' }, /^wrong: no job is distributed: Bad DISTCC_IO_TIMEOUT value: x: /],
    [{ DISTCC_BACKOFF_PERIOD: 'x' }, /^wrong: DISTCC_BACKOFF_PERIOD expects a whole number, not "x"/],
    [{ DISTCC_AGENT: '0' }, /^note: DISTCC_AGENT=0: .*: unset it$/],
    [{ DISTCC_PREPROCESS: 'here' }, /^note: DISTCC_PREPROCESS=here: /],
    [{ DISTCC_VERIFY: '1' }, /^note: DISTCC_VERIFY=1: /],
    [{ DISTCC_SAVE_TEMPS: '1' }, /^note: DISTCC_SAVE_TEMPS=1: /],
  ])('explains %j', (environment, expected) => {
    expect(found(environment)).toEqual([expect.stringMatching(expected)]);
  });
});
