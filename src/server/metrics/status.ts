import os from 'node:os';
import { version } from '../../config/version.ts';
import { printable } from '../../logging/log-line.ts';
import { freeMegabytes } from '../../system/machine/machine-load.ts';
import { availableMemory, ownMemory } from '../../system/machine/memory.ts';
import { processors } from '../../system/machine/processors.ts';
import type { ClientCounts } from '../job/job-board.ts';
import type { JobClass } from '../job/job-end.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Stage } from '../limits/open-connections.ts';
import { refusalReasons } from '../policy/refusal.ts';
import type { RefusalReason } from '../policy/refusal.ts';
import type { ServedCompiler } from '../start/list-compilers.ts';
import type { CountedService } from './stats-source.ts';

/** How many jobs and clients are shown; a server may have more. */
export const mostShown = 200;
/** How long a client counts as one after its last connection, in ms. */
const presentMs = 5 * 60_000;

/** A connection that is served now. */
export interface PresentJob {
  readonly client: string;
  readonly stage: Stage;
  /** Null until the command has come. */
  readonly compiler: string | null;
  readonly source: string | null;
  /** How long its connection has been there. */
  readonly seconds: number;
}

/** A client, and what has become of its jobs since the daemon started, as far as it is remembered. */
export interface PresentClient {
  readonly address: string;
  /** Connections now. */
  readonly connections: number;
  readonly ok: number;
  /** How many of the ok ones were kept results. */
  readonly kept: number;
  readonly failed: number;
  readonly refused: number;
  readonly lost: number;
  /** When its last connection ended, as ISO 8601; null while its first one lasts. */
  readonly last: string | null;
}

/** A reason that came up. */
export interface ShownRefusal {
  readonly reason: RefusalReason;
  readonly meaning: string;
  readonly count: number;
  readonly last: { readonly client: string; readonly sentence: string; readonly at: string };
}

/** Everything that the pages show; the object of /status.json. Texts of clients have no unprintable characters. */
export interface Status {
  readonly version: string;
  readonly node: string;
  readonly host: string;
  /** ISO 8601. */
  readonly now: string;
  readonly started: string;
  readonly slots: { readonly all: number; readonly busy: number; readonly waiting: number };
  readonly connections: { readonly all: number; readonly now: Readonly<Record<Stage, number>> };
  /** Jobs by result, since the start. */
  readonly results: Readonly<Record<JobClass, number>>;
  readonly jobs: readonly PresentJob[];
  /** How many clients were here in the last five minutes. */
  readonly clientsPresent: number;
  /** The latest first. */
  readonly clients: readonly PresentClient[];
  readonly refusals: readonly ShownRefusal[];
  readonly compilers: ReadonlyArray<{
    readonly name: string;
    /** Null where it is permitted and not installed. */
    readonly path: string | null;
    readonly version: string | null;
    readonly target: string | null;
  }>;
  /** Null where no results are kept. */
  readonly keptResults: {
    readonly hits: number;
    readonly misses: number;
    readonly stored: number;
    readonly results: number;
    readonly bytes: number;
  } | null;
  readonly requestMemory: { readonly used: number; readonly limit: number };
  readonly machine: {
    /** Over 1, 5 and 15 minutes. */
    readonly load: readonly number[];
    readonly processors: number;
    readonly memoryAvailable: number;
    /** Null when it is not known. */
    readonly temporarySpace: number | null;
  };
  /** The memory is null where a unit hides /proc. */
  readonly daemon: { readonly cpuSeconds: number; readonly memory: number | null };
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
const shown = (text: string): string => printable(text);
const tenths = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;

function presentJobs(open: readonly JobRecord[], now: number): PresentJob[] {
  return open.slice(0, mostShown).map(({ client, stage, job, began }) => ({
    client,
    stage,
    compiler: job === undefined ? null : shown(job.compiler),
    source: job === undefined ? null : shown(job.source),
    seconds: tenths(now - began),
  }));
}

function connectionsBy<K>(open: readonly JobRecord[], key: (record: JobRecord) => K): Map<K, number> {
  const counts = new Map<K, number>();
  for (const record of open) counts.set(key(record), (counts.get(key(record)) ?? 0) + 1);
  return counts;
}

const newcomer = { ok: 0, kept: 0, failed: 0, refused: 0, lost: 0, last: null };

/** Clients, the latest first, after those that have their first connection now; and how many have been here lately. */
function presentClients({ board }: CountedService, now: number): Pick<Status, 'clients' | 'clientsPresent'> {
  const open = connectionsBy(board.open, ({ client }) => client);
  const known = [...board.clients].reverse();
  const addresses = new Set(known.map(({ address }) => address));
  const fresh = [...open.keys()].filter((address) => !addresses.has(address));
  const here = ({ address, last }: ClientCounts): boolean => open.has(address) || now - last <= presentMs;
  const clients = [
    ...fresh.map((address) => ({ address, connections: open.get(address) ?? 0, ...newcomer })),
    ...known.slice(0, mostShown).map((client) => ({
      ...client,
      connections: open.get(client.address) ?? 0,
      last: iso(client.last),
    })),
  ];
  return { clients: clients.slice(0, mostShown), clientsPresent: fresh.length + known.filter(here).length };
}

function keptResults({ ownFiles }: CountedService): Status['keptResults'] {
  if (ownFiles.kind === 'lacking' || ownFiles.results === undefined) return null;
  const { keeper, size } = ownFiles.results;
  const { hits, misses, kept } = keeper.counts;
  return { hits, misses, stored: kept, ...size() };
}

/** Reads what is to be shown, in some tenths of a ms; `compilers` is what is known of them. */
export function readStatus(service: CountedService, compilers: readonly ServedCompiler[]): Status {
  const { board, queue, budget, capacity, statistics } = service;
  const wall = Date.now();
  const { open } = board;
  const stages = connectionsBy(open, ({ stage }) => stage);
  const space = freeMegabytes('.');
  const { user, system } = process.cpuUsage();
  return {
    version,
    node: process.versions.node,
    host: os.hostname(),
    now: iso(wall),
    started: iso(performance.timeOrigin),
    slots: { all: service.jobs, busy: queue.running, waiting: queue.waiting },
    connections: {
      all: statistics.accepted,
      now: {
        receiving: stages.get('receiving') ?? 0,
        waiting: stages.get('waiting') ?? 0,
        compiling: stages.get('compiling') ?? 0,
        answering: stages.get('answering') ?? 0,
      },
    },
    results: statistics.counts,
    jobs: presentJobs(open, performance.now()),
    ...presentClients(service, wall),
    refusals: board.refusals.flatMap(({ reason, count, last }) => {
      if (last === undefined) return [];
      const { client, sentence, at } = last;
      return {
        reason,
        meaning: refusalReasons[reason],
        count,
        last: { client, sentence: shown(sentence), at: iso(at) },
      };
    }),
    compilers: compilers.map(({ name, path, version: release, target }) => ({
      name: shown(name),
      path: path === undefined ? null : shown(path),
      version: release === undefined ? null : shown(release),
      target: target === undefined ? null : shown(target),
    })),
    keptResults: keptResults(service),
    requestMemory: { used: budget.used, limit: capacity.requests.total },
    machine: {
      load: os.loadavg(),
      processors: processors(),
      memoryAvailable: availableMemory(),
      temporarySpace: space < 0 ? null : space * 1024 ** 2,
    },
    daemon: { cpuSeconds: (user + system) / 1e6, memory: ownMemory() || null },
  };
}
