import type { Server, Socket } from 'node:net';
import { Failure } from '../../basics/failure.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import type { GivenDescriptor } from '../../system/descriptors/given-descriptors.ts';
import { bindSockets } from '../listen/bind.ts';
import { adoptSockets } from '../listen/systemd-sockets.ts';
import { plainAddress } from '../policy/access-list.ts';
import { Pages } from './pages.ts';
import { readQuestion } from './question.ts';
import type { Question } from './question.ts';
import type { StatsSource } from './stats-source.ts';

const thisMachine = ['127.0.0.1', '::1'];
const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');
/** A client whose question does not come gets distcc's page after this many ms; one that does not read it is closed. */
const patienceMs = 1000;
const readingMs = 10_000;
/** How long anybody may be here, in ms, however slowly they write or read. */
const visitMs = 60_000;

/**
 * Opens the sockets of `--stats`, for this machine only unless `--stats-listen` names other addresses.
 * @throws Failure (status 102)
 */
export async function bindStats(options: DaemonOptions): Promise<readonly Server[]> {
  const named = options['stats-listen'];
  try {
    const { servers } = await bindSockets(named.length === 0 ? thisMachine : named, options['stats-port']);
    return servers;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const sentence = error.message.replace('--port', '--stats-port').replace('--listen', '--stats-listen');
    throw new Failure(error.status, sentence, { cause: error });
  }
}

/**
 * The sockets for the page: the service manager's, else those of `--stats` if that is given.
 * @throws Failure (status 102)
 */
export async function openStats(options: DaemonOptions, given: readonly GivenDescriptor[]): Promise<readonly Server[]> {
  if (given.length > 0) return (await adoptSockets(given, { port: 3632, listen: [] })).servers;
  return options.stats ? bindStats(options) : [];
}

/** Whether a client may read the pages: this machine always. */
function mayRead(address: string, source: StatsSource): boolean {
  return isLoopback(address) || source.readers().admits(address);
}

/**
 * Answers every connection to the statistics port: with a page of ours whoever asks for exactly its path, everybody
 * else with distcc's page (doc/distcc-behaviour.md, "Statistics page").
 */
export function serveStats(servers: readonly Server[], source: StatsSource): void {
  if (servers.length === 0) return;
  const pages = new Pages(source.service);
  for (const server of servers) {
    server.maxConnections = 64;
    server.on('error', () => {});
    server.on('connection', (socket: Socket) => {
      // A slow reader must not keep the daemon from ending.
      socket.unref().on('error', () => socket.destroy());
      if (mayRead(plainAddress(socket.remoteAddress ?? ''), source)) answer(socket, pages);
      else socket.destroy();
    });
    server.unref();
  }
}

/** Reads one question, for as long as it may become one for a page of ours, and answers it. */
function answer(socket: Socket, pages: Pages): void {
  let heard: Buffer = Buffer.alloc(0);
  let answered = false;
  const reply = (question: Question): void => {
    if (answered) return;
    answered = true;
    socket.setTimeout(readingMs, () => socket.destroy());
    pages.answerTo(question).then(
      (page) => void socket.end(page, () => socket.destroySoon()),
      () => socket.destroy(),
    );
  };
  const more = (chunk: Buffer): void => {
    if (answered) return;
    heard = Buffer.concat([heard, chunk]);
    const question = readQuestion(heard);
    if (question.kind !== 'unfinished' && question.kind !== 'unfinished head') reply(question);
  };
  const wait = (): void => reply(readQuestion(heard));
  const limit = setTimeout(() => socket.destroy(), visitMs).unref();
  socket.once('close', () => clearTimeout(limit));
  socket.setTimeout(patienceMs, wait);
  socket.on('data', more).once('end', wait);
}
