import { encodeArguments, readAnyArguments } from '../arguments.ts';
import { limits } from '../limits.ts';
import type { Grammar } from '../reading/decoder.ts';
import { ProtocolError } from '../reading/protocol-error.ts';
import { encodeText, readAnyTextBody } from '../text.ts';
import { encodeToken, readToken, readUnhurriedToken } from '../token.ts';
import type { TokenName } from '../token.ts';
import { encodeData, encodeEnd, readContents } from './contents.ts';
import type { ArrivedContent, Content } from './contents.ts';
import { encodeDefinitions } from './definitions.ts';
import type { Definition } from './definitions.ts';
import { checkInputPath, faultOfPath } from './input-path.ts';
import { encodeNumbers } from './numbers.ts';

/** The version of this conversation. */
export const treeVersion = 1;
/** Bytes of the secret by which an agent's connections belong together, and of a server's nonce. */
const secretLength = 16;
export const nonceLength = 16;

const generationLength = 4;

/** The nonce of whoever has not been told one. */
export const noNonce = Buffer.alloc(nonceLength);

/** Encodes what a connection for tree jobs begins with; it goes in one write with what follows (doc/protocol.md). */
export function encodeSession(secret: Buffer): Buffer {
  return Buffer.concat([encodeToken('TREE', treeVersion), encodeBody('SESS', secret, secretLength)]);
}

/** Reads the secret of a session. */
export const readSession = (): Grammar<Buffer> => readExactly('SESS', secretLength);

function encodeBody(name: TokenName, bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw new RangeError(`token "${name}" has ${length} bytes`);
  return Buffer.concat([encodeToken(name, length), bytes]);
}

function* readExactly(name: TokenName, length: number): Grammar<Buffer> {
  return yield* readBodyOf(name, length, yield* readToken(name, length));
}

function* readBodyOf(name: TokenName, length: number, parameter: number): Grammar<Buffer> {
  if (parameter === length) return yield { exactly: length, of: `the body of token "${name}"` };
  throw new ProtocolError('malformed', `the length of token "${name}" is ${parameter} instead of ${length}`);
}

/** A compile of a client's own files, as the client sends it. */
export interface TreeJob {
  /** As the server's last welcome said. */
  readonly nonce: Buffer;
  /** Which state of the client's files this is: a later one has a larger number. */
  readonly generation: number;
  /** The working directory: an absolute path, one character for each byte. */
  readonly directory: string;
  /** The command, compiler first, in UTF-8 or as bytes. */
  readonly argv: readonly (string | Buffer)[];
  /** NAME=value, in UTF-8 or as bytes. */
  readonly environment: readonly (string | Buffer)[];
  /** Numbers that the server may not know yet. */
  readonly definitions: readonly Definition[];
  /** The numbers of all that the job may read, rising. */
  readonly uses: readonly number[];
  /** Contents that the server surely lacks. */
  readonly data: readonly Content[];
}

/** What is wrong with the name of a job's directory, as a sentence; undefined when a server takes it. */
export function faultOfDirectory(directory: string): string | undefined {
  const fault = directory === '/' ? undefined : faultOfPath(directory);
  return fault === undefined ? undefined : `the name of its directory ${fault}`;
}

/** Why a server would close the connection for a job, as far as its own words tell; undefined when it takes it. */
export function faultOfTreeJob({
  directory,
  argv,
  environment,
}: Pick<TreeJob, 'directory' | 'argv' | 'environment'>): string | undefined {
  const place = faultOfDirectory(directory);
  if (place !== undefined) return place;
  const lengths = argv.map((word) => Buffer.byteLength(word));
  const all = lengths.reduce((total, length) => total + length, 0);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  if (argv.length > limits.arguments || longest > limits.argumentLength || all > limits.argumentsTotal)
    return 'its command is too long';
  const variables = environment.reduce((total, variable) => total + Buffer.byteLength(variable), 0);
  return environment.length > limits.variables || variables > limits.variablesTotal
    ? 'its variables are too long'
    : undefined;
}

/** Encodes a job as pieces to be written in this order (doc/protocol.md, "Tree jobs"). */
export function encodeTreeJob(job: TreeJob): Buffer[] {
  const generation = Buffer.alloc(generationLength);
  generation.writeUInt32LE(job.generation);
  const definitions = encodeDefinitions(job.definitions);
  const uses = encodeNumbers(job.uses);
  if (definitions.length > limits.definitionsLength) throw new RangeError('more definitions than a job may have');
  return [
    encodeBody('JOBT', Buffer.concat([job.nonce, generation]), nonceLength + generationLength),
    encodeText('CDIR', Buffer.from(job.directory, 'latin1')),
    encodeArguments(job.argv),
    encodeToken('ENVC', job.environment.length),
    ...job.environment.map((variable) => encodeText('ENVV', variable)),
    encodeToken('DEFS', definitions.length),
    definitions,
    encodeToken('USES', uses.length),
    uses,
    ...encodeData(job.data),
    encodeEnd(),
  ];
}

/** A job as it came: nothing of it has been taken apart that could be large. */
export interface ArrivedTreeJob extends Pick<TreeJob, 'nonce' | 'generation' | 'directory'> {
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  /** Whether some word or variable is not UTF-8, so that they are not what was sent. */
  readonly garbled: boolean;
  /** For decodeDefinitions(). */
  readonly definitions: Buffer;
  /** For decodeNumbers(). */
  readonly uses: Buffer;
  readonly data: readonly ArrivedContent[];
}

/** Reads a job. @throws ProtocolError */
export function* readTreeJob(): Grammar<ArrivedTreeJob> {
  const length = nonceLength + generationLength;
  // The client scans its sources before it sends a job.
  const head = yield* readBodyOf('JOBT', length, yield* readUnhurriedToken('JOBT', length));
  const directory = yield* readDirectory();
  const { argv, garbled } = yield* readAnyArguments();
  const environment = yield* readEnvironment();
  return {
    nonce: head.subarray(0, nonceLength),
    generation: head.readUInt32LE(nonceLength),
    directory,
    argv,
    environment: environment.variables,
    garbled: garbled || environment.garbled,
    definitions: yield* readBlock('DEFS', limits.definitionsLength),
    uses: yield* readBlock('USES', limits.numbersLength),
    data: yield* readContents(),
  };
}

function* readDirectory(): Grammar<string> {
  const path = (yield* readBlock('CDIR', limits.pathLength)).toString('latin1');
  return path === '/' ? path : checkInputPath(path, 'token "CDIR"');
}

function* readEnvironment(): Grammar<{ variables: readonly string[]; garbled: boolean }> {
  const count = yield* readToken('ENVC', limits.variables);
  const variables: string[] = [];
  let garbled = false;
  let left: number = limits.variablesTotal;
  while (variables.length < count) {
    const length = yield* readToken('ENVV', left);
    left -= length;
    const { text, utf8 } = yield* readAnyTextBody('ENVV', length);
    if (text.indexOf('=') < 1) throw new ProtocolError('malformed', 'the text of token "ENVV" is not NAME=value');
    variables.push(text);
    garbled ||= !utf8;
  }
  return { variables, garbled };
}

/** Reads a token and its body, whole. */
function* readBlock(name: TokenName, ceiling: number): Grammar<Buffer> {
  const length = yield* readToken(name, ceiling);
  return yield { exactly: length, of: `the body of token "${name}"` };
}
