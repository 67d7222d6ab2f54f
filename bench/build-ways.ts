import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChild } from '../demo/child.ts';
import { quote } from '../demo/compile.ts';
import type { Daemon } from '../demo/daemons.ts';
import type { Sources } from '../demo/sources.ts';
import type { AgentStatus } from '../src/agent-state/status.ts';
import { compilerOf } from './prepare.ts';
import { cpuOfTree } from './process-tree.ts';
import { compilerPath, environmentOf, onceMore, runJobs, startServer, stopAgent } from './run-jobs.ts';
import type { Bench, Run, ServerSettings } from './run-jobs.ts';

/**
 * How something is built: with Debian's client and server; with ours, preprocessing here; with ours as they are; by
 * another developer with ours, with an agent of their own.
 */
export type Client = 'theirs' | 'here' | 'ours' | 'other';

/** What is built. */
export interface Code {
  readonly sources: Sources;
  /** `-O0`, or another level. */
  readonly level: string;
}

/** Servers of both kinds. */
export interface Servers {
  readonly theirs: Daemon;
  readonly ours: Daemon;
}

/** A build, with the CPU of the server and its compilers, in ms. */
export interface Build extends Run {
  readonly serverMs: number;
  readonly jobs: number;
}

/** How a server is loaded. */
export interface Meeting {
  /** Jobs at a time. */
  readonly parallel: number;
  /** What follows the host's number of slots in the list of hosts. */
  readonly options?: string;
  /** The port to connect to, when it is not the server's own. */
  readonly port?: number;
}

/** The options with which our server keeps no results, whatever its default is. */
export const keepsNothing = (knowsResults: boolean): readonly string[] => (knowsResults ? ['--result-cache', '0'] : []);

/** Commands for make, as CMake writes them: each object has a dependency file beside it. */
function commandsFor({ sources, level }: Code, before: readonly string[]): string[] {
  return sources.files.map((file) => {
    const words = [...before, compilerOf(file), level, file, ...sources.words, '-c'];
    return `${words.map(quote).join(' ')} -MMD -MF $@.d`;
  });
}

/** What the daemon uses while something runs, and shortly after, when it tidies up. */
async function countServer(daemon: Daemon, jobs: number, run: () => Promise<Run>): Promise<Build> {
  const pid = daemon.process.pid ?? 0;
  const before = cpuOfTree(pid);
  const result = await run();
  await sleep(300);
  return { ...result, serverMs: cpuOfTree(pid) - before, jobs };
}

const directoryOf = (bench: Bench, client: Client): string => join(bench.place, client);

/** Everything that is built in this bench, with the system's compilers. */
export class Builder {
  readonly #bench: Bench;

  constructor(bench: Bench) {
    this.#bench = bench;
    for (const client of ['here', 'other'] as const) mkdirSync(directoryOf(bench, client), { recursive: true });
  }

  /** Builds once with a client. */
  build(client: Client, servers: Servers, code: Code, meeting: Meeting): Promise<Build> {
    const side = client === 'theirs' ? 'theirs' : 'ours';
    const { parallel, options = '', port = servers[side].port } = meeting;
    const environment = {
      ...environmentOf(this.#bench, side, '/usr/bin', `127.0.0.1:${port}/${parallel}${options}`),
      DISTCC_DIR: directoryOf(this.#bench, client),
      // It must outlive the other builds.
      DISTCC_AGENT_IDLE: '36000',
      ...(client === 'here' ? { DISTCC_PREPROCESS: 'here' } : {}),
    };
    const load = this.#load(code, [this.#bench.clients[side]], parallel);
    const run = (): Promise<Run> => onceMore(`a build of "${client}"`, () => runJobs(this.#bench, load, environment));
    return countServer(servers[side], code.sources.files.length, run);
  }

  /** Builds without a client, or has another program take the words. */
  alone(code: Code, before: readonly string[], parallel: number): Promise<Run> {
    return runJobs(this.#bench, this.#load(code, before, parallel), compilerPath('/usr/bin'));
  }

  #load(code: Code, before: readonly string[], parallel: number) {
    return { commands: commandsFor(code, before), parallel, directory: code.sources.directory };
  }

  /** A client that has built nothing yet. */
  forget(client: Client): Promise<void> {
    return stopAgent(directoryOf(this.#bench, client));
  }

  /** How the agent of one of our clients has sent its jobs. */
  sentBy(client: Exclude<Client, 'theirs'>): Sent {
    const env = { ...process.env, DISTCC_DIR: directoryOf(this.#bench, client) };
    const status = execFileSync(this.#bench.clients.ours, ['--agent-status', '--json'], { env, encoding: 'utf8' });
    const [agent] = JSON.parse(status) as readonly AgentStatus[];
    return agent?.sent ?? { unpreprocessed: 0, results: 0, preprocessed: 0, reasons: [] };
  }

  /** Removes all objects: not between builds, since a file system that has just deleted many files is slow. */
  tidy(): void {
    for (const name of readdirSync(this.#bench.place))
      if (name.startsWith('out-')) rmSync(join(this.#bench.place, name), { recursive: true });
  }
}

/** Jobs of an agent that hosts have done. */
export type Sent = AgentStatus['sent'];

/** Lends servers of both kinds. */
export async function withServers<T>(
  bench: Bench,
  settings: Readonly<Record<'theirs' | 'ours', ServerSettings>>,
  use: (servers: Servers) => Promise<T>,
): Promise<T> {
  const theirs = await startServer(bench, 'theirs', settings.theirs);
  const ours = await startServer(bench, 'ours', settings.ours);
  try {
    return await use({ theirs, ours });
  } finally {
    await endChild(theirs.process);
    await endChild(ours.process);
  }
}

/** How many objects of two builds are the same to the last byte. */
export function countSame(one: Run, other: Run, jobs: number): number {
  const numbers = Array.from({ length: jobs }, (_, at) => at);
  const object = ({ out }: Run, at: number): Buffer => readFileSync(join(out, `${at}.o`));
  return numbers.filter((at) => object(one, at).equals(object(other, at))).length;
}
