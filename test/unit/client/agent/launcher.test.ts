import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Launcher } from '../../../../src/client/agent/launcher.ts';
import { encodeEnded } from '../../../../src/wire/agent/command.ts';
import type { EndedMessage } from '../../../../src/wire/agent/command.ts';
import { encodeSaved, saveFlags } from '../../../../src/wire/agent/file.ts';
import { FrameReader, kinds } from '../../../../src/wire/agent/frame.ts';
import { exited } from '../../../../src/wire/wait-status.ts';
import { connectPair } from '../../../support/socket-pair.ts';
import type { SocketPair } from '../../../support/socket-pair.ts';

const endedWith = (status: number): EndedMessage => ({
  status,
  descriptor: 3,
  size: 0,
  inode: 1,
  messages: 0,
  outputIsSource: false,
  notWritable: false,
  program: { device: 0, inode: 0 },
});

describe('a launcher, as the agent sees it,', () => {
  let pair: SocketPair;
  let agentSide: Socket;
  let launcherSide: Socket;
  let launcher: Launcher;

  beforeEach(async () => {
    pair = await connectPair({ allowHalfOpen: true });
    agentSide = pair.called;
    launcherSide = pair.caller;
    launcher = new Launcher(agentSide);
    agentSide.on('close', () => launcher.close());
  });
  afterEach(() => pair.remove());

  /** The kinds of all messages until the connection is closed. */
  async function heard(): Promise<number[]> {
    const reader = new FrameReader();
    const seen: number[] = [];
    for await (const chunk of launcherSide as AsyncIterable<Buffer>) {
      reader.feed(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) seen.push(frame.kind);
    }
    return seen;
  }

  it('is told how to end, and then nothing more is heard of it', async () => {
    launcher.exit(exited(0));
    expect(await heard()).toEqual([kinds.EXIT]);
    expect(agentSide.destroyed).toBe(true);
    expect(launcher.gone.aborted).toBe(false);
  });

  it('gets all that is for it before its connection is closed, however slowly it reads', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let count = 0; count < 8; count += 1) launcher.write(2, piece);
    launcher.exit(exited(1));
    await setTimeout(20);
    expect(await heard()).toEqual([...Array.from({ length: 8 }, () => kinds.WRITE), kinds.EXIT]);
  });

  it('keeps its connection when it ends in the middle of something, until all that it has sent is read', async () => {
    launcher.start('PREPROCESS', { number: 1, argv: ['true'], changes: [] }).catch(() => {});
    launcher.exit(exited(0));
    await setTimeout(20);
    expect(agentSide.destroyed).toBe(false);
    launcherSide.end(encodeEnded(endedWith(0)));
    agentSide.resume().on('end', () => agentSide.destroy());
    expect(await heard()).toEqual([kinds.PREPROCESS, kinds.EXIT]);
  });

  it('has two programs started one after the other, and each end is told to whoever waits for it', async () => {
    const command = { number: 1, argv: ['true'], changes: [] };
    const [preprocessor, compiler] = [launcher.start('PREPROCESS', command), launcher.start('RUN', command)];
    for (const code of [0, 1])
      launcher.hear({
        kind: kinds.ENDED,
        content: encodeEnded(endedWith(exited(code))).subarray(8),
      });
    expect([(await preprocessor).status, (await compiler).status]).toEqual([exited(0), exited(1)]);
  });

  it('is gone when it sends too short a message, and every wait fails', async () => {
    const waits = [1, 2].map(() => launcher.start('RUN', { number: 1, argv: ['true'], changes: [] }));
    expect(() => launcher.hear({ kind: kinds.ENDED, content: Buffer.alloc(4) })).toThrow();
    launcher.close();
    for (const wait of waits) await expect(wait).rejects.toThrow('the launcher is gone');
  });

  it('that is gone answers no later question, and each of them fails', async () => {
    launcher.close();
    const probe = { argv: ['cc'], changes: [] };
    const questions = [
      launcher.probe(probe),
      launcher.start('RUN', { number: 1, ...probe }),
      launcher.sendText(),
      launcher.read('a'),
      launcher.look('/bin', ['cc']),
      launcher.stamp(Buffer.from('/\0')),
      launcher.fetch(['/']),
      launcher.follow(['/']),
      launcher.checkOutput('a.c', 'a.o'),
      launcher.more(Buffer.alloc(0)),
      launcher.save('a.o', Buffer.alloc(0), 0),
      launcher.become({ number: 0, ...probe }),
    ];
    const ends = await Promise.allSettled(questions);
    expect(ends.map(({ status }) => status)).toEqual(questions.map(() => 'rejected'));
  });

  it('is given 70 MB for a descriptor in pieces that it accepts', async () => {
    launcher.write(2, Buffer.alloc(70 * 1024 * 1024, 'x'));
    launcher.exit(exited(0));
    const reader = new FrameReader();
    let [longest, total] = [0, 0];
    for await (const chunk of launcherSide as AsyncIterable<Buffer>) {
      reader.feed(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        longest = Math.max(longest, frame.content.length);
        total += frame.kind === kinds.WRITE ? frame.content.length - 4 : 0;
      }
    }
    expect(total).toBe(70 * 1024 * 1024);
    expect(longest).toBeLessThanOrEqual(1024 * 1024 + 4);
  });

  it('that could not save a file is told what to do instead, and what it skipped is ignored', async () => {
    const saving = launcher.save('a.o', Buffer.from('object'), 0);
    launcher.exit(exited(0));
    launcher.hear({ kind: kinds.SAVED, content: encodeSaved(28, 1).subarray(8) });
    await expect(saving).rejects.toThrow('No space left on device');
    launcher.exit(exited(1));
    expect(await heard()).toEqual([kinds.SAVE, kinds.EXIT, kinds.GO_ON, kinds.EXIT]);
  });

  it('that could not save a file with a new name still does all that it was told', async () => {
    const keeping = launcher.save('tmp/a.i', Buffer.from('text'), saveFlags.newName);
    const saving = launcher.save('a.o', Buffer.from('object'), 0);
    launcher.exit(exited(0));
    launcher.hear({ kind: kinds.SAVED, content: encodeSaved(2, 1).subarray(8) });
    await expect(keeping).rejects.toThrow('No such file or directory');
    launcherSide.end();
    agentSide.resume().on('end', () => agentSide.destroy());
    expect(await heard()).toEqual([kinds.SAVE, kinds.SAVE, kinds.EXIT]);
    await saving;
  });

  it('has saved a file when it has ended as it was told', async () => {
    const saving = launcher.save('a.o', Buffer.from('object'), 0);
    launcher.exit(exited(0));
    launcher.close();
    await saving;
    expect(launcher.gone.aborted).toBe(false);
  });

  it('gives the parts of a text however quickly they come', async () => {
    const sending = launcher.sendText();
    for (const part of ['a', 'b', '']) launcher.hear({ kind: kinds.TEXT, content: Buffer.from(part) });
    expect((await sending).toString()).toBe('ab');
  });

  it('reads a file, or tells why not', async () => {
    const part = (error: number, text: string): Buffer =>
      Buffer.concat([Buffer.from([error, 0, 0, 0, text.length, 0, 0, 0]), Buffer.from(text)]);
    const reading = [launcher.read('a'), launcher.read('b')];
    for (const content of [part(0, 'A'), part(2, '')]) launcher.hear({ kind: kinds.CONTENT, content });
    expect(await Promise.all(reading)).toEqual([{ error: 0, bytes: Buffer.from('A') }, { error: 2 }]);
  });

  it('answers when it asks whether the agent lives', async () => {
    launcher.hear({ kind: kinds.PING, content: Buffer.alloc(0) });
    launcher.exit(exited(0));
    expect(await heard()).toEqual([kinds.PONG, kinds.EXIT]);
  });
});
