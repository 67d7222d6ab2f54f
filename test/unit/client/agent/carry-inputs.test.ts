import { createHash } from 'node:crypto';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { carryInputs } from '../../../../src/client/agent/carry-inputs.ts';
import { unwatched } from '../../../../src/client/compile/progress.ts';
import type { InputsSettings } from '../../../../src/client/agent/carry-inputs.ts';
import { InputHosts } from '../../../../src/client/agent/input-hosts.ts';
import type { Input } from '../../../../src/client/headers/inputs.ts';
import { lockName } from '../../../../src/client/hosts/host.ts';
import { readHostWord } from '../../../../src/client/hosts/host-word.ts';
import type { DistantHost } from '../../../../src/client/hosts/host.ts';
import {
  CannotDistribute,
  CompilerUnfit,
  InputsFailed,
  InputsOutdated,
  TransportError,
} from '../../../../src/client/job/faults.ts';
import { textLog } from '../../../../src/client/user-files/text-log.ts';
import type { Gate } from '../../../../src/wire/agent/gate.ts';
import type { AnswerMessage } from '../../../../src/wire/agent/carry.ts';
import { encodeNeed, encodeWelcome } from '../../../../src/wire/inputs/tree-reply.ts';

const sha = (text: string): string => createHash('sha256').update(text).digest('binary');

const source: Input = {
  kind: 'file',
  path: '/home/me/a.c',
  stamp: Buffer.alloc(48),
  hash: sha('int a;'),
  key: sha('possessionint a;'),
  size: 6,
  mtimeNs: 1n,
};

const answerOf = (beginning: Buffer): AnswerMessage => ({
  step: 'done',
  error: 0,
  descriptor: -1,
  inode: 0,
  address: 0,
  size: beginning.length,
  dependencies: undefined,
  ago: { connected: Infinity, sent: Infinity, answered: Infinity },
  beginning,
});

/** A host that wants the source, and an agent that has it read by a launcher. */
class Scene {
  readonly hosts = new InputHosts(() => 0);
  readonly host = readHostWord('127.0.0.1:4000', () => {}) as DistantHost;
  readonly name = lockName(this.host);
  readonly warnings: string[] = [];
  #welcomed = false;
  /** What tells the host's compiler from the one here; asked whenever the host has said something. */
  difference: () => string | undefined = () => undefined;
  /** What was read of the source a moment ago. */
  known: Buffer | undefined;
  gate: Gate | undefined;
  /** How many files the launcher has read. */
  fetched = 0;
  /** What the host got last of what it had asked for. */
  given = '';
  /** What the host got. */
  readonly sent: string[] = [];

  constructor() {
    this.hosts.noteOffer(this.name, { tree: true, codecs: [], results: false, later: false });
  }

