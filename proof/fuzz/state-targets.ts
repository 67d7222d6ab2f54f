import { encodeJobRecord, nativeLayout, readJobRecord, recordSize } from '../../src/job-state/job-record.ts';
import type { JobRecord, RecordLayout } from '../../src/job-state/job-record.ts';
import { parseHostList } from '../../src/client/hosts/host-list.ts';
import { clientVariables, readVariable } from '../../src/config/client-environment.ts';
import { readDaemonOptions } from '../../src/config/read-daemon-options.ts';
import { jobsText } from '../../src/monitor/jobs-text.ts';
import { allowFileEntries, parseAccessList } from '../../src/server/policy/access-list.ts';
import { expectThat, inputOf, signOf, textsOf } from './target.ts';
import type { Target } from './target.ts';

const layouts: readonly RecordLayout[] = (['LE', 'BE'] as const).flatMap((order) =>
  ([4, 8] as const).map((word) => ({ word, order })),
);
const job: JobRecord = { pid: 4711, file: 'a.c', host: 'server', slot: 3, phase: 'Compile' };

/** State files, which any client of this machine writes for monitors. */
const state: Target = {
  name: 'state',
  seeds: [encodeJobRecord(job), ...layouts.map((layout) => encodeJobRecord({ ...job, phase: 'Done' }, layout))],
  dictionary: ['\0', '\u001b[2J', '\n', '\u00ff\u00ff\u00ff\u00ff', '\u202e', 'a/b'],
  read(input) {
    const signs = layouts.map((layout) => {
      const reading = readJobRecord(input, layout);
      if (!('record' in reading)) return 'incomplete' in reading ? 'incomplete' : reading.fault;
      const { record } = reading;
      const again = encodeJobRecord({ ...record, file: '', host: '' }, layout);
      expectThat(again.length === recordSize(layout), 'a record has one size');
      expectThat(!/\p{Cc}/u.test(jobsText([record]).replaceAll('\n', '')), 'a monitor prints no control character');
      return record.phase;
    });
    expectThat(recordSize(nativeLayout) > 0, 'this machine has a layout');
    return signs.join(' ');
  },
};

/** Lists of hosts. */
const hosts: Target = {
  name: 'hosts',
  seeds: [
    Buffer.from('localhost/2 server1/8,lzo server2:3633/16,lzo,cpp # a comment\n--randomize\n'),
    Buffer.from('me@host:/usr/bin/distccd/4,lzo [::1]:3632/2 [fe80::1%eth0]/1 ::1\n--localslots=3 --localslots_cpp=9'),
    Buffer.from('+zeroconf @ssh 10.0.0.1:3632,auth,down --randomize=x anon@h/0'),
    Buffer.from('\ufffeh\0o\0s\0t\0', 'latin1'),
  ],
  dictionary: [
    ',lzo',
    ',cpp',
    ',',
    '/',
    '/4',
    ':',
    ':3632',
    '@',
    '[',
    ']',
    '#',
    '\n',
    '\0',
    '--localslots=',
    '--randomize',
    '%',
    '\u00a0',
    '\u200b',
    '99999999999',
    '-1',
  ],
  read: (input) =>
    signOf(() => {
      const list = parseHostList({ name: 'the list', unit: 'words', text: input.toString('utf8') });
      for (const { slots } of list.hosts) expectThat(Number.isSafeInteger(slots) && slots >= 0, 'slots are a number');
      return `${Math.min(list.hosts.length, 9)} hosts, ${list.warnings.length > 0 ? 'warnings' : ''}`;
    }),
};

/** The daemon's options, the client's variables, and files of networks. */
const settings: Target = {
  name: 'settings',
  seeds: [
    inputOf('--daemon', '--port', '3633', '--allow', '192.168.0.0/16', '--jobs', '4', '--log-level', 'info'),
    inputOf('--inetd', '-a', '::1', '-N', '5', '--permit-option', '-fstack-usage', '--fence', 'full', '--user', 'me'),
    inputOf('--max-memory=1G', '--job-lifetime', '60', '--listen', '127.0.0.1', '--stats', '--idle-exit', '9'),
    inputOf('10.0.0.0/8 # net', '2001:db8::/32', '::ffff:1.2.3.4', '0.0.0.0/0'),
  ],
  dictionary: [
    '\0',
    '--',
    '-',
    '=',
    '/',
    '/33',
    '/0',
    ':',
    '--port',
    '--allow',
    '--jobs',
    '-1',
    '0',
    '99999999999999999999',
    '0x10',
    '1e3',
    ' 5',
    '\u0663',
    '@',
    '@file',
    '::',
    '%eth0',
    'true',
  ],
  read(input) {
    const texts = textsOf(input);
    const options = signOf(() => ('print' in readDaemonOptions(texts) ? 'print' : 'options'));
    const variables = signOf(() => {
      for (const [at, name] of Object.keys(clientVariables).entries()) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of the table
        readVariable(name as keyof typeof clientVariables, { [name]: texts[at % texts.length] });
      }
      return 'variables';
    });
    const access = signOf(() => {
      const list = parseAccessList({
        entries: texts,
        readFile: (path) => (path === 'file' ? texts.join('\n') : ''),
        allowPrivate: false,
      });
      const admitted = ['127.0.0.1', '::1', '::ffff:10.0.0.1', 'x', ''].filter((address) => list.admits(address));
      expectThat(list.networks.length > 0 || admitted.length === 0, 'an empty list admits nobody');
      expectThat(!admitted.includes('x') && !admitted.includes(''), 'only addresses are admitted');
      return `${Math.min(list.networks.length, 9)} networks`;
    });
    expectThat(
      allowFileEntries(texts.join('\n')).every((line) => line !== ''),
      'a file of networks has no empty entry',
    );
    return [options, variables, access].join('; ');
  },
};

export const stateTargets: readonly Target[] = [state, hosts, settings];
