import { describe, expect, it } from 'vitest';
import { carry } from '../../../../src/client/agent/carry.ts';
import type { CarrySettings } from '../../../../src/client/agent/carry.ts';
import type { AnswerMessage, CarryMessage } from '../../../../src/wire/agent/carry.ts';
import { CannotDistribute, GivenUp, JobRefused, TransportError } from '../../../../src/client/job/faults.ts';
import { readHostWord } from '../../../../src/client/hosts/host-word.ts';
import type { DistantHost } from '../../../../src/client/hosts/host.ts';
import { textLog } from '../../../../src/client/user-files/text-log.ts';
import { unwatched } from '../../../../src/client/compile/progress.ts';
import type { HostRequest } from '../../../../src/client/compile/effects.ts';
import type { HostResponse } from '../../../../src/client/compile/host-answer.ts';
import { encodeRefusal } from '../../../../src/wire/refusal.ts';
import { encodeResponse } from '../../../../src/wire/response.ts';

const hostOf = (word: string): DistantHost => readHostWord(word, () => {}) as DistantHost;
const none = Buffer.alloc(0);
const ready = Promise.resolve(0);
const ago = { connected: Infinity, sent: Infinity, answered: Infinity };
const [tcp, ssh, packed] = ['127.0.0.1:4000', 'ted@angry:/opt/d', '127.0.0.1:4000,lzo'] as const;

/** What a launcher is told, and answers. */
interface Play {
  readonly word?: string;
  readonly request?: Partial<HostRequest>;
  readonly environment?: Readonly<Record<string, string>>;
  /** About the answer, without its bytes, which are in a file that the test does not see. */
  readonly answer?: Partial<AnswerMessage>;
}

async function bring(bytes: Buffer, { word = tcp, request = {}, environment = {}, answer = {} }: Play = {}) {
  const told: CarryMessage[] = [];
  const kept: string[] = [];
  const answered = { size: bytes.length, dependencies: undefined, beginning: bytes.subarray(0, 1024), ago };
  const where = { descriptor: -1, inode: 0, address: 0, ...answered };
  const launcher: CarrySettings['launcher'] = {
    carry: (message) => {
      told.push(message);
      const brought = { step: 'done', error: 0, ...where, ...answer } as const;
      // One that waits for a body goes when it has that, unless it fails before.
      if (message.body === 'text' || brought.step === 'connecting') return Promise.resolve(brought);
      return new Promise((resolve) => (launcher.keep = (body) => (kept.push(body.toString()), resolve(brought))));
    },
    keep: (body) => void kept.push(body.toString()),
    sendText: () => Promise.resolve(bytes),
  };
  const log = textLog('distcc', 'warning', () => {});
  const settings = { launcher, pid: 1, environment, log, progress: unwatched };
  const end: unknown = await carry(
    hostOf(word),
    { head: Buffer.from('head'), compiler: 'gcc', asksCompiler: false, ready, ...request },
    settings,
  ).catch((error: unknown) => error);
  return { told, kept, end };
}

const responseOf = (stderr = 'messages', version: 1 | 2 = 1): Buffer =>
  Buffer.concat(
    encodeResponse({ version, status: 0, stderr: Buffer.from(stderr), stdout: none, object: Buffer.from('object') }),
  );

