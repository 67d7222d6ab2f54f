import { describe, expect, it } from 'vitest';
import { carrierFor } from '../../../../src/client/agent/carry.ts';
import type { AnswerMessage, CarryMessage } from '../../../../src/client/agent/messages/carry.ts';
import { JobRefused, TransportError } from '../../../../src/client/faults.ts';
import { readHostWord } from '../../../../src/client/host-word.ts';
import type { DistantHost } from '../../../../src/client/host.ts';
import type { HostResponse } from '../../../../src/client/world.ts';
import { encodeRefusal } from '../../../../src/wire/refusal.ts';
import { encodeResponse } from '../../../../src/wire/response.ts';

const hostOf = (word: string): DistantHost => readHostWord(word, () => {}) as DistantHost;
const none = Buffer.alloc(0);

/** What a launcher brings, in a file that cannot be got at from here. */
async function bring(
  bytes: Buffer,
  more: Partial<AnswerMessage> = {},
): Promise<{ told: CarryMessage[]; end: unknown }> {
  const told: CarryMessage[] = [];
  const beginning = bytes.subarray(0, 1024);
  const where = { descriptor: -1, inode: 0, size: bytes.length, beginning };
  const answer: AnswerMessage = { step: 'done', error: 0, ...where, ...more };
  const launcher = {
    carry: (message: CarryMessage) => {
      told.push(message);
      return Promise.resolve(answer);
    },
    sendText: () => Promise.resolve(bytes),
  };
  const carry = await carrierFor(hostOf('127.0.0.1:4000'), { launcher, pid: 1, environment: {} });
  const end: unknown = await carry?.(Buffer.from('head')).catch((error: unknown) => error);
  return { told, end };
}

const responseOf = (stderr = 'messages'): Buffer =>
  Buffer.concat(
    encodeResponse({ version: 1, status: 0, stderr: Buffer.from(stderr), stdout: none, object: Buffer.from('object') }),
  );

describe('carrierFor()', () => {
  it('has the launcher bring the head and the text, and tells where the object is in the answer', async () => {
    const bytes = responseOf();
    const { told, end } = await bring(bytes);
    expect(told).toMatchObject([{ address: '127.0.0.1', port: 4000, token: 'DOTI', idleMs: 300_000 }]);
    const { status, stderr, object } = end as HostResponse;
    expect([status, stderr.toString()]).toEqual([0, 'messages']);
    expect(object).toEqual({ at: bytes.length - 6, length: 6, head: Buffer.from('object') });
  });

  it('reads messages that are longer than what it looks at first', async () => {
    const { end } = await bring(responseOf('x'.repeat(100_000)));
    expect((end as HostResponse).stderr.length).toBe(100_000);
  });

  it.each<readonly [string, Buffer, Partial<AnswerMessage>, RegExp]>([
    ['more bytes after the end', Buffer.concat([responseOf(), Buffer.from('x')]), {}, /more bytes came after its end/],
    ['an object that is cut', responseOf().subarray(0, -1), { step: 'exchanging' }, /ended after 5 of 6 bytes/],
    ['an answer that is cut', responseOf().subarray(0, 20), { step: 'exchanging' }, /bad answer from server/],
    ['no answer', none, { step: 'exchanging' }, /server provided no answer.*the connection was closed/],
    ['a host that refuses', none, { step: 'connecting', error: 111 }, /connect to 127\.0\.0\.1:4000 failed: Conn/],
    ['a host that does not answer', none, { step: 'connecting', error: 110 }, /^timeout while connecting to 127/],
    ['a host that falls silent', responseOf(), { step: 'exchanging', error: 110 }, /IO timeout: no byte .* 300 s/],
    ['another task meanwhile', none, { step: 'given up', error: 125 }, /given up/],
  ])('takes %s for a fault of the host', async (_what, bytes, more, sentence) => {
    const { end } = await bring(bytes, more);
    expect(end).toBeInstanceOf(TransportError);
    expect((end as Error).message).toMatch(sentence);
  });

  it('knows a refusal by its sentence', async () => {
    const { end } = await bring(Buffer.concat(encodeRefusal(1, 'not here')), { step: 'exchanging' });
    expect(end).toBeInstanceOf(JobRefused);
    expect((end as Error).message).toContain('not here');
  });

  it.each([
    ['127.0.0.1,lzo', {}],
    ['@127.0.0.1', {}],
    ['127.0.0.1', { DISTCC_SAVE_TEMPS: '1' }],
  ])('leaves %s with %j to this process', async (word, environment) => {
    const launcher = { carry: () => Promise.reject(new Error()), sendText: () => Promise.reject(new Error()) };
    expect(await carrierFor(hostOf(word), { launcher, pid: 1, environment })).toBeUndefined();
  });
});
