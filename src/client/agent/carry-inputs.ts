import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { bytesOf } from '../../system/byte-text.ts';
import type { AnswerMessage, Way } from '../../wire/agent/carry.ts';
import type { Gate } from '../../wire/agent/gate.ts';
import { encodeData, encodeEnd } from '../../wire/inputs/contents.ts';
import type { Codec, Content } from '../../wire/inputs/contents.ts';
import type { Definition } from '../../wire/inputs/definitions.ts';
import { encodeSession, encodeTreeJob, faultOfTreeJob, noNonce } from '../../wire/inputs/tree-job.ts';
import { readTreeReplyHead } from '../../wire/inputs/tree-reply.ts';
import type { TreeReplyHead } from '../../wire/inputs/tree-reply.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import { refusalMark } from '../../wire/refusal.ts';
import { tokenLength } from '../../wire/token.ts';
import type { HeldOutput } from '../compile/host-answer.ts';
import type { Progress } from '../compile/progress.ts';
import type { InputsRequest, InputsResponse } from '../compile/inputs-effects.ts';
import { otherCompiler } from '../compile/judge-compiler.ts';
import { serverName } from '../hosts/host.ts';
import type { DistantHost } from '../hosts/host.ts';
import type { Input } from '../headers/inputs.ts';
import { ConnectionLost, InputsChanged, InputsFailed, InputsUnfit } from '../job/faults.ts';
import { bytesWithin, goTo, headOfObject, noteMarks, readHead, requireAnswer, surplus, wayTo } from './carry.ts';
import type { CarrySettings } from './carry.ts';
import type { InputHosts } from './input-hosts.ts';
import { proofOf } from './input-session.ts';
import type { InputSession, NumberedInput } from './input-session.ts';
import type { Launcher } from './launcher.ts';

/** What a job needs besides what carry() does. */
export interface InputsSettings extends CarrySettings {
  readonly launcher: CarrySettings['launcher'] & Pick<Launcher, 'more' | 'fetch'>;
  readonly hosts: InputHosts;
  /** What has to be so before the job goes to the host. */
  readonly gate: Gate | undefined;
  /** Contents that were read lately, by their inputs. */
  readonly known: { take(input: Input): Buffer | undefined };
  readonly progress: Pick<Progress, 'isFollowed' | 'reached' | 'moved' | 'begin'>;
}

/** A host may ask this often for contents: it may have thrown some away while others came. */
const mostQuestions = 4;
/** Packing less than this is not worth it, in bytes. */
const smallContent = 200;
/** After packing this much others have their turn, in bytes. */
const turnBytes = 1024 * 1024;

function definitionOf({ number, input }: NumberedInput, nonce: Buffer): Definition {
  switch (input.kind) {
    case 'file': {
      const { kind, path, hash, size, key, mtimeNs } = input;
      return { kind, number, path, hash: Buffer.from(hash, 'latin1'), size, mtimeNs, proof: proofOf(key, nonce) };
    }
    case 'link':
      return { kind: 'link', number, path: input.path, target: input.target };
    case 'directory':
      return { kind: 'directory', number, path: input.path };
  }
}

function pack(number: number, bytes: Buffer, codecs: readonly Codec[]): Content {
  const packed =
    codecs.includes('deflate') && bytes.length >= smallContent ? deflateRawSync(bytes, { level: 1 }) : undefined;
  return packed === undefined || packed.length >= bytes.length
    ? { number, codec: 'raw', length: bytes.length, bytes }
    : { number, codec: 'deflate', length: bytes.length, bytes: packed };
}

const sum = (pieces: readonly Buffer[]): number => pieces.reduce((total, { length }) => total + length, 0);

type InputFile = Extract<Input, { kind: 'file' }>;

/** One job's conversation with a host that compiles it from its inputs. */
class InputsConversation {
  readonly #host: DistantHost;
  readonly #name: string;
  readonly #request: InputsRequest;
  readonly #settings: InputsSettings;
  readonly #session: InputSession;
  #sent = 0;

