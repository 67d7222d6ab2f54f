import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { InputSession, proofOf } from '../../../../src/client/agent/input-session.ts';
import type { Input } from '../../../../src/client/headers/inputs.ts';

const sha = (text: string): string => createHash('sha256').update(text).digest('binary');

const file = (path: string, content = path): Input => ({
  kind: 'file',
  path,
  stamp: Buffer.alloc(48),
  hash: sha(content),
  key: sha(`possession${content}`),
  size: content.length,
  mtimeNs: 1n,
});

const nonce = (fill: number): Buffer => Buffer.alloc(16, fill);

describe('InputSession', () => {
  it('has one number for an input, whoever names it', () => {
    const session = new InputSession();
    const [a, b] = [file('/a'), file('/b')];
    expect(session.declare([a, b]).uses).toEqual([0, 1]);
    expect(session.declare([b]).uses).toEqual([1]);
    expect(session.declare([file('/b', 'other'), a]).uses).toEqual([0, 2]);
    expect(session.declare([{ kind: 'link', path: '/b', target: 'x' }]).uses).toEqual([3]);
  });

  it('tells each input until the host has confirmed a message with it', () => {
    const session = new InputSession();
    session.welcomed(nonce(1), []);
    const inputs = [file('/a'), file('/b')];
    const numbers = (list: readonly Input[]): number[] => session.declare(list).unknown.map(({ number }) => number);
    expect(numbers(inputs)).toEqual([0, 1]);
    expect(numbers(inputs)).toEqual([0, 1]);
    session.confirm(inputs);
    expect(numbers(inputs)).toEqual([]);
    expect(numbers([...inputs, file('/c')])).toEqual([2]);
  });

  it('tells everything once more to a host that has forgotten', () => {
    const session = new InputSession();
    session.welcomed(nonce(1), ['deflate']);
    const inputs = [file('/a')];
    session.confirm(inputs);
    session.welcomed(nonce(1), ['deflate']);
    expect(session.declare(inputs).unknown).toEqual([]);
    session.welcomed(nonce(2), []);
    expect(session.declare(inputs).unknown).toHaveLength(1);
    expect(session.codecs).toEqual([]);
  });

  it('finds inputs by their numbers, of this job only', () => {
    const session = new InputSession();
    const [a, b] = [file('/a'), file('/b')];
    session.declare([b]);
    expect(session.inputsOf([1, 0], [a])).toEqual([a, undefined]);
  });

  it('has a limit for numbers', () => {
    const session = new InputSession();
    session.declare([file('/a')]);
    expect([session.hasRoomFor(65_535), session.hasRoomFor(65_536)]).toEqual([true, false]);
  });
});

describe('proofOf()', () => {
  it('is an HMAC of the nonce by the key of the content', () => {
    const key = sha('possessioncontent');
    expect(proofOf(key, nonce(7))).toEqual(createHmac('sha256', Buffer.from(key, 'latin1')).update(nonce(7)).digest());
  });
});
