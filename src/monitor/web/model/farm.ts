import type {
  AgentEvent,
  BuildSummary,
  JobEnd,
  MachinePicture,
  Picture,
  RunningJob,
} from '../../../agent-state/events.ts';
import { agentOf, joinHosts, latestBuild, totalsOf } from './agents.ts';
import type { KnownAgent, Totals } from './agents.ts';
import type { FeedBatch, FeedEvent } from './feed.ts';
import { Places } from './places.ts';
import type { Work } from './places.ts';
import { longestWindow, ownRow } from './row.ts';
import type { Row } from './row.ts';
import { StockJobs } from './stock-jobs.ts';
import type { SeenJob } from './stock-jobs.ts';

/** An attempt that failed, or a job that did. */
export interface FailureNote {
  readonly at: number;
  /** undefined for this machine. */
  readonly host: string | undefined;
  readonly file: string;
  readonly why: string;
}

/** How much of the processors this machine had at work. */
export interface MachineNote {
  readonly at: number;
  readonly busy: number;
}

/** What has ended lately, for rates. */
interface EndNote {
  readonly at: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
}

/** In ms: rates are those of this time. */
const rateSpan = 10_000;

/** How long a job of an agent may still have a state file after it has ended, in ms. */
const leftover = 3000;

const mostFailures = 50;

/** Everything that the page shows, made of the events it is told of. */
export class FarmModel {
  readonly agents = new Map<string, KnownAgent>();
  failures: FailureNote[] = [];
  machine: MachinePicture | undefined;
  machineNotes: MachineNote[] = [];
  build: BuildSummary | undefined;
  /** Whether the first look for agents is over. */
  looked = false;
  /** Whether an agent has been seen since the page was opened. */
  hadAgent = false;
  trouble: string | undefined;
  /** Agents whose connection was lost and that may be found again, by their ids. */
  readonly #unseen = new Map<string, KnownAgent>();
  /** The processes of agents' jobs, and until when they are known as that. */
  readonly #pids = new Map<number, number>();
  /** Jobs whose end has been told. */
  readonly #known = new Set<string>();
  readonly #places = new Places();
  /** Those of the agents that are followed, or were last: counters of two that ran one after the other never mix. */
  #totals: Totals | undefined;
  #ends: EndNote[] = [];
  readonly #stock = new StockJobs();

  /** Hosts and this machine, which is the first, by name. */
  get rows(): ReadonlyMap<string, Row> {
    return this.#places.rows;
  }

  /** Jobs without a place, by key: they wait. */
  get waiting(): ReadonlyMap<string, Work> {
    return this.#places.waiting;
  }

  /** What agents have done since they started; where no agent has been seen, what has been seen of clients. */
  get totals(): Totals {
    if (this.#totals !== undefined) return this.#totals;
    const own = this.rows.get(ownRow);
    const hosts = [...this.rows.values()].filter((row) => row !== own);
    const seen = (of: (row: Row) => number): number => hosts.reduce((sum, row) => sum + of(row), 0);
    return {
      remote: seen(({ done }) => done),
      here: own?.done ?? 0,
      failedHere: own?.failed ?? 0,
      failed: seen(({ failed }) => failed),
    };
  }

  /** Takes a message in. */
  take({ at, events }: FeedBatch): void {
    for (const event of events) this.#hear(event, at);
  }

  /** Jobs and bytes in a second, of the last ten. */
  rates(now: number): { readonly jobs: number; readonly bytesOut: number; readonly bytesIn: number } {
    this.#ends = this.#ends.filter(({ at }) => at > now - rateSpan);
    const sum = (of: (note: EndNote) => number): number =>
      this.#ends.reduce((total, note) => total + of(note), 0) / (rateSpan / 1000);
    return { jobs: sum(() => 1), bytesOut: sum((note) => note.bytesOut), bytesIn: sum((note) => note.bytesIn) };
  }

  /** Forgets what is too old. */
  forget(now: number): void {
    this.#places.forget(now);
    this.machineNotes = this.machineNotes.filter(({ at }) => at > now - longestWindow);
    for (const [pid, until] of this.#pids) if (until < now) this.#pids.delete(pid);
    // A set is in the order of its making: the oldest go.
    for (const key of this.#known) {
      if (this.#known.size <= 20_000) break;
      this.#known.delete(key);
    }
  }

  #hear(event: FeedEvent, at: number): void {
    switch (event.kind) {
      case 'start':
        for (const agent of this.agents.values()) this.#unseen.set(agent.id, agent);
        this.agents.clear();
        this.looked = false;
        this.trouble = undefined;
        break;
      case 'agent':
        this.#hearAgent(event.agent, event.event, at);
        break;
      case 'agent-gone':
        this.#lose(event.agent, at);
        break;
      case 'trouble':
        this.trouble = event.text;
        break;
      case 'looked':
        this.looked = true;
        for (const agent of this.#unseen.values()) this.#dropAll(agent, at);
        this.#unseen.clear();
        this.#joinHosts();
        break;
      case 'stock': {
        const { changed, ended } = this.#stock.look(event.jobs, at, (pid) => this.#pids.has(pid));
        for (const job of ended) this.#endSeen(job, at);
        for (const job of changed) this.#places.put(workOf(job));
        break;
      }
    }
  }

  #hearAgent(connection: string, event: AgentEvent, at: number): void {
    if (event.kind === 'picture') {
      this.#see(connection, event, at);
      return;
    }
    const agent = this.agents.get(connection);
    if (agent === undefined) return;
    switch (event.kind) {
      case 'job':
        agent.jobs.set(event.job.job, event.job);
        this.#run(agent, event.job);
        break;
      case 'end':
        if (this.#end(agent, event.end)) this.#countHere(agent, event.end);
        agent.jobs.delete(event.end.job);
        break;
      case 'failure':
        this.#fail(agent, event.job, event);
        break;
      case 'hosts':
        agent.hosts = event.hosts;
        this.#joinHosts();
        break;
      case 'machine':
        agent.machine = event.machine;
        this.#noteMachine(event.machine, event.at);
        break;
      case 'build':
        agent.build = event.build;
        this.build = latestBuild(this.#builds());
        break;
    }
  }

  /** Takes a picture in, which may be of an agent that is known already. */
  #see(connection: string, picture: Picture, at: number): void {
    const agent = agentOf(picture);
    const before = this.agents.get(connection) ?? this.#unseen.get(agent.id);
    this.#unseen.delete(agent.id);
    this.agents.set(connection, agent);
    this.hadAgent = true;
    this.#joinHosts();
    for (const end of picture.ended) this.#end(before ?? agent, end);
    for (const job of before?.jobs.values() ?? []) if (!agent.jobs.has(job.job)) this.#dropJob(agent, job, at);
    for (const job of picture.jobs) this.#run(agent, job);
    this.#noteMachine(picture.machine, picture.at);
    if (picture.build !== undefined) this.build = latestBuild(this.#builds());
  }

  #builds(): BuildSummary[] {
    return [...this.agents.values()].flatMap(({ build }) => build ?? []);
  }

  /** An agent has ended, or is followed no longer: its jobs are not known any more. */
  #lose(connection: string, at: number): void {
    const agent = this.agents.get(connection);
    this.agents.delete(connection);
    if (agent !== undefined) this.#dropAll(agent, at);
    this.#joinHosts();
  }

  #dropAll(agent: KnownAgent, at: number): void {
    for (const job of agent.jobs.values()) this.#dropJob(agent, job, at);
  }

  #dropJob(agent: KnownAgent, { job, pid }: RunningJob, at: number): void {
    this.#pids.set(pid, at + leftover);
    this.#places.drop(`${agent.id}:${job}`, at, 'not known');
  }

