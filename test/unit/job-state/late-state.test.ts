import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LateStates } from '../../../src/job-state/late-state.ts';
import type { StateFile } from '../../../src/job-state/state-folder.ts';

function recorder(): { file: StateFile; events: string[] } {
  const events: string[] = [];
  const file: StateFile = {
    know: (side, report) => void events.push(`know ${side} ${JSON.stringify(report)}`),
    show: (side, phase) => void events.push(`show ${side} ${phase}`),
    remove: () => void events.push('remove'),
  };
  return { file, events };
}

const now = (): number => performance.now();

describe('LateStates', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('writes the last phase only, once it has lasted', () => {
    const { file, events } = recorder();
    const states = new LateStates(now);
    const late = states.of(file);
    late.show('local', 'Preprocess', { file: 'a.c' });
    late.show('remote', 'Compile', { host: 'far' });
    expect(events).toEqual(['know local {"file":"a.c"}', 'know remote {"host":"far"}']);
    vi.advanceTimersByTime(99);
    states.catchUp();
    expect(events).toHaveLength(2);
    vi.advanceTimersByTime(1);
    states.catchUp();
    states.catchUp();
    expect(events.slice(2)).toEqual(['show remote Compile']);
    late.show('remote', 'Receive');
    vi.advanceTimersByTime(100);
    states.catchUp();
    expect(events.at(-1)).toBe('show remote Receive');
  });

  it('writes what has lasted in a process in which nothing else happens', () => {
    const states = new LateStates(now);
    const [first, second] = [recorder(), recorder()];
    states.of(first.file).show('local', 'Compile');
    vi.advanceTimersByTime(250);
    states.of(second.file).show('remote', 'Compile');
    vi.advanceTimersByTime(50);
    expect([first.events.at(-1), second.events.at(-1)]).toEqual(['show local Compile', 'know remote {}']);
    vi.advanceTimersByTime(300);
    expect(second.events.at(-1)).toBe('show remote Compile');
  });

  it('writes nothing for a job that is over before', () => {
    const { file, events } = recorder();
    const states = new LateStates(now);
    const [brief, lasting] = [states.of(file), recorder()];
    brief.show('local', 'Preprocess');
    states.of(lasting.file).show('local', 'Compile');
    brief.remove();
    vi.advanceTimersByTime(300);
    expect(events).toEqual(['know local {}', 'remove']);
    expect(lasting.events).toEqual(['know local {}', 'show local Compile']);
  });
});
