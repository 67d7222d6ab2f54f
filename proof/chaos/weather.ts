import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { encodeResponse } from '../../src/wire/response.ts';
import type { Dice } from '../dice.ts';

const storms = [
  'refuses',
  'is silent',
  'cuts the request',
  'cuts the answer',
  'is slow',
  'garbles the answer',
  'answers something else',
  'sends a part of an object',
  'answers for another machine',
] as const;
type Storm = (typeof storms)[number];

/** Stands between clients and a daemon, and does not let everything through unchanged. */
export interface Relay {
  readonly port: number;
  /** How often each thing has been done. */
  readonly done: Map<Storm | 'lets through', number>;
  /** Lets everything through from now on. */
  calm: () => void;
  close: () => void;
}

const otherAnswers: readonly [string, ...string[]] = [
  'HTTP/1.1 400 Bad Request\r\n\r\n',
  'DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000000',
  'DONE00000002STAT00000000SERR00000000SOUT00000000DOTO00000004\u007fELF',
  'DONE00000001STAT00000000SERRffffffff',
  'DONE00000001STAT01000000SERR00000000SOUT00000000DOTO00000000',
  'DONE00000009',
  '',
];

/** Changes what passes, byte by byte: `at` is where in the answer a piece begins. */
type Change = (piece: Buffer, at: number) => Buffer;

const untouched: Change = (piece) => piece;

/**
 * Another byte among the tokens that an answer begins with. A change in the object itself
 * would go unnoticed.
 */
function garbled(dice: Dice): Change {
  const place = dice.below(36);
  const flip = 1 << dice.below(7);
  return (piece, at) => {
    if (place < at || place >= at + piece.length) return piece;
    const changed = Buffer.from(piece);
    changed[place - at] = (changed[place - at] ?? 0) ^ flip;
    return changed;
  };
}

/** An object that says it is for another machine. */
const forAnotherMachine: Change = (piece) => {
  const start = piece.indexOf('\u007fELF', 0, 'latin1');
  if (start === -1 || start + 20 > piece.length) return piece;
  const changed = Buffer.from(piece);
  changed.writeUInt16LE(0x1234, start + 18);
  return changed;
};

interface Manners {
  readonly delay: number;
  readonly change: Change;
  readonly requestEnds: number;
  readonly answerEnds: number;
}

function mannersOf(storm: Storm | undefined, dice: Dice): Manners {
  return {
    delay: storm === 'is slow' ? 20 + dice.below(200) : 0,
    change:
      storm === 'garbles the answer'
        ? garbled(dice)
        : storm === 'answers for another machine'
          ? forAnotherMachine
          : untouched,
    requestEnds: storm === 'cuts the request' ? dice.below(40_000) : Infinity,
    answerEnds: storm === 'cuts the answer' ? dice.below(dice.oneIn(2) ? 80 : 20_000) : Infinity,
  };
}

/** Passes bytes on with these manners, until one side ends or the bytes that may pass have passed. */
function pass(
  from: Socket,
  to: Socket,
  { delay, change, ends }: { delay: number; change: Change; ends: number },
): void {
  let passed = 0;
  let last = Promise.resolve();
  const afterDelay = (work: () => void): void => {
    const before = last;
    last = (async (): Promise<void> => {
      await before;
      if (delay > 0) await new Promise((next) => setTimeout(next, delay));
      work();
    })();
  };
  from.on('data', (chunk: Buffer) => {
    const piece = change(chunk, passed).subarray(0, Math.max(0, ends - passed));
    passed += chunk.length;
    const over = passed >= ends;
    afterDelay(() => {
      if (!to.destroyed) to.write(piece);
      if (!over) return;
      to.destroy();
      from.destroy();
    });
  });
  from.on('end', () => afterDelay(() => to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => {
    if (!from.readableEnded) to.destroy();
  });
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening socket has no port');
  return address.port;
}

/** What a relay connects to. */
export interface Goal {
  readonly host: string;
  readonly port: number;
  /** The protocol that clients speak there. */
  readonly version: 1 | 2;
  /** A real object, of which clients are sent the beginning. */
  readonly object: Buffer;
}

/** An answer with the beginning of an object. */
function partOfObject({ version, object }: Goal, dice: Dice): Buffer {
  const nothing = Buffer.alloc(0);
  const part = object.subarray(0, 1 + dice.below(object.length - 1));
  return Buffer.concat(encodeResponse({ version, status: 0, stdout: nothing, stderr: nothing, object: part }));
}

/** Opens a relay to a daemon; something happens to about half of its connections. */
export async function openRelay(goal: Goal, dice: Dice): Promise<Relay> {
  const done: Relay['done'] = new Map();
  const sockets = new Set<Socket>();
  let stormy = true;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const storm = stormy && dice.oneIn(2) ? dice.pick(storms) : undefined;
    done.set(storm ?? 'lets through', (done.get(storm ?? 'lets through') ?? 0) + 1);
    sockets.add(client);
    client.on('error', () => {});
    client.on('close', () => sockets.delete(client));
    if (storm === 'refuses') return void client.destroy();
    if (storm === 'is silent') return void client.resume();
    if (storm === 'answers something else') return void client.resume().end(dice.pick(otherAnswers), 'latin1');
    if (storm === 'sends a part of an object') return void client.resume().end(partOfObject(goal, dice));
    const daemon = connect({ host: goal.host, port: goal.port, allowHalfOpen: true });
    sockets.add(daemon);
    daemon.on('close', () => sockets.delete(daemon));
    const { delay, change, requestEnds, answerEnds } = mannersOf(storm, dice);
    pass(client, daemon, { delay, change: untouched, ends: requestEnds });
    pass(daemon, client, { delay, change, ends: answerEnds });
  });
  const port = await portOf(server);
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, done, calm: () => (stormy = false), close };
}
