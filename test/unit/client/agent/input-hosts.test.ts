import { describe, expect, it } from 'vitest';
import { InputHosts } from '../../../../src/client/agent/input-hosts.ts';
import { CannotDistribute, Interrupted, JobRefused, TransportError } from '../../../../src/client/job/faults.ts';

const nonce = (fill: number): Buffer => Buffer.alloc(16, fill);

describe('InputHosts', () => {
  it('asks a host only after it has offered, and not after three failures in a row', () => {
    const hosts = new InputHosts(() => 0);
    expect(hosts.offerOf('far')).toBe('unknown');
    const offer = { tree: true, codecs: [], results: true, later: false };
    hosts.noteOffer('far', offer);
    expect(hosts.keepsResults('far')).toBe(true);
    const fail = (): boolean => hosts.failed('far', hosts.failuresOf('far'));
    expect([fail(), fail()]).toEqual([false, false]);
    hosts.succeeded('far');
    expect([fail(), fail(), fail()]).toEqual([false, false, true]);
    expect(hosts.offerOf('far')).toBe('none');
    hosts.noteOffer('far', offer);
    expect([hosts.offerOf('far'), hosts.keepsResults('far')]).toEqual(['none', false]);
    hosts.noteOffer('near', undefined);
    expect([hosts.offerOf('near'), hosts.keepsResults('near')]).toEqual(['none', false]);
    hosts.noteOffer('forgetful', { ...offer, results: false });
    expect([hosts.offerOf('forgetful'), hosts.keepsResults('forgetful')]).toEqual(['inputs', false]);
  });

  it('has one job ask a host while others wait, and does not ask again', async () => {
    const hosts = new InputHosts(() => 0);
    expect(hosts.mayBeAsked('a')).toBe(true);
    let asked = 0;
    const ask = async (): Promise<void> => {
      asked += 1;
      await Promise.resolve();
      hosts.noteOffer('a', { tree: true, codecs: [], results: false, later: false });
    };
    const all = [1, 2, 3].map(
      () => hosts.askOnce('a', ask) ?? Promise.reject(new Error('there is nothing to wait for')),
    );
    expect(hosts.mayBeAsked('a')).toBe(true);
    await Promise.all(all);
    expect([asked, hosts.offerOf('a'), hosts.mayBeAsked('a')]).toEqual([1, 'inputs', false]);
    expect(hosts.askOnce('a', ask)).toBe(undefined);
  });

  it.each([
    ['a host that cannot be reached', new TransportError('it is down'), 'it is down'],
    ['a refusal', new JobRefused('not that compiler'), 'goes on'],
    ['a lack of this machine', new CannotDistribute('no descriptors'), 'goes on'],
    ['an interruption of the job that asks', new Interrupted(), 'goes on'],
  ])('tells %s to the job that asks, and what concerns others to them', async (_, error, others) => {
    const hosts = new InputHosts(() => 0);
    const [first, second] = [1, 2].map(() => hosts.askOnce('a', () => Promise.reject(error)));
    await expect(first).rejects.toBe(error);
    expect(await second?.then(() => 'goes on').catch((reason: unknown) => (reason as Error).message)).toBe(others);
    expect([hosts.offerOf('a'), hosts.mayBeAsked('a')]).toEqual(['unknown', false]);
  });

  it('tells which hosts have an ordinary job, and which are being asked', async () => {
    const hosts = new InputHosts(() => 0);
    expect([hosts.isMetByJob('a'), hosts.asking('a')]).toEqual([false, undefined]);
    const [first, second] = [hosts.meetByJob('a'), hosts.meetByJob('a')];
    first();
    expect([hosts.isMetByJob('a'), hosts.isMetByJob('b')]).toEqual([true, false]);
    second();
    expect(hosts.isMetByJob('a')).toBe(false);
    const asked = hosts.askOnce('a', () => Promise.resolve());
    expect(hosts.asking('a')).toBe(asked);
    await asked;
    expect(hosts.asking('a')).toBe(undefined);
  });

  it('asks a host again that will offer it later', () => {
    const hosts = new InputHosts(() => 0);
    hosts.noteOffer('far', { tree: false, codecs: [], results: false, later: true });
    expect(hosts.offerOf('far')).toBe('unknown');
    hosts.noteOffer('far', { tree: true, codecs: [], results: false, later: false });
    expect(hosts.offerOf('far')).toBe('inputs');
  });

  it('asks a host again after ten minutes that has failed, or offered nothing', () => {
    let now = 0;
    const hosts = new InputHosts(() => now);
    const offer = { tree: true, codecs: [], results: false, later: false };
    hosts.noteOffer('stock', undefined);
    hosts.noteOffer('broken', offer);
    for (const _ of [1, 2, 3]) hosts.failed('broken', hosts.failuresOf('broken'));
    const offers = (): string[] => ['stock', 'broken'].map((host) => hosts.offerOf(host));
    now = 599_999;
    expect(offers()).toEqual(['none', 'none']);
    now = 600_000;
    expect(offers()).toEqual(['unknown', 'unknown']);
    for (const host of ['stock', 'broken']) hosts.noteOffer(host, offer);
    expect(offers()).toEqual(['inputs', 'inputs']);
    expect(hosts.failed('broken', hosts.failuresOf('broken'))).toBe(false);
  });

  it('counts failures of jobs that ran at the same time as one', () => {
    const hosts = new InputHosts(() => 0);
    hosts.noteOffer('far', { tree: true, codecs: [], results: false, later: false });
    for (const round of [0, 1]) {
      const before = hosts.failuresOf('far');
      expect(before).toBe(round);
      for (const _ of [1, 2, 3, 4]) expect(hosts.failed('far', before)).toBe(false);
    }
    expect(hosts.offerOf('far')).toBe('inputs');
    expect(hosts.failed('far', hosts.failuresOf('far'))).toBe(true);
  });

  it('has a secret of its own for each host', async () => {
    const hosts = new InputHosts(() => 0);
    const [one, two] = [await hosts.meet('one', 1), await hosts.meet('two', 1)];
    expect(one.session.secret).not.toEqual(two.session.secret);
  });

  it('starts a new session when the numbers of one are used up', async () => {
    const hosts = new InputHosts(() => 0);
    const { session, met } = await hosts.meet('far', 1);
    session.welcomed(nonce(1), []);
    met?.();
    expect((await hosts.meet('far', 65_536)).session).toBe(session);
    expect((await hosts.meet('far', 65_537)).session).not.toBe(session);
  });

  it('lets one job meet a host while others wait', async () => {
    const hosts = new InputHosts(() => 0);
    const { session, met } = await hosts.meet('far', 1);
    const order: string[] = [];
    const others = [1, 2].map(async () => {
      const meeting = await hosts.meet('far', 1);
      order.push(meeting.met === undefined ? 'met' : 'first');
      return meeting.session;
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    session.welcomed(nonce(1), []);
    met?.();
    expect(await Promise.all(others)).toEqual([session, session]);
    expect(order).toEqual(['met', 'met']);
  });

  it('meets a host with another secret after a meeting that came to nothing: the host may wait for a job', async () => {
    const hosts = new InputHosts(() => 0);
    const { session, met } = await hosts.meet('far', 1);
    const next = hosts.meet('far', 1);
    met?.();
    const second = await next;
    expect(second.met).toBeDefined();
    expect(second.session.secret).not.toEqual(session.secret);
  });
});
