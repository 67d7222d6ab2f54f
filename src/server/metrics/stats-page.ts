import type { Server, Socket } from 'node:net';
import os from 'node:os';
import { Failure } from '../../basics/failure.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import { printable } from '../../logging/log-line.ts';
import { countProcesses, diskSectors, freeMegabytes, runnableProcesses } from '../../system/machine/machine-load.ts';
import { availableMemory } from '../../system/machine/memory.ts';
import { plainAddress } from '../policy/access-list.ts';
import type { AccessList } from '../policy/access-list.ts';
import { bindSockets } from '../listen/bind.ts';
import type { JobStatistics } from '../job/job-statistics.ts';
import type { TreesFound } from '../start/open-trees.ts';
import type { GivenDescriptor } from '../../system/descriptors/given-descriptors.ts';
import { adoptSockets } from '../listen/systemd-sockets.ts';

const thisMachine = ['127.0.0.1', '::1'];
const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');
/** A client that sends nothing gets the page after this many ms; one that does not read it is closed. */
const patienceMs = 1000;
const readingMs = 10_000;

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

/** Where the page's figures come from. */
export interface StatsSource {
  readonly statistics: JobStatistics;
  readonly jobs: number;
  readonly access: () => AccessList;
  readonly ownFiles: TreesFound;
}

/** Answers every connection to the statistics port with the page (doc/distcc-behaviour.md, "Statistics page"). */
export function serveStats(servers: readonly Server[], source: StatsSource): void {
  const page = pageMaker(source);
  for (const server of servers) {
    server.maxConnections = 64;
    server.on('error', () => {});
    server.on('connection', (socket: Socket) => {
      const address = plainAddress(socket.remoteAddress ?? '');
      // A slow reader must not keep the daemon from ending.
      socket.unref().on('error', () => socket.destroy());
      if (!isLoopback(address) && !source.access().admits(address)) {
        socket.destroy();
        return;
      }
      answer(socket, page);
    });
    server.unref();
  }
}

function answer(socket: Socket, page: () => string): void {
  let answered = false;
  const reply = (): void => {
    if (answered) return;
    answered = true;
    socket.setTimeout(readingMs, () => socket.destroy());
    socket.end(page(), () => socket.destroySoon());
  };
  socket.setTimeout(patienceMs, reply);
  socket.once('data', reply).once('end', reply);
}

const diskPeriodMs = 50_000;
/** A page is made at most once in this many ms, because looking at every process costs some ms. */
const freshMs = 1000;

function pageMaker(source: StatsSource): () => string {
  let disk = { at: performance.now(), sectors: diskSectors(), rate: -1 };
  let made = { at: Number.NEGATIVE_INFINITY, text: '' };
  return () => {
    const now = performance.now();
    if (now - made.at < freshMs) return made.text;
    if (now - disk.at >= diskPeriodMs) {
      const sectors = diskSectors();
      disk = { at: now, sectors, rate: Math.round(((sectors - disk.sectors) * 1000) / (now - disk.at)) };
    }
    made = { at: now, text: writePage(source, disk.rate) };
    return made.text;
  };
}

/** What has become of kept results, after the lines that distcc has too. */
function resultLines(found: TreesFound): string[] {
  if (found.kind === 'lacking' || found.results === undefined) return [];
  const { keeper, size } = found.results;
  const { hits, misses, kept } = keeper.counts;
  const { bytes, results } = size();
  return [
    `dcc_result_hits ${hits}`,
    `dcc_result_misses ${misses}`,
    `dcc_results_stored ${kept}`,
    `dcc_results_kept ${results}`,
    `dcc_results_size ${Math.ceil(bytes / 1024)} kB`,
  ];
}

function writePage({ statistics, jobs, ownFiles }: StatsSource, diskRate: number): string {
  const load = [
    `dcc_current_load ${runnableProcesses()}`,
    ...os.loadavg().map((average, index) => `dcc_load${index + 1} ${average.toFixed(2)}`),
  ];
  const { uninterruptible, largest } = countProcesses();
  const lines = [
    ...statistics.lines(jobs, load, Date.now()),
    `dcc_num_procstate_D ${uninterruptible}`,
    `dcc_max_RSS ${largest.kilobytes}`,
    `dcc_max_RSS_name ${largest.command}`,
    `dcc_io_rate ${diskRate}`,
    `dcc_free_space ${freeMegabytes('.')} MB`,
    `dcc_free_mem ${Math.floor(availableMemory() / 1024 ** 2)} MB`,
    ...resultLines(ownFiles),
  ];
  const body = ['argv /distccd', '<distccstats>', ...lines.map(printable), '</distccstats>', ''].join('\n');
  // distcc ends these lines with a bare newline, which not every HTTP client accepts.
  return `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${body}`;
}
