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

describe('LateStates', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('writes the last phase only, once it has lasted', () => {
    const { file, events } = recorder();
    const late = new LateStates().of(file);
    late.show('local', 'Preprocess', { file: 'a.c' });
    late.show('remote', 'Compile', { host: 'far' });
    expect(events).toEqual(['know local {"file":"a.c"}', 'know remote {"host":"far"}']);
    vi.advanceTimersByTime(100);
    expect(events.slice(2)).toEqual(['show remote Compile']);
    late.show('remote', 'Receive');
    vi.advanceTimersByTime(100);
    expect(events.at(-1)).toBe('show remote Receive');
  });

  it('writes nothing for a job that is over before', () => {
    const { file, events } = recorder();
    const states = new LateStates();
    const [brief, lasting] = [states.of(file), recorder()];
    brief.show('local', 'Preprocess');
    states.of(lasting.file).show('local', 'Compile');
    brief.remove();
    vi.advanceTimersByTime(100);
    expect(events).toEqual(['know local {}', 'remove']);
    expect(lasting.events).toEqual(['know local {}', 'show local Compile']);
  });
});
