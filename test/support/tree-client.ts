import { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import zlib from 'node:zlib';
import { bytesOf, byteText } from '../../src/system/byte-text.ts';
import { encodeData, encodeEnd } from '../../src/wire/inputs/contents.ts';
import type { Content } from '../../src/wire/inputs/contents.ts';
import type { Definition } from '../../src/wire/inputs/definitions.ts';
import { encodeSession, encodeTreeJob, noNonce } from '../../src/wire/inputs/tree-job.ts';
import type { TreeJob } from '../../src/wire/inputs/tree-job.ts';
import { readTreeReply } from '../../src/wire/inputs/tree-reply.ts';
import type { TreeAnswer, TreeReply, Welcome } from '../../src/wire/inputs/tree-reply.ts';
import { Decoder } from '../../src/wire/reading/decoder.ts';

/** Something that a client may declare. */
export type ClientInput =
  | { readonly kind: 'file'; readonly path: string; readonly content: Buffer; readonly mtimeNs: bigint }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'directory'; readonly path: string };

/** A file with a text. */
export const fileOf = (path: string, text: string | Buffer, mtimeNs = 1_700_000_000_000_000_000n): ClientInput => ({
  kind: 'file',
  path,
  content: Buffer.from(text),
  mtimeNs,
});

/** What is on this machine at paths, and the links on the way to them. */
function inputsAt(paths: readonly string[]): ClientInput[] {
  const inputs = new Map<string, ClientInput>();
  for (const path of paths) {
    const waiting = path.split('/').reverse();
    let real = '';
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        real = real === '' ? '' : dirname(real).replace(/^\/$/, '');
        continue;
      }
      const here = `${real}/${name}`;
      const about = lstatSync(here, { bigint: true });
      if (about.isSymbolicLink()) {
        const target = byteText(readlinkSync(here, 'buffer'));
        inputs.set(here, { kind: 'link', path: byteText(here), target });
        if (target.startsWith('/')) real = '';
        waiting.push(...target.split('/').reverse());
        continue;
      }
      if (about.isFile())
        inputs.set(here, {
          kind: 'file',
          path: byteText(here),
          content: readFileSync(here),
          mtimeNs: about.mtimeNs,
        });
      else if (waiting.length === 0) inputs.set(here, { kind: 'directory', path: byteText(here) });
      real = here;
    }
  }
  return [...inputs.values()];
}

/** What a command reads on this machine, as its compiler names it. */
export function inputsOf(argv: readonly string[], directory: string): ClientInput[] {
  const [compiler = '', ...all] = argv;
  const words = all.filter((word, at) => !/^-(?:o|c|S|MM?D|MP)$/.test(word) && all[at - 1] !== '-o');
  const run = (...more: string[]): { stdout: string; stderr: string } =>
    spawnSync(compiler, [...words, ...more], { cwd: directory, encoding: 'utf8', maxBuffer: 1 << 26 });
  const absolute = (path: string): string => (path.startsWith('/') ? path : `${directory}/${path}`);
  const rule = run('-M', '-MT', 'x', '-w', '-Wno-error').stdout.replaceAll('\\\n', ' ');
  const files = rule
    .replace(/^x:/, '')
    .split(/\s+/)
    .filter((path) => path !== '');
  const said = run('-E', '-v', '-o', '/dev/null').stderr;
  const chain = /#include .*starts here:\n([^]*?)End of search list/.exec(said)?.[1] ?? '';
  const folders = [...chain.matchAll(/^ (\S+)$/gm)].map(([, path = '']) => path);
  return inputsAt([...files, ...folders, directory].map(absolute));
}

const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The proof that whoever knows the nonce has a content. */
const proofOf = (content: Buffer, nonce: Buffer): Buffer =>
  createHmac('sha256', sha256('possession', content)).update(nonce).digest();

/** What came of one job. */
export interface TreeOutcome {
  readonly welcomes: readonly Welcome[];
  /** What the server asked for, each time. */
  readonly needs: ReadonlyArray<readonly number[]>;
  /** Undefined when the server closed without one. */
  readonly answer: TreeAnswer | undefined;
  /** The sentence of a refusal, or how reading failed. */
  readonly error: string | undefined;
}

/** A job as a test has it. */
export interface ClientJob {
  readonly argv: readonly string[];
  readonly directory: string;
  readonly inputs: readonly ClientInput[];
  readonly environment?: readonly string[];
  readonly generation?: number;
  /** Changes what is sent. */
  readonly change?: (job: TreeJob) => TreeJob;
  /** Changes the contents that are sent when the server asks. */
  readonly contents?: (contents: readonly Content[]) => readonly Content[];
  /** Sees the connection as soon as the job has been sent. */
  readonly sent?: (socket: Socket) => void;
}

