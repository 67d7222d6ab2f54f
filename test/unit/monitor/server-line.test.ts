import { describe, expect, it } from 'vitest';
import { readHostWord } from '../../../src/client/hosts/host-word.ts';
import { serverLine } from '../../../src/monitor/server-line.ts';

const up = { up: true, ms: 12 };

describe('serverLine()', () => {
  it.each([
    ['build1', up, { port: 3632, version: 1, latency: false }, 'build1'],
    ['build1', up, { port: 4000, version: 2, latency: true }, 'build1:4000,lzo 12'],
    ['build1', { up: false, ms: 3 }, { port: 3632, version: 3, latency: false }, 'build1,lzo,cpp,down'],
    ['fe80::1', up, { port: 4000, version: 1, latency: false }, '[fe80::1]:4000'],
  ] as const)('shows %s', (name, finding, style, line) => {
    expect(serverLine(name, finding, style)).toBe(line);
  });

  it.each(['build1', 'fe80::1'])('shows %s so that a list of hosts takes it', (name) => {
    const line = serverLine(name, { up: false, ms: 0 }, { port: 4000, version: 2, latency: false });
    expect(readHostWord(line, () => {})).toMatchObject({ kind: 'tcp', name, port: 4000 });
  });
});
