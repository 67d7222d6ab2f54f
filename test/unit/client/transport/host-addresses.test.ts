import { describe, expect, it } from 'vitest';
import { addressesOf, noteAnswer } from '../../../../src/client/transport/host-addresses.ts';
import { readHostWord } from '../../../../src/client/hosts/host-word.ts';
import type { TcpHost } from '../../../../src/client/hosts/host.ts';

describe('addressesOf()', () => {
  it('begins with the one that answered last', async () => {
    const host = readHostWord('two-addresses.example', () => {}) as TcpHost;
    const names = { addressesOf: () => Promise.resolve(['127.0.0.9', '127.0.0.1', '127.0.0.2']) };
    expect(await addressesOf(host, names)).toEqual(['127.0.0.9', '127.0.0.1', '127.0.0.2']);
    noteAnswer(host, '127.0.0.1');
    expect(await addressesOf(host, names)).toEqual(['127.0.0.1', '127.0.0.9', '127.0.0.2']);
    noteAnswer(host, '127.0.0.200');
    expect(await addressesOf(host, names)).toEqual(['127.0.0.9', '127.0.0.1', '127.0.0.2']);
  });
});
