import { getEventListeners } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientStream } from '../../../../src/server/connection/client-stream.ts';
import { Conversation } from '../../../../src/server/connection/conversation.ts';
import type { Service } from '../../../../src/server/connection/service.ts';
import type { JobEnd } from '../../../../src/server/job/job-end.ts';
import { ByteBudget } from '../../../../src/server/limits/byte-budget.ts';
import type { BudgetAccount } from '../../../../src/server/limits/byte-budget.ts';
import { FairQueue } from '../../../../src/server/limits/fair-queue.ts';
import { onlyConnection } from '../../../../src/server/limits/open-connections.ts';
import type { OpenConnection, Stage } from '../../../../src/server/limits/open-connections.ts';
import { Overload } from '../../../../src/server/policy/refusal.ts';
import type { SpawnRequest } from '../../../../src/system/processes/spawn.ts';
import { encodeArguments } from '../../../../src/wire/arguments.ts';
import { encodeSession } from '../../../../src/wire/inputs/tree-job.ts';
import { encodeRequest, encodeRequestHead } from '../../../../src/wire/request.ts';
import { encodeToken } from '../../../../src/wire/token.ts';
import { exited, killed } from '../../../../src/wire/wait-status.ts';
import { hangLimit } from '../../../support/daemon.ts';
import { serviceParts } from '../../../support/service.ts';
import type { ServiceParts } from '../../../support/service.ts';
import { InputsFixture } from '../inputs/inputs-fixture.ts';

const offer = { tree: true, codecs: [], results: false, later: false };

const argv = ['gcc', '-c', 'src/a.c', '-o', 'out/a.o'];
const request = encodeRequest({ version: 1, argv, source: Buffer.from('int x;\n') });
const mebibyte = 1024 * 1024;
/** The size of the largest answer that is sent from memory: a token comes in front of each file. */
const small = 256 * 1024;
/** Different ones, so that a test sees which one is in force. */
const deadlines = { receiving: 1000, silence: 300, waiting: 2000, answering: 3000 };

/** A client whose bytes come, and are taken, when the test says so. */
class Client extends Duplex implements ClientStream {
  timeout = 0;
  sent = '';
  reads = true;
  #taken: (() => void) | undefined;
  #silent = (): void => {};

  constructor() {
    super({ allowHalfOpen: true });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const take = (): void => {
      this.sent += chunk.toString('latin1');
      done();
    };
    if (this.reads) take();
    else this.#taken = take;
  }

  /** Reads what is waiting, and all that comes later. */
  takes(): void {
    this.reads = true;
    this.#taken?.();
  }

  get waits(): boolean {
    return this.#taken !== undefined;
  }

  setTimeout(milliseconds: number, callback?: () => void): this {
    this.timeout = milliseconds;
    if (callback !== undefined) this.#silent = callback;
    return this;
  }

  /** No byte was moved for as long as that may last. */
  fallsSilent(): void {
    if (this.timeout > 0) this.#silent();
  }

  says(...chunks: readonly Buffer[]): void {
    for (const chunk of chunks) this.push(chunk);
  }

  hangsUp(): void {
    this.push(null);
  }
}

/** What a test's compiler leaves, and when it ends. */
class Compiler {
  readonly signals: string[] = [];
  readonly request: SpawnRequest;
  #end: (status: number) => void = () => {};
  readonly ended = new Promise<number>((resolve) => {
    this.#end = resolve;
  });

  constructor(start: SpawnRequest) {
    this.request = start;
  }

  /** Ends well, with an object of this length. */
  compiles(length = 6): void {
    writeFileSync(`${this.request.directory}/a.o`, Buffer.alloc(length, 'o'));
    this.#end(0);
  }

  ends(status: number): void {
    this.#end(status);
  }

  signal(name: string): void {
    this.signals.push(name);
    this.#end(killed(15));
  }
}

