import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCarry, encodeKeep } from '../../../src/client/agent/messages/carry.ts';
import { encodeCommand, encodeExit } from '../../../src/client/agent/messages/command.ts';
import {
  encodeAppend,
  encodeLook,
  encodeRead,
  encodeSave,
  encodeSaveAnswer,
  encodeSendText,
  encodeWrite,
  saveFlags,
} from '../../../src/client/agent/messages/file.ts';
import { encodeFrame, kinds } from '../../../src/client/agent/messages/frame.ts';
import { exited } from '../../../src/wire/wait-status.ts';
import { launcherSources } from '../../support/launcher.ts';
import { needs } from '../../support/needs.ts';
import { Sandbox } from '../client/sandbox.ts';

const sanitizers = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const rounds = 300;

/** Numbers that follow from a seed: mulberry32. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const command = { number: 0, argv: ['/bin/true', 'word'], changes: ['NEW=1', 'GONE'], source: 'a.c', output: 'a.o' };
const carrying = { connectMs: 100, idleMs: 100, body: 'text', token: 'DOTI', head: Buffer.from('head') } as const;
const sensible = [
  encodeWrite(2, Buffer.from('text\n')),
  encodeCommand('RUN', command),
  encodeCommand('PREPROCESS', { ...command, number: 7 }),
  encodeCommand('EXEC', { ...command, argv: ['/nowhere/gcc'] }),
  encodeCommand('EXEC', { ...command, argv: ['/nowhere/gcc'], number: 1 }),
  encodeCommand('TAKE', command),
  encodeFrame(kinds.SEND_TEXT),
  encodeFrame(kinds.SHOW),
  encodeFrame(kinds.PONG),
  encodeFrame(kinds.PRIVATE),
  encodeRead('/etc/passwd'),
  encodeRead('.'),
  encodeLook('/usr/bin:.', ['true', 'gcc']),
  encodeSave({ flags: 0, number: 1, path: 'a.o', bytes: Buffer.from('object') }),
  encodeSave({ flags: saveFlags.newName, number: 2, path: 'none/a.o', bytes: Buffer.from('object') }),
  encodeCarry({ ...carrying, way: { kind: 'tcp', addresses: ['127.0.0.1'], port: 1 } }),
  encodeCarry({ ...carrying, way: { kind: 'tcp', addresses: ['127.0.0.9', 'fe80::1%lo'], port: 1 }, body: 'kept' }),
  encodeCarry({ ...carrying, way: { kind: 'ssh', command: ['/bin/cat', '-'] } }),
  encodeCarry({ ...carrying, way: { kind: 'ssh', command: ['/bin/sleep', '9'] }, body: 'kept' }),
  encodeCarry({ ...carrying, way: { kind: 'ssh', command: ['/nowhere/ssh'] }, body: 'kept' }),
  encodeKeep(Buffer.from('body')),
  encodeSaveAnswer({ flags: 0, number: 3, path: 'b.o' }, { at: 0, length: 100 }),
  encodeSendText('answer'),
  encodeAppend('log', Buffer.from('line\n')),
  encodeFrame(kinds.GO_ON),
];

/** Some messages, with bytes changed and the end cut off; never one that says how to end. */
function nonsense(roll: (below: number) => number): Buffer {
  const frames = Array.from({ length: 1 + roll(4) }, () => sensible[roll(sensible.length)] ?? Buffer.alloc(0));
  const bytes = Buffer.concat(frames);
  for (let changes = roll(4); changes > 0; changes -= 1) {
    const at = roll(bytes.length);
    bytes[at] = roll(256) === kinds.EXIT ? 0 : roll(3) === 0 ? 255 : (bytes[at] ?? 0) ^ (1 << roll(8));
    if (bytes[at] === kinds.EXIT) bytes[at] = 0;
  }
  return roll(2) === 0 ? bytes.subarray(0, roll(bytes.length + 1)) : bytes;
}

describe.skipIf(!needs('cc', 'gcc'))('the launcher with address and undefined-behaviour sanitizers', () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox({ agent: true });
  });
  afterEach(() => box.remove());

  it('is left with the compiler, whatever an agent says', { timeout: 120_000 }, async () => {
    const program = join(box.temporary, 'distcc');
    // Its own agent is one that ends at once; then it is the compiler's turn, which ends with 42 here.
    const defined = ['-DAGENT_VERSION="hostile"', '-DNODE="/bin/false"'];
    execFileSync('cc', ['-std=gnu11', '-O1', ...sanitizers, ...defined, ...launcherSources, '-o', program]);
    writeFileSync(join(box.temporary, 'distcc-agent'), '#!/bin/false\n', { mode: 0o755 });
    const path = `${box.script('gcc', 'exit 42')}:${process.env['PATH']}`;
    mkdirSync(join(box.own, 'agent'), { mode: 0o700 });
    const seed = Number(process.env['DISTCCD_TEST_SEED'] ?? Date.now() % 1_000_000);
    process.stderr.write(`hostile-agent seed: ${seed}\n`);
    const roll = dice(seed);
    let said: Buffer = Buffer.alloc(0);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
      socket.end(said);
    });
    server.listen(join(box.own, 'agent', 'hostile'));
    await once(server, 'listening');
    const more = { PATH: path, ASAN_OPTIONS: 'detect_leaks=0:exitcode=99:allocator_may_return_null=1' };
    for (let round = 0; round < rounds; round += 1) {
      said = nonsense(roll);
      const { status, signal, stderr } = await box.run(['gcc', '-c', 'a.c'], more, { program });
      // A changed bit makes "start it" a "become it": then it ends as that program does.
      const ends = said.includes('/bin/true') ? [0, 42] : [42];
      const seen = { round, said: said.toString('hex'), status, signal, stderr };
      expect({ ...seen, well: ends.includes(status ?? -1) }).toMatchObject({ well: true, signal: null });
      expect(stderr).not.toMatch(/Sanitizer|runtime error/);
    }
    said = encodeExit(exited(5));
    expect((await box.run(['gcc'], more, { program })).status).toBe(5);
    server.close();
  });
});
