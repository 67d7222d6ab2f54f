import type { AnswerMessage } from '../../src/wire/agent/carry.ts';
import type { CommandMessage, EndedMessage } from '../../src/wire/agent/command.ts';
import type { FoundProgram } from '../../src/wire/agent/file.ts';
import type { JobMessage } from '../../src/wire/agent/job.ts';

/** One message of launcher and agent of each larger kind, with values that are near a limit or easily confused. */
export const sampleMessages: {
  readonly job: JobMessage;
  readonly command: CommandMessage;
  readonly ended: EndedMessage;
  readonly answer: AnswerMessage;
  readonly found: readonly FoundProgram[];
} = {
  job: {
    pid: 4711,
    umask: 0o22,
    terminals: [true, false, true],
    surroundings: [2 ** 32 - 1, 4026531837, 0, 2 ** 40 + 1, 2 ** 52],
    directory: '/home/m\u00e9',
    words: ['distcc', 'gcc', '', 'a\nb.c', '\u00ff\u0080'],
    variables: ['PATH=/bin', 'EMPTY=', 'NAME=\u00e9'],
    hosts: { path: '/home/m\u00e9/.distcc/hosts', text: 'one\0two # \u00e9\n', error: 0 },
  },
  command: {
    number: 7,
    argv: ['gcc', ''],
    changes: ['A=1', 'GONE'],
    source: 'a.c',
    output: '',
  },
  ended: {
    status: 256,
    descriptor: 11,
    size: 2 ** 40 + 1,
    inode: 2 ** 33 + 2,
    messages: 7,
    outputIsSource: true,
    notWritable: false,
    program: { device: 2 ** 34, inode: 3 },
  },
  answer: {
    step: 'exchanging',
    error: 104,
    descriptor: 12,
    address: 1,
    inode: 2 ** 33,
    size: 2 ** 34,
    dependencies: 545,
    ago: { connected: 4.5, sent: 0.125, answered: Infinity },
    beginning: Buffer.from('DONE'),
  },
  found: [
    { name: 0, entry: 2, ours: true, device: 2 ** 33, inode: 5, real: '/usr/bin/distcc' },
    { name: 1, entry: 0, ours: false, device: 1, inode: 2 ** 35, real: '/opt/\u00e9' },
  ],
};