  #joinHosts(): void {
    this.#places.list(joinHosts(this.agents.values()));
    this.#addUp();
  }

  #addUp(): void {
    // The last one's totals stay until another agent tells its own.
    if (this.agents.size === 0) return;
    this.#totals = totalsOf(this.agents.values());
    const { here, failedHere } = this.#totals;
    this.#places.countHere(here, failedHere);
  }

  /** Pictures have this count; what ends after them is added. */
  #countHere({ here }: KnownAgent, end: JobEnd): void {
    if (end.host !== undefined || end.interrupted === true) return;
    here.done += 1;
    if ((end.status ?? 0) !== 0) here.failed += 1;
    this.#addUp();
  }

  #noteMachine(machine: MachinePicture, at: number): void {
    this.machine = machine;
    if (at - (this.machineNotes.at(-1)?.at ?? 0) >= 500) this.machineNotes.push({ at, busy: machine.busy });
  }

  #run(agent: KnownAgent, { job, pid, file, directory, host, slot, phase, since, why }: RunningJob): void {
    if (this.#pids.get(pid) !== Number.POSITIVE_INFINITY) this.#claim(pid);
    this.#places.put({ key: `${agent.id}:${job}`, pid, file, directory, host, slot, phase: { phase, at: since }, why });
  }

  /** From now on an agent describes the job of a process, whose state file may have been seen before. */
  #claim(pid: number): void {
    this.#pids.set(pid, Number.POSITIVE_INFINITY);
    this.#stock.forget(pid);
    this.#places.remove(`state:${pid}`);
  }

  #fail(
    agent: KnownAgent,
    job: number,
    note: { readonly at: number; readonly host: string; readonly why: string },
  ): void {
    const file = agent.jobs.get(job)?.file ?? '';
    this.failures = [...this.failures, { at: note.at, host: note.host, file, why: note.why }].slice(-mostFailures);
    this.#places.fail(`${agent.id}:${job}`, note);
  }

  /** Takes the end of a job in; tells whether it is news. */
  #end(agent: KnownAgent, end: JobEnd): boolean {
    const key = `${agent.id}:${end.job}`;
    if (this.#known.has(key)) return false;
    this.#known.add(key);
    this.#ends.push({ at: end.ended, bytesOut: end.bytesOut, bytesIn: end.bytesIn });
    const pid = agent.jobs.get(end.job)?.pid;
    if (pid !== undefined) this.#pids.set(pid, end.ended + leftover);
    this.#places.end(key, end);
    return true;
  }

  #endSeen({ pid, host }: SeenJob, at: number): void {
    const key = `state:${pid}`;
    const row = this.#places.rowOf(key);
    this.#places.drop(key, at);
    if (row === undefined) return;
    this.#ends.push({ at, bytesOut: 0, bytesIn: 0 });
    const isCounted = host === undefined ? this.agents.size === 0 : !row.listed;
    if (isCounted) row.done += 1;
  }
}

function workOf({ pid, file, host, slot, phase, since }: SeenJob): Work {
  return { key: `state:${pid}`, pid, file, directory: '', host, slot, phase: { phase, at: since }, why: undefined };
}
