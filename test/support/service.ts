import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/logging/logger.ts';
import { acceptConnections } from '../../src/server/listen/bind.ts';
import { ByteBudget } from '../../src/server/limits/byte-budget.ts';
import type { Deadlines, Service } from '../../src/server/connection/service.ts';
import { FairQueue } from '../../src/server/limits/fair-queue.ts';
import { OpenConnections } from '../../src/server/limits/open-connections.ts';
import { JobBoard } from '../../src/server/job/job-board.ts';
import { JobPlaces } from '../../src/server/job/job-places.ts';
import { JobStatistics } from '../../src/server/job/job-statistics.ts';
import { LogLimit } from '../../src/server/log/log-limit.ts';
import { slowestPace } from '../../src/server/limits/transfer-pace.ts';
import { networkClient, serveClient } from '../../src/server/listen/serve-client.ts';
import { spawn } from '../../src/system/processes/spawn.ts';
import { openSpool } from '../../src/system/files/temporary-folder.ts';
import type { Spool } from '../../src/system/files/temporary-folder.ts';

const mebibyte = 1024 * 1024;

/** Deadlines that no test waits for. */
export const patient: Deadlines = { receiving: 60_000, silence: 60_000, waiting: 60_000, answering: 60_000 };

/** A compiler in the place of any: a script that runs in the job's folder. */
export const compiler =
  (script: string): Service['spawn'] =>
  (request) =>
    spawn({ ...request, path: '/bin/sh', argv: ['sh', '-c', script] });

/** What serving a connection needs, for tests in this process. */
export interface ServiceParts {
  readonly service: Service;
  readonly spool: Spool;
  readonly lines: readonly string[];
  /** The folders of jobs. */
  readonly folders: () => string[];
  readonly remove: () => void;
}

/** One slot and little memory, unless the test says otherwise. */
export function serviceParts(change: Partial<Service> = {}): ServiceParts {
  const top = mkdtempSync(join(tmpdir(), 'test-service-'));
  const spool = openSpool(top, 'distccd-');
  const lines: string[] = [];
  const log = createLogger({ program: 'test', level: 'debug', sink: (line) => lines.push(line) });
  const service: Service = {
    log,
    clientLog: new LogLimit(log),
    pace: slowestPace,
    places: new JobPlaces(spool),
    spawn,
    environment: ['PATH=/usr/bin:/bin'],
    lifetimeMs: 60_000,
    graceMs: 100,
    access: () => ({ admits: () => true, networks: [], warnings: [] }),
    compilers: { permit: (name) => ({ path: '/bin/true', name }) },
    permittedOptions: () => false,
    queue: new FairQueue(1),
    budget: new ByteBudget({ total: 8 * mebibyte, overdraft: 8 * mebibyte }),
    answerFiles: new ByteBudget({ total: 64 * mebibyte, overdraft: 0 }),
    deadlines: patient,
    statistics: new JobStatistics(),
    board: new JobBoard(),
    ...change,
  };
  return {
    service,
    spool,
    lines,
    folders: () => readdirSync(spool.path).filter((name) => name !== 'daemon-lock'),
    remove: () => {
      void spool.remove();
      rmSync(top, { recursive: true, force: true });
    },
  };
}

/** What serves clients, in this process, with what a test needs to see. */
export interface TestService extends Pick<Service, 'queue' | 'budget' | 'answerFiles'> {
  readonly port: number;
  readonly lines: readonly string[];
  /** What is left of jobs. */
  readonly left: () => string[];
  readonly end: () => void;
}

/** Serves on a free port of this machine. */
export async function startService(change: Partial<Service> = {}): Promise<TestService> {
  const { service, lines, folders, remove } = serviceParts(change);
  const never = new AbortController().signal;
  const server = createServer({ allowHalfOpen: true });
  acceptConnections({ servers: [server] }, new OpenConnections({ total: 100, perAddress: 50 }), {
    identify: (socket) => networkClient(socket, service),
    serve: (socket, client) => void serveClient(socket, client, service, { drain: never, kill: never }),
    refuse: () => undefined,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { queue, budget, answerFiles } = service;
  return {
    port: address.port,
    queue,
    budget,
    answerFiles,
    lines,
    left: folders,
    end: () => {
      server.close();
      remove();
    },
  };
}
