import { ProtocolError } from '../reading/protocol-error.ts';
import { numberAt, numbers, splitStrings, terminated, wideAt } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

/**
 * What a process sees: its mount, user and network namespaces, and the device and inode of its root directory; 0 for
 * what is not known.
 */
export type Surroundings = readonly [mounts: number, users: number, network: number, device: number, inode: number];

/** A call of the launcher. */
export interface JobMessage {
  readonly pid: number;
  readonly umask: number;
  /** Which of stdin, stdout and stderr are terminals. */
  readonly terminals: readonly [stdin: boolean, stdout: boolean, stderr: boolean];
  readonly surroundings: Surroundings;
  /** The working directory; empty when it has been removed. */
  readonly directory: string;
  /** The command line: the name that distcc was called by, and the words after it. */
  readonly words: readonly string[];
  /** NAME=value. */
  readonly variables: readonly string[];
  readonly hosts: HostsFile;
}

/** The hosts file. Its path is empty when no file exists, or a variable holds the list. */
export interface HostsFile {
  readonly path: string;
  readonly text: string;
  /** The errno of reading it, or 0. */
  readonly error: number;
}

const jobNumbers = 8 * 4 + 5 * 8;

/**
 * JOB: pid, umask, terminals as bits, counts of words and of variables, bytes of the names, bytes of the variables,
 * errno of the hosts file; the surroundings with 64 bits each; then directory, words, path of the hosts file,
 * variables, and the text of that file.
 */
export function encodeJob(job: JobMessage): Buffer {
  const names = terminated([job.directory, ...job.words, job.hosts.path]);
  const variables = terminated(job.variables);
  const surroundings = Buffer.alloc(40);
  for (const [at, value] of job.surroundings.entries()) surroundings.writeBigUInt64LE(BigInt(value), 8 * at);
  const bits = job.terminals.reduce((sum, is, at) => sum + (is ? 1 << at : 0), 0);
  return encodeFrame(
    kinds.JOB,
    numbers(job.pid, job.umask, bits, job.words.length, job.variables.length),
    numbers(names.length, variables.length, job.hosts.error),
    surroundings,
    names,
    variables,
    Buffer.from(job.hosts.text, 'latin1'),
  );
}

/** The variables of the previous job: most jobs of a build have the same. */
let last: { readonly bytes: Buffer; readonly variables: readonly string[] } | undefined;

function readVariables(bytes: Buffer, count: number): readonly string[] {
  if (last?.bytes.equals(bytes) !== true) last = { bytes: Buffer.from(bytes), variables: splitStrings(bytes, count) };
  return last.variables;
}

/** Reads JOB. Jobs with the same variables share one list of them. @throws ProtocolError */
export function readJob(content: Buffer): JobMessage {
  const [words, variables] = [numberAt(content, 3), numberAt(content, 4)];
  const namesEnd = jobNumbers + numberAt(content, 5);
  const variablesEnd = namesEnd + numberAt(content, 6);
  const bits = numberAt(content, 2);
  if (words === 0) throw new ProtocolError('malformed', 'a job without a word');
  if (variablesEnd > content.length) throw new ProtocolError('malformed', 'a job whose names are not there');
  const wide = (at: number): number => wideAt(content, 8 + 2 * at);
  const [directory = '', ...given] = splitStrings(content.subarray(jobNumbers, namesEnd), 2 + words);
  const path = given.pop() ?? '';
  return {
    pid: numberAt(content, 0),
    umask: numberAt(content, 1),
    terminals: [(bits & 1) !== 0, (bits & 2) !== 0, (bits & 4) !== 0],
    surroundings: [wide(0), wide(1), wide(2), wide(3), wide(4)],
    directory,
    words: given,
    variables: readVariables(content.subarray(namesEnd, variablesEnd), variables),
    hosts: { path, text: content.toString('latin1', variablesEnd), error: numberAt(content, 7) },
  };
}
