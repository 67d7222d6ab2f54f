import { makePrivateFolder } from '../../system/files/private-folder.ts';
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { LateStates } from '../../job-state/late-state.ts';
import { SpareFiles } from '../../job-state/spare-files.ts';
import { readable } from '../../system/byte-text.ts';
import { tryLock } from '../../system/files/file-lock.ts';
import { ownMemory } from '../../system/machine/memory.ts';
import { peerOf } from '../../system/descriptors/peer-user.ts';
import { nameProcess } from '../../system/processes/process-name.ts';
import { readNow } from '../../system/descriptors/socket-descriptor.ts';
import { agentSockets, bornPrefix } from '../../agent-state/agent-sockets.ts';
import { agentVersion } from '../../agent-state/agent-version.ts';
import { openState, sweepStates } from '../user-files/state-file.ts';
import { ask } from '../../agent-state/ask-agent.ts';
import { CheckedHosts } from './checked-hosts.ts';
import { OwnCompilers } from './own-compilers.ts';
import { doJob } from './do-job.ts';
import { Feed } from './feed.ts';
import { Notices } from './notices.ts';
import { History } from '../builds/history.ts';
import { hostText } from '../../agent-state/status.ts';
import { HeaderGraph } from '../headers/header-graph.ts';
import { InputHosts } from './input-hosts.ts';
import { HostLists } from './host-lists.ts';
import type { Shared } from './job-effects.ts';
import { Launcher } from './launcher.ts';
import { LocalMemory } from '../slots/local-memory.ts';
import { FrameReader, kinds } from '../../wire/agent/frame.ts';
import type { Frame } from '../../wire/agent/frame.ts';
import { readJob } from '../../wire/agent/job.ts';
import type { JobMessage } from '../../wire/agent/job.ts';
import { encodeReport, readAsk } from '../../wire/agent/question.ts';
import { Packer } from '../transport/packer.ts';
import { QueuedSlots } from '../slots/queued-slots.ts';
import { Programs } from './programs.ts';
import { realMemory } from '../slots/machine-memory.ts';
import { sharesSurroundings } from './surroundings.ts';
import type { AgentStatus } from '../../agent-state/status.ts';
import { Tally } from './tally.ts';
import { TextMemory } from '../transport/text-memory.ts';

/** How often, in ms, an agent checks that launchers can still find its socket. */
const lookPeriod = 10_000;
/** Settings of an agent. */
export interface AgentSettings {
  /** The path of its socket; a missing folder is made. */
  readonly path: string;
  /** It ends after this many seconds without a job. */
  readonly idleSeconds: number;
  /** Called as soon as it listens. */
  readonly listening: () => void;
  /**
   * Called when it stops listening; it may still have jobs. `found` is whether launchers could find its socket until
   * then.
   */
  readonly left: (found: boolean) => void;
  /** The file of this program, which also runs in worker threads to pack long texts. */
  readonly program: string | undefined;
}

const takesInputs = (offer: ReturnType<InputHosts['offerOf']> | undefined): boolean | undefined =>
  offer === undefined || offer === 'unknown' ? undefined : offer === 'inputs';

/** The agent of one user, which does the jobs of all launchers that connect. */
class Agent {
  readonly #settings: AgentSettings;
  readonly #server: Server;
  readonly #shared: Shared;
  readonly #memory = new LocalMemory(realMemory);
  readonly #slots = new QueuedSlots(() => performance.now(), this.#memory);
  readonly #jobs = new Map<Launcher, JobMessage>();
  readonly #tally = new Tally();
  readonly #history = new History(() => performance.now(), hostText);
  readonly #feed: Feed;
  readonly #spares = new SpareFiles();
  readonly #states = new LateStates(() => performance.now());
  readonly #started = performance.now();
  #done = 0;
  /** The inode of its socket. */
  #inode: bigint | undefined;
  #idle: NodeJS.Timeout | undefined;
  #end: () => void = () => {};

