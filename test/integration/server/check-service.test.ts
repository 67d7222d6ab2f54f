import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkService } from '../../../src/server/check-service.ts';
import type { ServicePlaces } from '../../../src/server/start/service-settings.ts';

const packaging = join(import.meta.dirname, '../../../packaging/systemd');

let top: string;
let folder: string;
let masks: string;
let places: ServicePlaces;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'check-service-'));
  execFileSync('gcc', ['-std=gnu11', '-o', join(top, 'generator'), join(packaging, 'distccd-generator.c')]);
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(top, 'machine-'));
  const [defaults, generated, edited] = ['default', 'generator', 'edited'].map((name) => join(folder, name));
  masks = join(folder, 'masks');
  for (const name of ['default', 'generator', 'edited', 'units', 'masks']) mkdirSync(join(folder, name));
  cpSync(packaging, join(folder, 'units'), { recursive: true });
  symlinkSync('/usr/bin/distcc', join(masks, 'gcc'));
  places = {
    generator: join(top, 'generator'),
    defaults: defaults ?? '',
    folders: [edited ?? '', generated ?? '', join(folder, 'units')],
    generated: generated ?? '',
  };
  // The account of the package may be missing here, and so may the compilers.
  edit('distccd.service', 'account', '[Service]', 'User=nobody', `BindReadOnlyPaths=${masks}`);
});

function edit(unit: string, name: string, ...lines: string[]): void {
  mkdirSync(join(folder, 'edited', `${unit}.d`), { recursive: true });
  writeFileSync(join(folder, 'edited', `${unit}.d/${name}.conf`), lines.map((line) => `${line}\n`).join(''));
}

const options = (words: string): string => `DISTCCD_OPTIONS="--masquerade-dir ${masks} ${words}"`;

/** What is said of settings. */
function check(...lines: string[]): string[] {
  if (!lines.some((line) => line.startsWith('DISTCCD_OPTIONS'))) lines.unshift(options(''));
  writeFileSync(join(places.defaults, 'distccd'), lines.map((line) => `${line}\n`).join(''));
  return checkService(places);
}

