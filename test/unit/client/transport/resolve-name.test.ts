import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TransportError } from '../../../../src/client/job/faults.ts';
import { NameResolver } from '../../../../src/client/transport/resolve-name.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  // Nothing may be left that keeps a program from ending.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

interface Asked {
  readonly name: string;
  readonly answer: (addresses: readonly string[]) => void;
  readonly fail: (error: Error) => void;
}

/** A resolver whose system answers when the test says so. */
function recorded(): { names: NameResolver; asked: Asked[]; questions: () => string[] } {
  const asked: Asked[] = [];
  const lookUp = (name: string): Promise<readonly string[]> =>
    new Promise((answer, fail) => {
      asked.push({ name, answer, fail });
    });
  const names = new NameResolver(lookUp, () => Date.now());
  return { names, asked, questions: () => asked.map(({ name }) => name) };
}

/** What a promise rejects with; waits for timers only as far as they are told to go. */
const faultOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('NameResolver', () => {
  it('never asks for an address', async () => {
    const { names, questions } = recorded();
    for (const address of ['127.0.0.1', '::1', 'fe80::1%eth0'])
      expect(await names.addressesOf(address)).toEqual([address]);
    expect(questions()).toEqual([]);
  });

  it('asks once for all who wait, and for a minute after the answer', async () => {
    const { names, asked, questions } = recorded();
    const waiting = [names.addressesOf('a'), names.addressesOf('b'), names.addressesOf('a')];
    expect(questions()).toEqual(['a', 'b']);
    asked[0]?.answer(['10.0.0.1', '10.0.0.2']);
    asked[1]?.answer(['10.0.0.3']);
    const [first, second] = [['10.0.0.1', '10.0.0.2'], ['10.0.0.3']];
    expect(await Promise.all(waiting)).toEqual([first, second, first]);
    vi.advanceTimersByTime(59_999);
    expect(await names.addressesOf('a')).toEqual(first);
    expect(questions()).toEqual(['a', 'b']);
    vi.advanceTimersByTime(1);
    void names.addressesOf('a');
    expect(questions()).toEqual(['a', 'b', 'a']);
    asked[2]?.answer(['10.0.0.4']);
    expect(await names.addressesOf('a')).toEqual(['10.0.0.4']);
  });

  it('fails all who wait when the resolver is silent, and asks no second time while it is', async () => {
    const { names, questions } = recorded();
    const early = faultOf(names.addressesOf('a'));
    vi.advanceTimersByTime(3000);
    const late = faultOf(names.addressesOf('a'));
    vi.advanceTimersByTime(1000);
    const fault = await early;
    expect(fault).toBeInstanceOf(TransportError);
    expect(fault).toMatchObject({ message: 'cannot find the address of a: the resolver did not answer in 4 s' });
    expect(await late).toBe(fault);
    vi.advanceTimersByTime(100_000);
    expect(await faultOf(names.addressesOf('a'))).toBe(fault);
    expect(questions()).toEqual(['a']);
  });

  it('takes an answer that comes late for those who ask then', async () => {
    const { names, asked, questions } = recorded();
    const early = faultOf(names.addressesOf('a'));
    vi.advanceTimersByTime(4000);
    expect(await early).toBeInstanceOf(TransportError);
    asked[0]?.answer(['10.0.0.1']);
    await Promise.resolve();
    await vi.waitFor(async () => expect(await names.addressesOf('a')).toEqual(['10.0.0.1']));
    expect(questions()).toEqual(['a']);
  });

  it('does not let a name that hangs delay another one', async () => {
    const { names, asked } = recorded();
    const hanging = faultOf(names.addressesOf('a'));
    const other = names.addressesOf('b');
    asked[1]?.answer(['10.0.0.2']);
    expect(await other).toEqual(['10.0.0.2']);
    vi.advanceTimersByTime(4000);
    expect(await hanging).toBeInstanceOf(TransportError);
  });

  it('remembers a failure for five seconds', async () => {
    const { names, asked, questions } = recorded();
    const first = faultOf(names.addressesOf('a'));
    asked[0]?.fail(new Error('Name or service not known'));
    const fault = await first;
    expect(fault).toBeInstanceOf(TransportError);
    expect(fault).toMatchObject({ message: 'failed to resolve host a: Name or service not known' });
    vi.advanceTimersByTime(4999);
    expect(await faultOf(names.addressesOf('a'))).toBe(fault);
    expect(questions()).toEqual(['a']);
    vi.advanceTimersByTime(1);
    const second = names.addressesOf('a');
    asked[1]?.answer(['10.0.0.1']);
    expect(await second).toEqual(['10.0.0.1']);
  });

  it('takes a name without addresses for a failure', async () => {
    const { names, asked } = recorded();
    const first = faultOf(names.addressesOf('a'));
    asked[0]?.answer([]);
    expect(await first).toMatchObject({ name: 'TransportError', message: 'host a has no address' });
  });
});