  constructor(settings: AgentSettings) {
    this.#settings = settings;
    const now = (): number => performance.now();
    const notices = new Notices(now);
    this.#shared = {
      slotsFor: ({ job, interrupted, restSeconds }) => this.#slots.slotsFor({ interrupted, restSeconds, pid: job.pid }),
      openState: (folder, pid, log) => this.#states.of(openState(folder, pid, log, this.#spares)),
      preprocessAhead: true,
      memory: new TextMemory(),
      packer: new Packer(settings.program),
      inputs: { hosts: new InputHosts(now), graph: new HeaderGraph(), distrusted: new Set(), tally: this.#tally },
      hosts: new HostLists(),
      programs: new Programs(now),
      compilers: {
        own: new OwnCompilers(now, dirname(settings.path)),
        checked: new CheckedHosts(now),
        notices,
      },
      notices,
    };
    const { inputs } = this.#shared;
    this.#feed = new Feed({
      history: this.#history,
      started: Date.now(),
      slots: () => this.#slots.report(),
      takesInputs: (server) => takesInputs(inputs.hosts?.offerOf(server)),
    });
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#welcome(socket));
  }

  /** Serves until it is told to stop, or has had no job for a while. */
  async serve(): Promise<void> {
    const { path, listening } = this.#settings;
    // When Node closes a socket it unlinks the path that it has bound, even if another agent's socket has that path
    // meanwhile. So the socket is bound under a name of its own and then renamed.
    const born = join(dirname(path), `${bornPrefix}${process.pid}`);
    rmSync(born, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ path: born, backlog: 1024 }, resolve);
    });
    this.#inode = statSync(born, { bigint: true }).ino;
    renameSync(born, path);
    listening();
    const look = setInterval(() => {
      if (!this.#isFound()) this.stop();
    }, lookPeriod);
    this.#rest();
    await new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    clearInterval(look);
    clearTimeout(this.#idle);
    this.#spares.clear();
    sweepStates();
  }

  /** Whether its socket is still at its path: the folder may have been removed, or another agent may listen there. */
  #isFound(): boolean {
    return statSync(this.#settings.path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode;
  }

  /** Takes no more jobs and ends when the running ones are done; new launchers find another agent. */
  stop(): void {
    if (!this.#server.listening) return;
    const found = this.#isFound();
    if (found) rmSync(this.#settings.path, { force: true });
    this.#server.close();
    this.#settings.left(found);
    if (this.#jobs.size === 0) this.#end();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#jobs.size > 0) return;
    this.#shared.inputs.graph.contents.clear();
    if (!this.#server.listening) this.#end();
    this.#idle = setTimeout(() => this.stop(), this.#settings.idleSeconds * 1000);
  }

  #welcome(socket: Socket): void {
    socket.on('error', () => {});
    // A peer that has stopped sending does not read either. Destroying the socket at once saves a system call.
    socket.on('end', () => socket.destroy());
    const peer = peerOf(socket);
    if (peer !== undefined && peer.user !== process.getuid?.()) {
      socket.destroy();
      return;
    }
    const reader = new FrameReader();
    let launcher: Launcher | undefined;
    const take = (chunk: Buffer): void => {
      try {
        reader.feed(chunk);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          if (launcher === undefined) launcher = this.#begin(frame, socket, peer?.pid ?? 0);
          else launcher.hear(frame);
        }
      } catch {
        // Not one of our messages: the launcher, perhaps of another version, goes on without this agent.
        socket.destroy();
      }
      this.#states.catchUp();
    };
    socket.on('data', take);
    // The first message has usually arrived already; reading it now saves a turn of the event loop.
    const there = readNow(socket);
    if (there.length > 0) take(there);
  }

  /** Handles the first message of a connection; returns the launcher when that is a job. */
  #begin({ kind, content }: Frame, socket: Socket, pid: number): Launcher | undefined {
    if (kind === kinds.ASK) {
      const question = readAsk(content);
      if (question === 'follow') {
        this.#feed.add(socket);
        return undefined;
      }
      socket.end(encodeReport(JSON.stringify(this.#status(pid))));
      if (question === 'stop') this.stop();
      return undefined;
    }
    if (kind !== kinds.JOB) {
      socket.destroy();
      return undefined;
    }
    const said = readJob(content);
    // In a container the launcher's own process id differs from the one seen here.
    const job = pid > 0 ? { ...said, pid } : said;
    const launcher = new Launcher(socket);
    // After EXEC the connection closes when the compiler ends.
    socket.once('close', () => launcher.close());
    if (!sharesSurroundings(job)) {
      launcher.giveBack();
      return launcher;
    }
    this.#jobs.set(launcher, job);
    clearTimeout(this.#idle);
    const track = this.#history.begin(job);
    void doJob(job, launcher, this.#shared, track).finally(() => {
      this.#history.end(track);
      this.#jobs.delete(launcher);
      this.#done += 1;
      this.#rest();
    });
    return launcher;
  }

  /** The status, as it applies to the process that asks. */
  #status(asker: number): AgentStatus {
    const { busy, resting, waiting, expected } = this.#slots.report();
    const build = this.#history.build();
    const now = performance.now();
    // Where the kernel does not tell which process asks, one with a job here stands in for it.
    const [job] = this.#jobs.values();
    const lacks = this.#memory.obstacle(asker > 0 ? asker : (job?.pid ?? 0));
    return {
      pid: process.pid,
      version: agentVersion,
      uptimeSeconds: Math.round((now - this.#started) / 1000),
      memoryBytes: ownMemory(),
      jobsDone: this.#done,
      largestLocalJob: this.#memory.largest(),
      ...(lacks === undefined ? {} : { lacks }),
      waiting: waiting.size,
      sent: this.#tally.report(),
      jobs: [...this.#history.running].map((track) => {
        const { pid, directory, words } = track.message;
        const what = waiting.get(pid);
        const { phase = 'scan', host } = track.phase ?? {};
        return {
          pid,
          directory: readable(directory),
          words: words.map(readable),
          ...(what === undefined ? {} : { waitsFor: what }),
          phase,
          ...(host === undefined ? {} : { host: host.text }),
          seconds: Math.round(now - track.began) / 1000,
        };
      }),
      hosts: [...this.#history.hosts].map(({ name, done, failed, lastFailure }) => ({
        name,
        done,
        failed,
        ...(lastFailure === undefined
          ? {}
          : { lastFailure: { why: readable(lastFailure.why), secondsAgo: Math.round((now - lastFailure.at) / 1000) } }),
      })),
      ...(build === undefined ? {} : { build }),
      expected: [...expected].map(([name, ms]) => ({ name, seconds: ms / 1000 })),
      slots: [...busy].map(([name, jobs]) => ({ name, jobs })),
      resting: [...resting].map(([name, { why, until }]) => ({
        name,
        why: readable(why),
        seconds: Math.ceil((until - now) / 1000),
      })),
    };
  }
}

/**
 * Tells agents of other versions in the same folder to finish their jobs and end, so that an upgrade leaves no old
 * agent running.
 */
async function sendOthersHome(path: string): Promise<void> {
  for (const other of agentSockets(dirname(path)).filter((socket) => socket !== path)) {
    const answer = await ask(other, 'stop').catch(() => undefined);
    // Files that a killed agent left.
    if (answer === undefined) for (const file of [other, `${other}.pid`]) rmSync(file, { force: true });
  }
}

/** Runs the agent until its end; false when another one has this socket already. */
export async function runAgent(settings: Omit<AgentSettings, 'left'>): Promise<boolean> {
  const { path } = settings;
  const folder = dirname(path);
  nameProcess('distcc-agent');
  process.umask(0o077);
  makePrivateFolder(folder);
  const lock = tryLock(`${path}.lock`);
  if (lock === undefined) return false;
  writeFileSync(`${path}.pid`, `${process.pid}\n`);
  // An agent has no stderr that anybody reads: a bug is written to a file, so that it can be found.
  process.on('uncaughtException', (error) => {
    writeFileSync(join(folder, 'fault'), `${error.stack ?? error.message}\n`);
    process.exit(exitStatus.general);
  });
  // After this another agent may own the socket, the lock and the file. If ours was not found any more, another one
  // owns them already.
  const left = (found: boolean): void => {
    if (found) rmSync(`${path}.pid`, { force: true });
    lock.release();
  };
  const agent = new Agent({ ...settings, left });
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => agent.stop());
  const serving = agent.serve();
  sendOthersHome(path).catch(() => {});
  await serving;
  return true;
}
