import { describe, expect, it } from 'vitest';
import { Frame } from '../../../../src/monitor/terminal/frame.ts';

const room = { columns: 10, rows: 3 };

describe('Frame', () => {
  it('writes every line at first, then what has changed, then nothing, in one text', () => {
    const frame = new Frame('<enter>');
    expect(frame.change(['a', 'b'], room)).toBe(
      '\x1b[?2026h<enter>\x1b[H\x1b[J\x1b[1;1Ha\x1b[K\x1b[2;1Hb\x1b[K\x1b[?2026l',
    );
    expect(frame.change(['a', 'c'], room)).toBe('\x1b[?2026h\x1b[2;1Hc\x1b[K\x1b[?2026l');
    expect(frame.change(['a', 'c'], room)).toBe('');
    expect(frame.change(['a'], room)).toBe('\x1b[?2026h\x1b[2;1H\x1b[K\x1b[?2026l');
  });

  it('writes everything again in another size, and after another program has written', () => {
    const frame = new Frame('');
    frame.change(['a'], room);
    expect(frame.change(['a'], { columns: 9, rows: 3 })).toBe('\x1b[?2026h\x1b[H\x1b[J\x1b[1;1Ha\x1b[K\x1b[?2026l');
    frame.forget();
    expect(frame.change(['a'], { columns: 9, rows: 3 })).toContain('\x1b[J');
  });

  it('leaves out lines that have no room', () => {
    expect(new Frame('').change(['a', 'b', 'c', 'd'], room)).not.toContain('d');
  });
});