  /** A job with the source; `content` is what is read when the host asks for it, and then the host breaks off. */
  job(content: string, end: Partial<AnswerMessage> = { error: 0 }, directory = '/home/me'): Promise<unknown> {
    const welcome = encodeWelcome({
      nonce: Buffer.alloc(16, 1),
      codecs: [],
      slots: 1,
      load: 0,
      compilers: { gcc: 'what it is' },
    });
    let asked = false;
    const next = (): Promise<AnswerMessage> => {
      const answer = asked
        ? { ...answerOf(Buffer.alloc(0)), step: 'exchanging' as const, ...end }
        : answerOf(encodeNeed([0]));
      asked = true;
      return Promise.resolve(answer);
    };
    const launcher: InputsSettings['launcher'] = {
      carry: ({ head }, gate) => {
        this.sent.push(head.toString('latin1'));
        if (gate !== undefined) return Promise.resolve({ ...answerOf(Buffer.alloc(0)), step: 'closed', error: 125 });
        if (this.#welcomed) return next();
        this.#welcomed = true;
        return Promise.resolve(answerOf(welcome));
      },
      more: (bytes) => {
        this.given = bytes.toString('latin1');
        return next();
      },
      keep: () => {},
      sendText: () => Promise.reject(new Error('nothing is sent')),
      fetch: (paths) => {
        this.fetched += paths.length;
        return Promise.resolve(paths.map(() => ({ now: 0n, stamp: Buffer.alloc(48), bytes: Buffer.from(content) })));
      },
    };
    const found = { kind: 'inputs', inputs: [source], rung: 'scan', change: 0, unbounded: undefined } as const;
    const request = {
      found,
      argv: ['gcc', '-c', 'a.c'],
      directory,
      environment: [],
      difference: () => this.difference(),
    };
    const log = textLog('distcc', 'warning', (line) => this.warnings.push(line));
    const known = { take: (input: Input) => (input === source ? this.known : undefined) };
    const own = { log, progress: unwatched, hosts: this.hosts, known, gate: this.gate };
    const settings = { launcher, pid: 1, environment: {}, ...own };
    return carryInputs(this.host, request, settings).catch((error: unknown) => error);
  }
}

describe('carryInputs()', () => {
  it('does not blame a host for a file that changes before it is sent', async () => {
    const scene = new Scene();
    for (const _ of [1, 2, 3, 4]) {
      const error = await scene.job('int b;');
      expect(error).toBeInstanceOf(InputsFailed);
      expect((error as Error).message).toBe('"/home/me/a.c" has changed meanwhile');
    }
    expect([scene.hosts.offerOf(scene.name), scene.warnings]).toEqual(['inputs', []]);
  });

  it('does not blame a host for what an earlier job has told, and asks it again', async () => {
    const scene = new Scene();
    scene.gate = { source: 'a.c', outputs: ['a.o'], paths: Buffer.from('/a.c\0'), digest: Buffer.alloc(16) };
    expect(await scene.job('int a;')).toBeInstanceOf(InputsOutdated);
    scene.gate = undefined;
    scene.known = Buffer.from('int a;');
    await scene.job('int a;');
    expect([scene.given, scene.warnings]).toEqual([expect.stringContaining('int a;'), []]);
  });

  it('sends what it has read for the declaration, without reading it again', async () => {
    const scene = new Scene();
    scene.known = Buffer.from('int a;');
    await scene.job('int b;');
    expect([scene.fetched, scene.given]).toEqual([0, expect.stringContaining('int a;')]);
    scene.known = undefined;
    await scene.job('int a;');
    expect([scene.fetched, scene.given]).toEqual([1, expect.stringContaining('int a;')]);
  });

  it('sends no request that no host could read, and blames none', async () => {
    const scene = new Scene();
    await scene.job('int b;');
    const { length } = scene.sent;
    for (const directory of ['/home/me/', '/home/../me', '/home//me', '/home/me/.']) {
      const error = await scene.job('int a;', {}, directory);
      expect(error).toBeInstanceOf(InputsFailed);
      expect((error as Error).message).toBe('the name of its directory has ".", ".." or nothing between slashes');
    }
    expect([scene.hosts.offerOf(scene.name), scene.warnings, scene.sent.length]).toEqual(['inputs', [], length]);
  });

  it('gives a host up that breaks off three times in a row', async () => {
    const scene = new Scene();
    for (const _ of [1, 2, 3]) expect(await scene.job('int a;')).toBeInstanceOf(InputsFailed);
    expect(scene.hosts.offerOf(scene.name)).toBe('none');
    expect(scene.warnings.join('')).toContain('gets preprocessed sources for ten minutes: the connection was closed');
  });

  it('takes a host that is silent for unreachable, since it would not read preprocessed text either', async () => {
    const scene = new Scene();
    for (const _ of [1, 2, 3]) {
      const error = await scene.job('int a;', { error: constants.errno.ETIMEDOUT });
      expect(error).toBeInstanceOf(TransportError);
      expect((error as Error).message).toBe('IO timeout: no byte was moved for 300 s');
    }
    expect(scene.hosts.offerOf(scene.name)).toBe('inputs');
  });

  it('says what this machine lacked when the launcher could not go on', async () => {
    const error = await new Scene().job('int a;', { step: 'given up', error: constants.errno.ENOMEM });
    expect(error).toBeInstanceOf(CannotDistribute);
  });

  it('counts jobs that a host has left at the same time as one failure', async () => {
    const scene = new Scene();
    await scene.job('int b;');
    await Promise.all(Array.from({ length: 5 }, () => scene.job('int a;')));
    expect([scene.hosts.offerOf(scene.name), scene.warnings]).toEqual(['inputs', []]);
  });

  it('sends no job to a host that says that it has another compiler, and asks it anew before the next one', async () => {
    const scene = new Scene();
    const isOther = (): boolean => scene.hosts.compilerOf(scene.name, 'gcc') === 'what it is';
    scene.difference = () => (isOther() ? 'has another gcc' : undefined);
    const refused = await scene.job('int a;');
    expect(refused).toBeInstanceOf(CompilerUnfit);
    expect([(refused as CompilerUnfit).kind, (refused as Error).message]).toEqual(['other', 'has another gcc']);
    expect(scene.sent.join('')).not.toContain('JOBT');
    await scene.job('int a;');
    // The host answers a job of another session with what it has now.
    expect(scene.sent.at(-1)).toContain(`JOBT00000014${'\0'.repeat(16)}`);
    scene.difference = () => undefined;
    await scene.job('int a;');
    expect(scene.sent.at(-1)).toContain(`JOBT00000014${'\x01'.repeat(16)}`);
    expect([scene.hosts.offerOf(scene.name), scene.warnings]).toEqual(['inputs', []]);
  });
});