/** Bytes of one connection as messages. */
class Replies {
  readonly #socket: Socket;
  #waiting: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake = (): void => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#waiting = Buffer.concat([this.#waiting, chunk]);
      this.#wake();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** The next message; undefined at the end. @throws ProtocolError */
  async next(): Promise<TreeReply | undefined> {
    const decoder = new Decoder(readTreeReply());
    for (;;) {
      const bytes = this.#waiting;
      this.#waiting = Buffer.alloc(0);
      decoder.feed(bytes);
      if (decoder.result !== undefined) {
        this.#waiting = decoder.takeRest();
        return decoder.result.value;
      }
      if (this.#ended) {
        if (bytes.length > 0 || decoder.wanted < 12) decoder.end();
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** An agent as the server sees one: it knows what it has told in its session. */
export class TreeClient {
  readonly port: number;
  readonly from: string;
  readonly secret = randomBytes(16);
  nonce: Buffer = noNonce;
  /** By path and hash, or text. */
  readonly #numbers = new Map<string, { readonly number: number; readonly input: ClientInput; told: boolean }>();

  constructor(port: number, from = '127.0.0.1') {
    this.port = port;
    this.from = from;
  }

  /** The number of an input, which is given when it has none. */
  number(input: ClientInput): number {
    const key = `${input.kind} ${input.path} ${input.kind === 'file' ? sha256(input.content).toString('hex') : ''}${input.kind === 'link' ? input.target : ''}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known.number;
    const number = this.#numbers.size;
    this.#numbers.set(key, { number, input, told: false });
    return number;
  }

  #definition({ number, input }: { readonly number: number; readonly input: ClientInput }): Definition {
    if (input.kind !== 'file') return { ...input, number };
    const { kind, path, content, mtimeNs } = input;
    const proof = proofOf(content, this.nonce);
    return { kind, number, path, hash: sha256(content), size: content.length, proof, mtimeNs };
  }

  #job({ argv, directory, environment = [], generation = 0 }: ClientJob, uses: readonly number[]): TreeJob {
    const untold = [...this.#numbers.values()].filter(({ told, number }) => !told && uses.includes(number));
    return {
      nonce: this.nonce,
      generation,
      directory: byteText(directory),
      argv: argv.map((word) => bytesOf(byteText(word))),
      environment,
      definitions: untold.map((one) => this.#definition(one)),
      uses,
      data: [],
    };
  }

  #contents(numbers: readonly number[]): Content[] {
    const all = [...this.#numbers.values()];
    return numbers.map((number, at) => {
      const input = all[number]?.input;
      if (input?.kind !== 'file') throw new Error(`the server asked for number ${number}`);
      const { content } = input;
      if (at % 2 === 0) return { number, codec: 'raw', length: content.length, bytes: content };
      return { number, codec: 'deflate', length: content.length, bytes: zlib.deflateRawSync(content, { level: 1 }) };
    });
  }

  /** Has a job done on a connection of its own. */
  async run(job: ClientJob): Promise<TreeOutcome> {
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.from });
    socket.on('error', () => {});
    const replies = new Replies(socket);
    await once(socket, 'connect');
    const uses = job.inputs.map((input) => this.number(input)).sort((one, other) => one - other);
    const change = job.change ?? ((same) => same);
    const send = (): void => {
      for (const chunk of encodeTreeJob(change(this.#job(job, uses)))) socket.write(chunk);
    };
    socket.write(encodeSession(this.secret));
    // A client that does not know the nonce waits for it.
    if (!this.nonce.equals(noNonce)) send();
    const welcomes: Welcome[] = [];
    const needs: (readonly number[])[] = [];
    const outcome = (answer: TreeAnswer | undefined, error?: string): TreeOutcome => {
      replies.close();
      return { welcomes, needs, answer, error };
    };
    job.sent?.(socket);
    try {
      for (;;) {
        const reply = await replies.next();
        if (reply === undefined) return outcome(undefined);
        if (reply.kind === 'answer') {
          const { kind: _, ...answer } = reply;
          return outcome(answer);
        }
        if (reply.kind === 'welcome') {
          welcomes.push(reply);
          this.nonce = reply.nonce;
          for (const known of this.#numbers.values()) known.told = false;
          send();
          continue;
        }
        needs.push(reply.numbers);
        for (const known of this.#numbers.values()) if (uses.includes(known.number)) known.told = true;
        const contents = (job.contents ?? ((same) => same))(this.#contents(reply.numbers));
        for (const chunk of [...encodeData(contents), encodeEnd()]) socket.write(chunk);
      }
    } catch (error) {
      return outcome(undefined, error instanceof Error ? error.message : String(error));
    }
  }
}

/** A job that does not need this machine's headers. */
export const smallJob = (text: string, change: Partial<ClientJob> = {}): ClientJob => ({
  argv: ['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'],
  directory: '/home/me',
  inputs: [fileOf('/home/me/a.c', text), fileOf('/usr/include/stdc-predef.h', '')],
  ...change,
});
