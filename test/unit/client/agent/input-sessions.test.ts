import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { InputHosts, InputSession, proofOf } from '../../../../src/client/agent/input-sessions.ts';
import type { Input } from '../../../../src/client/headers/inputs.ts';

const sha = (text: string): Buffer => createHash('sha256').update(text).digest();

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
    expect(session.declare([file('/b')]).uses).toEqual([1]);
    expect(session.declare([file('/b', 'other')]).uses).toEqual([2]);
    expect(session.declare([{ kind: 'link', path: '/b', target: 'x' }]).uses).toEqual([3]);
    expect(session.declare([{ kind: 'link', path: '/b', target: 'y' }, file('/a')]).uses).toEqual([0, 4]);
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
    expect(proofOf(key, nonce(7))).toEqual(createHmac('sha256', key).update(nonce(7)).digest());
  });
});

describe('InputHosts', () => {
  it('asks a host only after it has offered, and not after three failures in a row', () => {
    const hosts = new InputHosts();
    expect(hosts.offerOf('far')).toBe('unknown');
    const offer = { tree: true, codecs: [], results: true };
    hosts.noteOffer('far', offer);
    expect(hosts.keepsResults('far')).toBe(true);
    expect([hosts.failed('far'), hosts.failed('far')]).toEqual([false, false]);
    hosts.succeeded('far');
    expect([hosts.failed('far'), hosts.failed('far'), hosts.failed('far')]).toEqual([false, false, true]);
    expect(hosts.offerOf('far')).toBe('none');
    hosts.noteOffer('far', offer);
    expect([hosts.offerOf('far'), hosts.keepsResults('far')]).toEqual(['none', false]);
    hosts.noteOffer('near', undefined);
    expect([hosts.offerOf('near'), hosts.keepsResults('near')]).toEqual(['none', false]);
    hosts.noteOffer('forgetful', { ...offer, results: false });
    expect([hosts.offerOf('forgetful'), hosts.keepsResults('forgetful')]).toEqual(['inputs', false]);
  });

  it('has a secret of its own for each host', () => {
    const hosts = new InputHosts();
    expect(hosts.sessionFor('one', 1)).toBe(hosts.sessionFor('one', 1));
    expect(hosts.sessionFor('one', 1).secret).not.toEqual(hosts.sessionFor('two', 1).secret);
  });

  it('begins anew when the numbers of a session are used up', () => {
    const hosts = new InputHosts();
    const first = hosts.sessionFor('far', 1);
    expect(hosts.sessionFor('far', 65_537)).not.toBe(first);
  });

  it('lets one job meet a host while others wait, and the next one when that fails', async () => {
    const hosts = new InputHosts();
    const session = hosts.sessionFor('far', 1);
    const met = await hosts.meet('far', session);
    const order: string[] = [];
    const second = hosts.meet('far', session).then((first) => {
      order.push(first === undefined ? 'welcomed' : 'first');
      return first;
    });
    const third = hosts.meet('far', session).then((first) => order.push(first === undefined ? 'welcomed' : 'first'));
    await Promise.resolve();
    expect(order).toEqual([]);
    met?.();
    const next = await second;
    expect(order).toEqual(['first']);
    session.welcomed(nonce(1), []);
    next?.();
    await third;
    expect(order).toEqual(['first', 'welcomed']);
    expect(await hosts.meet('far', session)).toBeUndefined();
  });
});