describe('carry()', () => {
  it('has the launcher bring the head and the text, and tells where the object is in the answer', async () => {
    const bytes = responseOf();
    const { told, end } = await bring(bytes);
    const way = { kind: 'tcp', addresses: ['127.0.0.1'], port: 4000 };
    expect(told).toMatchObject([{ way, body: 'text', token: 'DOTI', idleMs: 300_000 }]);
    const { status, stderr, object } = end as HostResponse;
    expect([status, stderr.toString()]).toEqual([0, 'messages']);
    expect(object).toMatchObject({ at: bytes.length - 6, length: 6, head: Buffer.from('object') });
    expect(Buffer.isBuffer(object) ? '' : (await object.read(1, 3)).toString()).toBe('bje');
  });

  it('gives the launcher a body that is made of the text, and unpacks the answer', async () => {
    const body = () => Promise.resolve(Buffer.from('packed'));
    const { told, kept, end } = await bring(responseOf('said', 2), { word: packed, request: { body } });
    expect([told[0]?.body, kept]).toEqual(['kept', ['packed']]);
    const { stderr, object } = end as HostResponse;
    expect([stderr.toString(), object]).toEqual(['said', Buffer.from('object')]);
  });

  it('keeps a body to itself that comes after the launcher', async () => {
    let make: (body: Buffer) => void = () => {};
    const making = new Promise<Buffer>((resolve) => (make = resolve));
    const answer = { step: 'connecting', error: 111 } as const;
    const { kept, end } = await bring(none, { word: packed, request: { body: () => making }, answer });
    expect((end as Error).message).toContain('Connection refused');
    make(Buffer.from('late'));
    await making;
    await Promise.resolve();
    expect(kept).toEqual([]);
  });

  it('does not blame a host when the launcher lacks something', async () => {
    const { end } = await bring(none, { answer: { step: 'given up', error: 24 } });
    expect(end).toBeInstanceOf(CannotDistribute);
    expect((end as Error).message).toContain('Too many open files');
  });

  it('fails as the body does', async () => {
    const fault = new Error('no text');
    const { end } = await bring(none, { word: packed, request: { body: () => Promise.reject(fault) } });
    expect(end).toBe(fault);
  });

  it('tells the launcher nothing when the preprocessor has failed by then', async () => {
    const { told, end } = await bring(none, { request: { ready: Promise.reject(new Error('cpp')) } });
    expect(told).toEqual([]);
    expect(end).toBeInstanceOf(GivenUp);
  });

  it.each([
    ['@angry', {}, 'ssh angry distccd --inetd --enable-tcp-insecure'],
    [ssh, {}, 'ssh -l ted angry /opt/d --inetd --enable-tcp-insecure'],
    ['@angry', { DISTCC_SSH: ' rsh  -x\t-y\xe4 ' }, 'rsh -x -y\xe4 angry distccd --inetd --enable-tcp-insecure'],
  ])('has the launcher start a server for %s with %j', async (word, environment, command) => {
    const { told } = await bring(responseOf(), { word, environment });
    expect(told[0]?.way).toEqual({ kind: 'ssh', command: command.split(' ') });
  });

  it('reads messages that are longer than what it looks at first', async () => {
    const { end } = await bring(responseOf('x'.repeat(100_000)));
    expect((end as HostResponse).stderr.length).toBe(100_000);
  });

  const text = (bytes: string): Buffer => Buffer.from(bytes);
  const head = 'DONE00000001STAT00000000SERR00000000SOUT00000000';
  const broken = { step: 'exchanging' } as const;

  it.each<readonly [string, string, Buffer, Partial<AnswerMessage>, RegExp]>([
    ['more bytes after the end', tcp, Buffer.concat([responseOf(), text('x')]), {}, /more bytes came after its end/],
    ['more packed bytes', packed, Buffer.concat([responseOf('', 2), text('x')]), {}, /more bytes came after its end/],
    ['an object that is cut', tcp, responseOf().subarray(0, -1), broken, /ended after 5 of 6 bytes/],
    ['a packed one that is cut', packed, responseOf('', 2).subarray(0, -1), broken, /bad answer from server: .*DOTO"/],
    ['an answer that is cut', tcp, responseOf().subarray(0, 20), broken, /bad answer from server: .*ended after/],
    ['an answer without an object', tcp, text(head), broken, /ended after 0 of the 12 bytes of token "DOTO"/],
    [
      'something else than an answer',
      tcp,
      text('HTTP/1.1 400 Bad Request'),
      broken,
      /bad answer from server: .*"DONE"/,
    ],
    ['one of another version', tcp, responseOf('', 2), broken, /bad answer from server: .*version 2/],
    ['too many messages', tcp, text('DONE00000001STAT00000000SERRffffffff'), broken, /SERR" is 4294967295, more than/],
    ['a status that no process has', tcp, text('DONE00000001STAT00010000'), broken, /STAT" is 65536, more than/],
    ['no answer', tcp, none, broken, /server provided no answer\. Is the server configured.*\(the connection was clo/],
    ['no answer by ssh', ssh, none, broken, /^no answer: ssh has to log in without asking for.*\(the connection was/],
    [
      'a host that refuses',
      tcp,
      none,
      { step: 'connecting', error: 111 },
      /^nonblocking connect to 127\.0\.0\.1:4000 f/,
    ],
    [
      'a host beyond a scope',
      '[fe80::1%x]',
      none,
      { step: 'connecting', error: 22 },
      /connect to \[fe80::1%x\]:3632 fai/,
    ],
    ['a host that does not answer', tcp, none, { step: 'connecting', error: 110 }, /^timeout while connecting to 127/],
    ['a missing ssh', ssh, none, { step: 'connecting', error: 2 }, /^failed to exec ssh: No such file or directory$/],
    ['a host that falls silent', tcp, responseOf(), { ...broken, error: 110 }, /^IO timeout: no byte .* 300 s/],
    ['a silent ssh', ssh, none, { ...broken, error: 110 }, /^no answer: ssh has to log in .*\(IO timeout: no byte/],
    ['another task meanwhile', tcp, none, { step: 'given up', error: 125 }, /given up/],
  ])('takes %s for a fault of the host', async (...[, word, bytes, answer, sentence]) => {
    const body = word === packed ? () => Promise.resolve(none) : undefined;
    const { end } = await bring(bytes, { word, answer, request: { body } });
    expect(end).toBeInstanceOf(TransportError);
    expect((end as Error).message).toMatch(sentence);
  });

  it('does not count a name without an address as a fault of a host', async () => {
    const { told, end } = await bring(none, { word: 'no-such-host.invalid' });
    expect(told).toEqual([]);
    expect(end).toBeInstanceOf(TransportError);
    expect((end as Error).message).toMatch(/^failed to resolve host no-such-host\.invalid: /);
  });

  it('knows a refusal by its sentence', async () => {
    const { end } = await bring(Buffer.concat(encodeRefusal(1, 'not here')), { answer: broken });
    expect(end).toBeInstanceOf(JobRefused);
    expect((end as Error).message).toBe('not here');
  });
});