describe('Conversation', () => {
  let parts: ServiceParts;
  let client: Client;
  let compilers: Compiler[];
  let stages: Stage[];
  let connection: OpenConnection;
  let drain: AbortController;
  let kill: AbortController;
  let end: JobEnd | undefined;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    client = new Client();
    compilers = [];
    stages = [];
    connection = watched(onlyConnection('192.0.2.7'));
    drain = new AbortController();
    kill = new AbortController();
    end = undefined;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    parts.remove();
  });

  /** Writes down which stages a connection goes through. */
  function watched(one: OpenConnection): OpenConnection {
    let now = one.stage;
    return Object.defineProperty(one, 'stage', {
      get: () => now,
      set: (stage: Stage) => {
        now = stage;
        stages.push(stage);
      },
    });
  }

  function hold(change: Partial<Service> = {}): Service {
    const spawn: Service['spawn'] = (start) => {
      const started = new Compiler(start);
      compilers.push(started);
      return { pid: 1, ended: started.ended, signal: (name) => started.signal(name) };
    };
    parts = serviceParts({ spawn, deadlines, ...change });
    const { service } = parts;
    const conversation = new Conversation(client, service, { name: '192.0.2.7:4711', connection });
    void conversation.hold({ drain: drain.signal, kill: kill.signal }).then((how) => (end = how));
    return service;
  }

  /** Waits until a condition holds, though time stands still. */
  async function until(condition: () => boolean): Promise<void> {
    const limit = performance.now() + hangLimit;
    while (!condition() && performance.now() < limit) await turn();
    expect(condition()).toBe(true);
  }

  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < 50; turns += 1) await turn();
  };

  const ended = async (): Promise<JobEnd | undefined> => {
    await until(() => end !== undefined);
    return end;
  };

  async function compiler(): Promise<Compiler> {
    await until(() => compilers.length > 0);
    const [found] = compilers;
    if (found === undefined) throw new Error('no compiler');
    return found;
  }

  /** Somebody else has the only slot. */
  const occupy = (queue: FairQueue): Promise<() => void> =>
    queue.enter({ client: 'somebody', signal: new AbortController().signal, putBack: () => {} });

  /** Memory, with who has it and how to have it back. */
  function watchedBudget() {
    const budget = new ByteBudget({ total: 8 * mebibyte, overdraft: 0 });
    const accounts: BudgetAccount[] = [];
    const dismissals: ((reason: Overload) => void)[] = [];
    const open = budget.open.bind(budget);
    vi.spyOn(budget, 'open').mockImplementation((address, dismiss) => {
      const account = open(address, dismiss);
      expect(address).toBe('192.0.2.7');
      accounts.push(account);
      dismissals.push(dismiss);
      return account;
    });
    return { budget, accounts, dismissals };
  }

  const log = (): string => parts.lines.join('\n');
  /** How many files of jobs are open. */
  function openFiles(): number {
    const links = readdirSync('/proc/self/fd').map((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`);
      } catch {
        return '';
      }
    });
    return links.filter((link) => link.startsWith(parts.spool.path) && !link.endsWith('/daemon-lock')).length;
  }

  /** Nothing that the conversation had is left. */
  function expectNothingLeft({ queue, budget, answerFiles }: Service): void {
    expect([queue.running, queue.waiting, budget.used, answerFiles.used]).toEqual([0, 0, 0, 0]);
    expect(parts.folders()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    for (const { signal } of [drain, kill]) expect(getEventListeners(signal, 'abort')).toEqual([]);
  }

  it('goes through all stages: request, slot, compiler, answer', async () => {
    const service = hold();
    client.says(...request);
    const running = await compiler();
    expect(running.request).toMatchObject({
      path: '/bin/true',
      argv: ['gcc', '-c', '-o', 'a.o', '-x', 'cpp-output', 'a.i'],
    });
    expect(readFileSync(`${running.request.directory}/a.i`, 'utf8')).toBe('int x;\n');
    expect([client.timeout, vi.getTimerCount(), stages]).toEqual([0, 1, ['waiting', 'compiling']]);
    running.compiles();
    expect(await ended()).toEqual({
      class: 'COMPILE_OK',
      status: 0,
      ret: 0,
      command: { compiler: 'gcc', source: 'src/a.c' },
    });
    expect(client.sent).toBe('DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000006oooooo');
    expect([client.writableFinished, stages]).toEqual([true, ['waiting', 'compiling', 'answering']]);
    expect(log()).toContain('connection from 192.0.2.7:4711');
    expect(log()).toContain('compile from a.c to a.o');
    expectNothingLeft(service);
    await until(() => openFiles() === 0);
  });

  it('ends with the status of a compiler that fails', async () => {
    const service = hold();
    client.says(...request);
    (await compiler()).ends(exited(3));
    expect(await ended()).toMatchObject({ class: 'COMPILE_ERROR', status: exited(3), ret: 0 });
    expect(client.sent).toMatch(/^DONE00000001STAT00000300SERR/);
    expectNothingLeft(service);
  });

  describe('while the request comes', () => {
    const half = [encodeRequestHead({ version: 1, argv }), encodeToken('DOTI', 100), Buffer.from('in')];

    it('ends when the client is silent for too long', async () => {
      const service = hold();
      expect(client.timeout).toBe(deadlines.silence);
      client.says(...half);
      await settled();
      client.fallsSilent();
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 118 });
      expect(log()).toContain('the client was silent for too long, from 192.0.2.7:4711');
      expect(client.sent).toBe('');
      expectNothingLeft(service);
    });

    it('counts the silence of a client that had to wait for memory, once there is some', async () => {
      const budget = new ByteBudget({ total: 2 * mebibyte, overdraft: 0 });
      const other = budget.open('192.0.2.7', () => {});
      other.tryTake(mebibyte);
      hold({ budget });
      client.says(encodeRequestHead({ version: 1, argv }), encodeToken('DOTI', mebibyte), Buffer.from('in'));
      await until(() => client.timeout === 0);
      client.fallsSilent();
      await settled();
      expect(end).toBeUndefined();
      other.close();
      client.fallsSilent();
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 118 });
      expect(budget.used).toBe(0);
    });

    it('counts the silence of a client that has been welcomed to a session', async () => {
      const place = new InputsFixture();
      const sessions = place.open();
      const roots = (): never => {
        throw new Error('no job has come');
      };
      const service = hold({ trees: { sessions: () => sessions, roots, environment: roots, offer } });
      client.says(encodeSession(Buffer.alloc(16, 1)));
      await until(() => client.sent !== '');
      await settled();
      expect(client.timeout).toBe(deadlines.silence);
      client.fallsSilent();
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 118 });
      expectNothingLeft(service);
      place.end();
    });

    it('gives its memory to others who need it', async () => {
      const { budget, dismissals } = watchedBudget();
      const service = hold({ budget });
      client.says(...half);
      await settled();
      dismissals[0]?.(new Overload('no_memory', 'others need the memory'));
      expect(await ended()).toMatchObject({ class: 'REJ_OVERLOAD' });
      expect(log()).toContain('others need the memory, from 192.0.2.7:4711');
      expectNothingLeft(service);
    });

    it('ends when it takes too long', async () => {
      const service = hold();
      client.says(...half);
      await settled();
      vi.advanceTimersByTime(deadlines.receiving - 1);
      await settled();
      expect(end).toBeUndefined();
      vi.advanceTimersByTime(1);
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 118 });
      expect(log()).toContain('the request took too long to arrive, from 192.0.2.7:4711');
      expectNothingLeft(service);
    });

    it.each([
      ['ends', (): AbortController => drain],
      ['ends at once', (): AbortController => kill],
    ])('ends when the daemon %s', async (_, stop) => {
      const service = hold();
      client.says(...half);
      await settled();
      stop().abort(new Error('this server is stopping'));
      expect(await ended()).toMatchObject({ class: 'OTHER' });
      expect(log()).toContain('this server is stopping');
      expectNothingLeft(service);
    });

    it('does not begin when the daemon has been told to end', async () => {
      drain.abort(new Error('this server is stopping'));
      const service = hold();
      client.says(...request);
      expect(await ended()).toMatchObject({ class: 'OTHER' });
      expect(compilers).toEqual([]);
      expectNothingLeft(service);
    });

    it('tells a client that only looks from one that sent something', async () => {
      const service = hold();
      client.hangsUp();
      expect(await ended()).toEqual({ class: 'OTHER', status: 0, ret: 108, unheard: true });
      expect(log()).toBe('');
      expectNothingLeft(service);
    });

    it('tells a client that is thrown out from one that leaves', async () => {
      hold();
      client.fallsSilent();
      expect(await ended()).not.toHaveProperty('unheard');
      expect(log()).toContain('the client was silent for too long');
    });

    it.each([
      ['closes', () => client.destroy()],
      ['fails', () => client.destroy(new Error('reset'))],
    ])('takes a client that %s for one that came only to look', async (_, happens) => {
      hold();
      happens();
      expect(await ended()).toMatchObject({ ret: 108, unheard: true });
    });

    it('says which request was cut', async () => {
      hold();
      client.says(...half);
      client.hangsUp();
      expect(await ended()).toEqual({ class: 'OTHER', status: 0, ret: 108 });
      expect(log()).toContain('connection from 192.0.2.7:4711');
      expect(log()).toContain('the connection ended after');
    });

    it('says what was not a request', async () => {
      hold();
      client.says(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
      const refused = { reason: 'bad_request', sentence: 'expected token "DIST" but got "GET "' };
      expect(await ended()).toEqual({ class: 'REJ_BAD_REQ', status: 0, ret: 109, refused });
      expect(client.sent).toBe('');
    });

    it('ends for the sake of another client', async () => {
      const service = hold();
      client.says(...half);
      await settled();
      connection.end(new Overload('too_many_connections', 'others have fewer connections'));
      const refused = { reason: 'too_many_connections', sentence: 'others have fewer connections' };
      expect(await ended()).toMatchObject({ class: 'REJ_OVERLOAD', ret: 114, refused });
      expectNothingLeft(service);
    });
  });

  describe('after the request', () => {
    it('ends with a client that leaves, and so does its compiler', async () => {
      const service = hold();
      client.says(...request);
      const running = await compiler();
      client.hangsUp();
      expect(await ended()).toMatchObject({ class: 'CLI_DISCONN', ret: 107 });
      expect(running.signals).toContain('SIGTERM');
      expect(log()).toContain('client 192.0.2.7:4711 disconnected: killed its job');
      expect(client.sent).toBe('');
      expectNothingLeft(service);
    });

    it.each([
      ['closes', () => client.destroy()],
      ['fails', () => client.destroy(new Error('reset'))],
    ])('ends with a client that %s', async (_, happens) => {
      hold();
      client.says(...request);
      const running = await compiler();
      happens();
      expect(await ended()).toMatchObject({ class: 'CLI_DISCONN' });
      expect(running.signals).toContain('SIGTERM');
    });

    it.each([
      ['has ended its side', 'readableEnded'],
      ['is gone', 'destroyed'],
    ] as const)('starts no compiler for a client that %s by then', async (_, property) => {
      const service = hold();
      Object.defineProperty(client, property, { value: true });
      client.says(...request);
      expect(await ended()).toMatchObject({ class: 'CLI_DISCONN' });
      expect(compilers).toEqual([]);
      expectNothingLeft(service);
    });

    it('does not count silence while the compiler runs', async () => {
      hold();
      client.says(...request);
      const running = await compiler();
      client.fallsSilent();
      vi.advanceTimersByTime(50_000);
      await settled();
      running.compiles();
      expect(await ended()).toMatchObject({ class: 'COMPILE_OK' });
    });

    it('ignores some bytes that follow, with one line, and ends a client that sends more and more', async () => {
      hold();
      client.says(...request);
      const running = await compiler();
      const lines = (): number => log().split('ignored extra data after the request of 192.0.2.7:4711').length - 1;
      client.says(Buffer.alloc(32 * 1024));
      await until(() => lines() === 1);
      client.says(Buffer.alloc(32 * 1024));
      await settled();
      expect([lines(), running.signals, end]).toEqual([1, [], undefined]);
      client.says(Buffer.alloc(1));
      expect(await ended()).toMatchObject({ class: 'CLI_DISCONN' });
      expect(lines()).toBe(1);
    });

    it.each([
      [
        'the pump mode',
        Buffer.concat([
          encodeToken('DIST', 3),
          Buffer.from('CDIR00000001/'),
          encodeArguments(argv),
          encodeToken('NFIL', 0),
        ]),
        'does not serve the pump mode of distcc: write the host without ",cpp"',
      ],
      [
        'a word that is not UTF-8',
        Buffer.concat([
          encodeRequestHead({ version: 1, argv: ['gcc', '-c', Buffer.from([0xff, 0x2e, 0x63])] as never }),
          encodeToken('DOTI', 0),
        ]),
        'a word of the command is not UTF-8: rename the file',
      ],
      [
        'what is not a compile',
        Buffer.concat(encodeRequest({ version: 1, argv: ['gcc', 'a.o'], source: Buffer.alloc(0) })),
        'this server compiles only what can be distributed',
      ],
    ])('refuses %s with a sentence', async (_, bytes, sentence) => {
      const service = hold();
      client.says(bytes);
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 0 });
      expect(client.sent).toContain(sentence);
      expect(log()).toContain(sentence);
      expect([client.writableFinished, stages, compilers]).toEqual([true, ['answering'], []]);
      expectNothingLeft(service);
    });

    it('gives up a refusal that the client does not read', async () => {
      client.reads = false;
      const service = hold();
      client.says(...encodeRequest({ version: 1, argv: ['gcc', 'a.o'], source: Buffer.alloc(0) }));
      await until(() => client.waits);
      expect(client.timeout).toBe(deadlines.silence);
      client.fallsSilent();
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 0 });
      expect(client.destroyed).toBe(true);
      expectNothingLeft(service);
    });
  });

  describe('while it waits for a slot', () => {
    it('waits as long as it may, and is then refused', async () => {
      const service = hold();
      const release = await occupy(service.queue);
      client.says(...request);
      await until(() => service.queue.waiting === 1);
      expect(stages).toEqual(['waiting']);
      // The time limit of the request does not count any more.
      vi.advanceTimersByTime(deadlines.waiting - 1);
      await settled();
      expect(end).toBeUndefined();
      vi.advanceTimersByTime(1);
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 0 });
      expect(client.sent).toContain('no slot became free in time: this server has too much to do');
      release();
      expectNothingLeft(service);
    });

    it('has its turn, and then no limit but that of the compiler', async () => {
      const service = hold();
      const release = await occupy(service.queue);
      client.says(...request);
      await until(() => service.queue.waiting === 1);
      release();
      const running = await compiler();
      vi.advanceTimersByTime(deadlines.waiting);
      await settled();
      running.compiles();
      expect(await ended()).toMatchObject({ class: 'COMPILE_OK' });
      expectNothingLeft(service);
    });

    it.each([
      [
        'the daemon ends',
        () => drain.abort(new Overload('stopping', 'this server is stopping')),
        'this server is stopping',
      ],
      [
        'others have fewer connections',
        () => connection.end(new Overload('too_many_connections', 'too many')),
        'too many',
      ],
    ])('is refused when %s', async (_, happens, sentence) => {
      const service = hold();
      const release = await occupy(service.queue);
      client.says(...request);
      await until(() => service.queue.waiting === 1);
      happens();
      expect(await ended()).toMatchObject({ class: 'REJ_OVERLOAD' });
      expect(client.sent).toContain(sentence);
      release();
      expectNothingLeft(service);
    });

    it('gives its memory to others who need it', async () => {
      const { budget, dismissals, accounts } = watchedBudget();
      const service = hold({ budget });
      const release = await occupy(service.queue);
      client.says(...encodeRequest({ version: 1, argv, source: Buffer.alloc(mebibyte, '\n') }));
      await until(() => service.queue.waiting === 1);
      expect([accounts[0]?.complete, budget.used > 0]).toEqual([true, true]);
      dismissals[0]?.(new Overload('no_memory', 'others need the memory'));
      expect(await ended()).toMatchObject({ class: 'REJ_OVERLOAD', refused: { reason: 'no_memory' } });
      expect(client.sent).toContain('others need the memory');
      release();
      expectNothingLeft(service);
    });
  });

  describe('while the compiler runs', () => {
    it('continues when the daemon drains, and is ended when that is told to end at once', async () => {
      const service = hold();
      client.says(...request);
      const running = await compiler();
      drain.abort(new Error('this server is stopping'));
      await settled();
      expect([running.signals, end]).toEqual([[], undefined]);
      kill.abort(new Overload('stopping', 'this server is stopping'));
      expect(await ended()).toMatchObject({ class: 'REJ_OVERLOAD' });
      expect(running.signals).toContain('SIGTERM');
      expect(client.sent).toContain('this server is stopping');
      expectNothingLeft(service);
    });

    it('has given the memory of its source back, and is not asked for it any more', async () => {
      const { budget, dismissals } = watchedBudget();
      const service = hold({ budget });
      client.says(...encodeRequest({ version: 1, argv, source: Buffer.alloc(mebibyte, '\n') }));
      const running = await compiler();
      expect(budget.used).toBe(0);
      dismissals[0]?.(new Overload('no_memory', 'others need the memory'));
      await settled();
      running.compiles();
      expect(await ended()).toMatchObject({ class: 'COMPILE_OK' });
      expectNothingLeft(service);
    });

    it('gives its slot to others when it has had it for long', async () => {
      const queue = new FairQueue(1);
      const enter = vi.spyOn(queue, 'enter');
      const service = hold({ queue });
      client.says(...request);
      const running = await compiler();
      expect(enter.mock.lastCall?.[0].client).toBe('192.0.2.7');
      enter.mock.lastCall?.[0].putBack(new Overload('no_slot', 'other clients wait'));
      expect(await ended()).toMatchObject({ class: 'REJ_OVERLOAD', refused: { reason: 'no_slot' } });
      expect(running.signals).toContain('SIGTERM');
      expect(client.sent).toContain('other clients wait');
      expectNothingLeft(service);
    });

    it('tells a client that its compiler took too long, and names the limit', async () => {
      const service = hold({ lifetimeMs: 5000 });
      client.says(...request);
      const running = await compiler();
      vi.advanceTimersByTime(5000);
      expect(await ended()).toMatchObject({ class: 'COMPILE_TIMEOUT', ret: 118 });
      expect(running.signals).toContain('SIGTERM');
      expect(client.sent).toContain('the limit is --job-lifetime');
      expectNothingLeft(service);
    });

    it('tells a client of a fault of its own, and continues', async () => {
      const service = hold({
        spawn: () => {
          throw new TypeError('a fault of ours');
        },
      });
      client.says(...request);
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 100 });
      expect(client.sent).toContain('this server could not do the job: a fault of ours');
      expect(log()).toContain('lost a job of 192.0.2.7:4711: TypeError: a fault of ours');
      expectNothingLeft(service);
    });
  });

  describe('with its answer', () => {
    /** The client takes nothing yet, and the compiler has left an object of this length. */
    async function answer(length: number, change: Partial<Service> = {}): Promise<Service> {
      client.reads = false;
      const service = hold(change);
      client.says(...request);
      (await compiler()).compiles(length);
      await until(() => client.waits);
      return service;
    }

    it.each([
      ['short', small, 0],
      ['long', small + 1, small + 1],
    ])('keeps no slot while a %s one is read, where there is room for it', async (_, length, room) => {
      const service = await answer(length);
      expect([service.queue.running, service.answerFiles.used, end]).toEqual([0, room, undefined]);
      client.takes();
      expect(await ended()).toMatchObject({ class: 'COMPILE_OK' });
      expect(client.sent).toHaveLength(5 * 12 + length);
      expectNothingLeft(service);
    });

    it('keeps its slot while a long one is read for which there is no room, until there is', async () => {
      const answerFiles = new ByteBudget({ total: 2 * mebibyte, overdraft: 0 });
      const other = answerFiles.open('192.0.2.7', () => {});
      other.tryTake(mebibyte);
      const service = await answer(mebibyte, { answerFiles });
      await settled();
      expect([service.queue.running, stages.at(-1)]).toEqual([1, 'answering']);
      other.close();
      expect([service.queue.running, answerFiles.used, end]).toEqual([0, mebibyte, undefined]);
      client.takes();
      expect(await ended()).toMatchObject({ class: 'COMPILE_OK' });
      expectNothingLeft(service);
    });

    it('needs no room any more when it has been read', async () => {
      const answerFiles = new ByteBudget({ total: 2 * mebibyte, overdraft: 0 });
      const other = answerFiles.open('192.0.2.7', () => {});
      other.tryTake(mebibyte);
      const service = await answer(mebibyte, { answerFiles });
      expect(service.queue.running).toBe(1);
      client.takes();
      expect(await ended()).toMatchObject({ class: 'COMPILE_OK' });
      expect(service.queue.running).toBe(0);
      other.close();
      expectNothingLeft(service);
    });

    it.each([
      ['is silent for too long', () => client.fallsSilent()],
      ['takes too long', () => vi.advanceTimersByTime(deadlines.answering)],
      ['leaves', () => client.hangsUp()],
      ['is gone', () => client.destroy()],
    ])('is given up by a client that %s', async (_, happens) => {
      const service = await answer(mebibyte);
      expect(client.timeout).toBe(deadlines.silence);
      expect(openFiles()).toBeGreaterThan(0);
      happens();
      expect(await ended()).toMatchObject({ class: 'CLI_DISCONN', ret: 107 });
      expect(client.destroyed).toBe(true);
      expectNothingLeft(service);
      // Another thread closes a large file.
      await until(() => openFiles() === 0);
    });

    it('waits a minute at most for a client that reads nothing', async () => {
      await answer(mebibyte, { deadlines: { ...deadlines, silence: 300_000 } });
      expect(client.timeout).toBe(60_000);
    });

    it('is not cut short by an earlier limit', async () => {
      client.reads = false;
      const service = hold();
      client.says(...encodeRequest({ version: 1, argv: ['gcc', 'a.o'], source: Buffer.alloc(0) }));
      await until(() => client.waits);
      vi.advanceTimersByTime(deadlines.receiving);
      await settled();
      client.takes();
      expect(await ended()).toMatchObject({ class: 'OTHER', ret: 0 });
      expect(client.sent).toContain('this server compiles only what can be distributed');
      expectNothingLeft(service);
    });

    it.each([
      ['the daemon ends', (): void => drain.abort(new Error('stopping')), 'COMPILE_OK'],
      ['the daemon ends at once', (): void => kill.abort(new Error('stopping')), 'CLI_DISCONN'],
    ])('when %s', async (_, happens, how) => {
      const service = await answer(mebibyte);
      happens();
      await settled();
      if (!client.destroyed) client.takes();
      expect(await ended()).toMatchObject({ class: how });
      expectNothingLeft(service);
    });

    it('makes room for others who need it', async () => {
      const { budget: answerFiles, dismissals } = watchedBudget();
      const service = await answer(mebibyte, { answerFiles });
      dismissals[0]?.(new Overload('no_memory', 'others need the room'));
      expect(await ended()).toMatchObject({ class: 'REJ_OVERLOAD', ret: 114 });
      expect(log()).toContain('ended the answer to 192.0.2.7:4711: others need the room');
      expectNothingLeft(service);
    });
  });
});