describe('checkService()', () => {
  it('says what the service would serve, to whom, as whom', () => {
    const lines = check(
      'ALLOWEDNETS="127.0.0.1 192.168.1.0/24"',
      'LISTENER="192.168.1.5 ::1"',
      'PORT=3700',
      'JOBS=3',
      'NICE=9',
    );
    expect(lines).toEqual(
      expect.arrayContaining([
        'serves: 192.168.1.5:3700',
        'serves: [::1]:3700',
        'to: 127.0.0.1/32, 192.168.1.0/24',
        'as: nobody',
        expect.stringMatching(/^compilers: .*gcc.* \(in \//),
        'at a time: 3',
        'priority: 9 lower than usual',
        'log: the journal, notice and worse',
      ]),
    );
    expect(lines.join('\n')).not.toContain('warning');
    expect(check('ALLOWEDNETS=10.0.0.0/8')).toContain('serves: port 3632 of every address');
  });

  it('says whether files of clients are compiled, and why not', () => {
    const kept = 'files of clients: compiled as they are, kept in';
    const not = 'files of clients: not compiled, only preprocessed text:';
    expect(check()).toContain(`${kept} /var/cache/distccd/contents`);
    expect(check(options('--input-cache 10G'))).toContain(`${kept} /var/cache/distccd/contents, up to 10240 MiB`);
    expect(check(options('--no-tree'))).toContain(`${not} --no-tree`);
    expect(check(options('--fence none'))).toContain(
      `${not} a compiler could get at the files of other jobs: --fence none`,
    );
    edit('distccd.service', 'cache', '[Service]', 'CacheDirectory=');
    expect(check()).toContain(`${kept} /tmp until the daemon ends`);
    edit('distccd.service', 'namespaces', '[Service]', 'RestrictNamespaces=yes');
    expect(check()).toContain(`${not} jobs have no roots of their own here: RestrictNamespaces=yes in distccd.service`);
    edit('distccd.socket', 'accept', '[Socket]', 'Accept=yes');
    expect(check()).toContain(`${not} a process for each client keeps nothing for the next one`);
  });

  it('counts drop-ins: sockets, variables, a process for each client', () => {
    edit('distccd.socket', '00-mine', '[Socket]', 'ListenStream=', 'ListenStream=127.0.0.1:3650');
    edit(
      'distccd.service',
      'mine',
      '[Service]',
      `Environment="DISTCCD_SETTINGS=--jobs 2 --masquerade-dir ${masks} --allow 10.1.1.1"`,
    );
    const lines = check('JOBS=3');
    expect(lines).toEqual(expect.arrayContaining(['serves: 127.0.0.1:3650', 'at a time: 2', 'to: 10.1.1.1/32']));
    expect(lines.filter((line) => line.startsWith('serves'))).toHaveLength(1);
    edit('distccd.socket', 'accept', '[Socket]', 'Accept=yes');
    edit('distccd@.service', 'account', '[Service]', 'User=nobody', `BindReadOnlyPaths=${masks}`);
    expect(check('JOBS=3')).toEqual(expect.arrayContaining(['to each client: a process of its own', 'at a time: 3']));
  });

  it('says whether that is in force', () => {
    const inForce = (lines: string[]): string | undefined => lines.find((line) => line.startsWith('settings: '));
    expect(inForce(check('JOBS=3'))).toContain('in force after "systemctl restart distccd"');
    execFileSync(places.generator, [places.generated, '/', '/', places.defaults, places.defaults, '/none']);
    expect(inForce(check('JOBS=3'))).toBe('settings: in force');
    expect(inForce(check('JOBS=4'))).toContain('in force after');
  });

  it('names the counters with STATS', () => {
    expect(check('STATS=true')).toContain('serves: counters, on 127.0.0.1:3633');
    expect(check('STATS=true', options('--stats')).join('\n')).not.toContain('warning');
  });

  it('says to whom the counters are told, with STATS', () => {
    const told = (...lines: string[]): string[] => check(...lines).filter((line) => line.startsWith('counters: '));
    expect(told('ALLOWEDNETS="10.1.1.1"', 'STATS=true')).toEqual(['counters: told to this machine and 10.1.1.1/32']);
    expect(told('ALLOWEDNETS="10.1.1.1"', 'STATS=true', options('--stats-allow 10.2.2.2'))).toEqual([
      'counters: told to this machine and 10.2.2.2/32',
    ]);
    expect(told('ALLOWEDNETS="10.1.1.1"')).toEqual([]);
  });

  it.each([
    ['JOBS="many"', 'JOBS or DISTCCD_OPTIONS in /etc/default: --jobs expects a number from 1 to 1000, not "many"'],
    ['NICE="lots"', 'NICE or DISTCCD_OPTIONS in /etc/default: --nice expects a number from 0 to 20, not "lots"'],
    ['PERMIT_OPTIONS="x"', 'PERMIT_OPTIONS or DISTCCD_OPTIONS in /etc/default: --permit-option expects'],
    ['ALLOWEDNETS="my.house"', 'ALLOWEDNETS or DISTCCD_OPTIONS in /etc/default: cannot understand "my.house"'],
    ['ALLOWEDNETS="@/root/list"', 'the service does not see "/root/list": BindReadOnlyPaths=/root/list in'],
    ['DISTCCD_OPTIONS="--stats-allow my.house"', 'DISTCCD_OPTIONS in /etc/default: cannot understand "my.house"'],
    [
      'DISTCCD_OPTIONS="--stats-allow @/root/list"',
      'DISTCCD_OPTIONS in /etc/default: the service does not see "/root/list": BindReadOnlyPaths=/root/list in',
    ],
    ['DISTCCD_OPTIONS="--bogus"', 'DISTCCD_OPTIONS in /etc/default: --bogus: unknown option'],
    ['DISTCCD_OPTIONS="--help"', 'DISTCCD_OPTIONS in /etc/default: --help and --version start no daemon'],
    [
      'DISTCCD_OPTIONS="--stats"',
      'DISTCCD_OPTIONS in /etc/default: --stats cannot work in the service: STATS="true" in',
    ],
    ['DISTCCD_OPTIONS="-P /run/distccd.pid"', '--pid-file cannot work in the service'],
    ['PORT="70000"', 'PORT="70000" in /etc/default is not a port'],
    ['LISTENER="my house"', 'LISTENER in /etc/default names "my", which is not an address'],
  ])('fails for %s', (line, sentence) => {
    expect(() => check(line)).toThrow(expect.objectContaining({ message: expect.stringContaining(sentence) }));
  });

  it('names the drop-in that a wrong option is in, and an account that is missing', () => {
    edit('distccd.service', 'mine', '[Service]', 'Environment="DISTCCD_SETTINGS=--jobs many"');
    expect(() => check()).toThrow(/edited\/distccd.service.d\/mine.conf: --jobs expects/);
    edit('distccd.service', 'mine', '[Service]', 'User=nobody-there');
    expect(() => check()).toThrow('there is no account "nobody-there", which User= of distccd.service names');
    edit('distccd.service', 'mine', '[Service]', 'User=root');
    expect(() => check()).toThrow('will not serve jobs as root');
  });

  it.each([
    ['JOB=3', 'JOB is not a setting and has no effect; JOBS is one'],
    ['ALLOWEDNETS="10.1.1.1/8"', '"10.1.1.1/8" has host bits set'],
    ['--port 4000', '--port has no effect in the service: PORT in'],
    ['--listen ::1', '--listen has no effect in the service: LISTENER in'],
    ['--user games', '--user has no effect in the service: User= in'],
    ['--nice 3', '--nice has no effect in the service: NICE in'],
    ['--log-file /tmp/log', '--log-file has no effect in the service: the service logs to the journal'],
    ['--zeroconf', '--zeroconf has no effect in the service: ZEROCONF="true" in'],
    [
      '--masquerade-dir /home/links',
      'the service does not see the masquerade directory "/home/links": BindReadOnlyPaths=',
    ],
    ['--masquerade-dir /usr/none', 'cannot read the masquerade directory "/usr/none"'],
  ])('warns of %s', (line, sentence) => {
    const lines = check(line.startsWith('--') ? options(line) : line);
    expect(lines).toContainEqual(expect.stringMatching(/^warning: /));
    expect(lines.join('\n')).toContain(sentence);
  });
});