  private constructor(host: DistantHost, request: InputsRequest, settings: InputsSettings, session: InputSession) {
    this.#host = host;
    this.#name = serverName(host);
    this.#request = request;
    this.#settings = settings;
    this.#session = session;
  }

  static async begin(host: DistantHost, request: InputsRequest, settings: InputsSettings): Promise<InputsResponse> {
    const { session, met } = await settings.hosts.meet(serverName(host), request.found.inputs.length);
    return new InputsConversation(host, request, settings, session).#hold(met);
  }

  async #hold(met: (() => void) | undefined): Promise<InputsResponse> {
    try {
      const way = await wayTo(this.#host, this.#settings);
      // A host that had another compiler is asked what it has now, before it gets a job: another nonce has it say so.
      const isOther = met === undefined && this.#request.difference() !== undefined;
      const job = met === undefined ? this.#job(isOther ? noNonce : this.#session.nonce) : [];
      const head = [encodeSession(this.#session.secret), ...job];
      this.#sent += sum(head);
      const { gate } = this.#settings;
      const message = { body: 'none', ending: 'dependencies', token: 'NONE', head: Buffer.concat(head), gate } as const;
      const answer = await goTo(this.#host, way, message, this.#settings);
      this.#settings.progress.moved(this.#sent, answer.size);
      return await this.#listen(answer, way, met);
    } finally {
      met?.();
    }
  }

  #job(nonce: Buffer = noNonce): Buffer[] {
    const { found, argv, directory, environment } = this.#request;
    const words = { directory, argv: argv.map(bytesOf), environment: environment.map(bytesOf) };
    const fault = faultOfTreeJob(words);
    if (fault !== undefined) throw new InputsUnfit(fault);
    const { uses, unknown } = this.#session.declare(found.inputs);
    return encodeTreeJob({
      nonce,
      generation: found.change,
      ...words,
      definitions: unknown.map((numbered) => definitionOf(numbered, nonce)),
      uses,
      data: [],
    });
  }

  /** Answers what the host asks until it has an answer. */
  async #listen(first: AnswerMessage, way: Way, met: (() => void) | undefined): Promise<InputsResponse> {
    let answer = first;
    for (let questions = 0; ; questions += 1) {
      const { head: reply, at, bytes } = await readHead(readTreeReplyHead, answer, this.#settings);
      if (reply.kind === 'answer') {
        this.#session.confirm(this.#request.found.inputs);
        this.#settings.hosts.succeeded(this.#name);
        return this.#response(reply, answer, { at, bytes });
      }
      if (at !== answer.size) throw surplus();
      if (questions === mostQuestions) throw new InputsFailed('the host asks again and again for what it was given');
      if (reply.kind === 'welcome') {
        this.#session.welcomed(reply.nonce, reply.codecs);
        this.#settings.hosts.noteCompilers(this.#name, reply.compilers);
        met?.();
        const difference = this.#request.difference();
        if (difference !== undefined) throw otherCompiler(difference);
        answer = await this.#more(this.#job(this.#session.nonce), way);
        continue;
      }
      this.#session.confirm(this.#request.found.inputs);
      answer = await this.#more([...encodeData(await this.#contents(reply.numbers)), encodeEnd()], way);
    }
  }

  async #more(pieces: readonly Buffer[], way: Way): Promise<AnswerMessage> {
    const length = sum(pieces);
    this.#sent += length;
    const { progress } = this.#settings;
    progress.begin('send');
    const answer = await this.#settings.launcher.more(Buffer.concat(pieces));
    noteMarks(answer, progress);
    progress.moved(length, answer.size);
    return requireAnswer(answer, way, this.#settings, true);
  }

  /**
   * The answer, of which object and dependency file stay where they are.
   * @throws ProtocolError when it ends elsewhere
   */
  #response(
    { status, stderr, stdout, kept, objectLength: length }: Extract<TreeReplyHead, { kind: 'answer' }>,
    answer: AnswerMessage,
    { at, bytes }: { readonly at: number; readonly bytes: Buffer },
  ): InputsResponse {
    const { size, dependencies } = answer;
    const after = at + length + tokenLength;
    if (dependencies === undefined || after + dependencies > size)
      throw new ProtocolError('truncated', 'the answer has no end');
    if (after + dependencies < size) throw surplus();
    const read =
      (start: number): HeldOutput['read'] =>
      (from, wanted) =>
        bytesWithin(answer, { from: start + from, length: wanted, seen: bytes }, this.#settings);
    return {
      status,
      stderr,
      stdout,
      object: { at, length, head: bytes.subarray(at, at + Math.min(length, headOfObject)), read: read(at) },
      dependencies: { at: after, length: dependencies, head: Buffer.alloc(0), read: read(after) },
      sent: this.#sent,
      kept,
    };
  }

  /** The contents that the host lacks: what was declared, as it was read for that, or as it is now. */
  async #contents(numbers: readonly number[]): Promise<Content[]> {
    const wanted = this.#session.inputsOf(numbers, this.#request.found.inputs);
    const files = wanted.map((input): InputFile => {
      if (input?.kind !== 'file') throw new InputsFailed('the host asks for what is not among the inputs');
      return input;
    });
    const contents: Content[] = [];
    let turn = 0;
    for (const [at, bytes] of (await this.#bytesOf(files)).entries()) {
      contents.push(pack(numbers[at] ?? 0, bytes, this.#session.codecs));
      turn += bytes.length;
      if (turn < turnBytes) continue;
      turn = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return contents;
  }

  /** The bytes of files, which must be those that were declared. @throws InputsChanged */
  async #bytesOf(files: readonly InputFile[]): Promise<Buffer[]> {
    const known = files.map((file) => this.#settings.known.take(file));
    const unknown = files.filter((_, at) => known[at] === undefined);
    const read = await this.#settings.launcher.fetch(unknown.map(({ path }) => path));
    let next = 0;
    return files.map((file, at) => {
      const one = known[at];
      if (one !== undefined) return one;
      const bytes = read[next]?.bytes;
      next += 1;
      if (bytes === undefined || createHash('sha256').update(bytes).digest('binary') !== file.hash)
        throw new InputsChanged(file.path);
      return bytes;
    });
  }
}

/** What a host's refusal or a broken answer means for the job: it may be preprocessed. */
function failureOf(error: unknown): unknown {
  if (error instanceof ConnectionLost) return new InputsFailed(error.message, { cause: error });
  if (!(error instanceof ProtocolError)) return error;
  const sentence =
    error.kind === 'refused' ? error.message.replace(refusalMark, '') : `bad answer from server: ${error.message}`;
  return new InputsFailed(sentence, { cause: error });
}

/**
 * Has a host compile a job from its inputs.
 * @throws InputsFailed when the host may compile it from preprocessed text; TransportError when it cannot be reached;
 * CannotDistribute when the launcher lacks something; InputsOutdated when the gate was closed
 */
export async function carryInputs(
  host: DistantHost,
  request: InputsRequest,
  settings: InputsSettings,
): Promise<InputsResponse> {
  const { hosts, log } = settings;
  const name = serverName(host);
  const failures = hosts.failuresOf(name);
  try {
    return await InputsConversation.begin(host, request, settings);
  } catch (error) {
    const failure = failureOf(error);
    if (!(failure instanceof InputsFailed)) throw error;
    const refused = error instanceof ProtocolError && error.kind === 'refused';
    const ours = failure instanceof InputsChanged || failure instanceof InputsUnfit;
    if (!refused && !ours && hosts.failed(name, failures))
      log.warning(`${host.definition} gets preprocessed sources for ten minutes: ${failure.message}`);
    throw failure;
  }
}
