import type {
  AgentEvent,
  BuildSummary,
  JobEnd,
  MachinePicture,
  Picture,
  RunningJob,
} from '../../../agent-state/events.ts';
import { agentOf, joinHosts, latestBuild } from './agents.ts';
import type { KnownAgent } from './agents.ts';
import { attemptsBefore, phasesAtEnd } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import type { Block, PhaseStart } from './block.ts';
import type { FeedBatch, FeedEvent } from './feed.ts';
import { longestWindow, ownRow, Row } from './row.ts';
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

/** A job at work, wherever it is told of. */
interface Work {
  readonly key: string;
  readonly pid: number | undefined;
  readonly file: string;
  readonly directory: string;
  readonly host: string | undefined;
  readonly slot: number | undefined;
  readonly phase: PhaseStart;
  readonly why: string | undefined;
}

/** A block that had ended before it was seen. */
interface Past {
  readonly key: string;
  readonly file: string;
  readonly slot: number | undefined;
  readonly began: number;
  readonly ended: number;
}

/** Everything that the page shows, made of the events it is told of. */
export class FarmModel {
  readonly agents = new Map<string, KnownAgent>();
  /** By name; this machine's is the first. */
  readonly rows = new Map<string, Row>([[ownRow, new Row(ownRow)]]);
  /** Jobs without a place, by key: they wait. */
  readonly waiting = new Map<string, Work>();
  failures: FailureNote[] = [];
  machine: MachinePicture | undefined;
  machineNotes: MachineNote[] = [];
  build: BuildSummary | undefined;
  /** Whether the first look for agents is over. */
  looked = false;
  /** Whether an agent has been seen since the page was opened. */
  hadAgent = false;
  trouble: string | undefined;
  /** Jobs that ended while the page was open. */
  endedJobs = 0;
  /** Agents whose connection was lost and that may be found again, by their ids. */
  readonly #unseen = new Map<string, KnownAgent>();
  readonly #working = new Map<string, { readonly block: Block; readonly row: Row }>();
  /** The processes of agents' jobs, and until when they are known as that. */
  readonly #pids = new Map<number, number>();
  /** Jobs whose end has been told. */
  readonly #known = new Set<string>();
  #ends: EndNote[] = [];
  readonly #stock = new StockJobs();

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

  /** Forgets what is too old. Hosts that are no longer listed go with their last block. */
  forget(now: number): void {
    for (const [name, row] of this.rows) {
      row.forget(now);
      if (name !== ownRow && !row.listed && row.running.size === 0 && row.ended.length === 0) this.rows.delete(name);
    }
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
        for (const job of changed) this.#work(workOf(job));
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
        this.#end(agent, event.end);
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
    this.#drop(`${agent.id}:${job}`, at);
  }

  #joinHosts(): void {
    const hosts = joinHosts(this.agents.values());
    for (const [name, row] of this.rows) {
      row.listed = name === ownRow || hosts.has(name);
      if (!row.listed) row.rest = undefined;
    }
    for (const [name, host] of hosts) {
      const row = this.#row(name);
      row.listed = true;
      Object.assign(row, { slots: host.slots, done: host.done, failed: host.failed, expected: host.expected });
      row.rest = host.rest;
      row.takesInputs = host.takesInputs;
      row.version += 1;
    }
    // In the order of the list; those that are in no list come last.
    const names = [...hosts.keys(), ...[...this.rows.keys()].filter((name) => name !== ownRow && !hosts.has(name))];
    for (const name of names) {
      const row = this.#row(name);
      this.rows.delete(name);
      this.rows.set(name, row);
    }
  }

  #row(name: string): Row {
    const row = this.rows.get(name) ?? new Row(name);
    this.rows.set(name, row);
    return row;
  }

  #noteMachine(machine: MachinePicture, at: number): void {
    this.machine = machine;
    if (at - (this.machineNotes.at(-1)?.at ?? 0) >= 500) this.machineNotes.push({ at, busy: machine.busy });
  }

  #run(agent: KnownAgent, { job, pid, file, directory, host, slot, phase, since, why }: RunningJob): void {
    if (this.#pids.get(pid) !== Number.POSITIVE_INFINITY) this.#claim(pid);
    this.#work({ key: `${agent.id}:${job}`, pid, file, directory, host, slot, phase: { phase, at: since }, why });
  }

  /** From now on an agent describes the job of a process, whose state file may have been seen before. */
  #claim(pid: number): void {
    this.#pids.set(pid, Number.POSITIVE_INFINITY);
    this.#stock.forget(pid);
    const key = `state:${pid}`;
    const known = this.#working.get(key);
    known?.row.remove(known.block);
    this.#working.delete(key);
    this.waiting.delete(key);
  }

  /** Puts a job where it is now, and adds its phase. */
  #work(work: Work): void {
    const { key, host, slot, phase, why } = work;
    const before = this.#working.get(key);
    const row = phase.phase === 'queue' && host === undefined ? undefined : this.#row(host ?? ownRow);
    if (before !== undefined && before.row !== row) {
      // What a job does here before it has a host is part of it; an attempt at a host that it leaves has failed.
      this.#leave(key, phase.at, before.row.name !== ownRow);
    }
    if (row === undefined) {
      this.waiting.set(key, work);
      return;
    }
    this.waiting.delete(key);
    const known = this.#working.get(key);
    if (known === undefined) {
      const block: Block = {
        key,
        file: work.file,
        directory: work.directory,
        pid: work.pid,
        began: phase.at,
        ended: undefined,
        phases: [phase],
        lane: row.freeLane(slot),
        failed: false,
        why,
        kept: false,
      };
      row.begin(block);
      this.#working.set(key, { block, row });
      return;
    }
    if (why !== undefined) known.block.why = why;
    const last = known.block.phases.at(-1);
    if (last?.phase !== phase.phase && phase.at >= (last?.at ?? 0)) known.block.phases.push(phase);
    row.version += 1;
  }

  /** Ends a job's block where it is. */
  #leave(key: string, at: number, failed = false): void {
    const known = this.#working.get(key);
    if (known === undefined) return;
    this.#working.delete(key);
    known.block.failed ||= failed;
    known.row.end(known.block, at);
  }

  #drop(key: string, at: number): void {
    this.waiting.delete(key);
    this.#leave(key, at);
  }

  #fail(
    agent: KnownAgent,
    job: number,
    note: { readonly at: number; readonly host: string; readonly why: string },
  ): void {
    const key = `${agent.id}:${job}`;
    const known = this.#working.get(key);
    const file = agent.jobs.get(job)?.file ?? '';
    this.#noteFailure({ at: note.at, host: note.host, file, why: note.why });
    if (known?.row.name !== note.host) return;
    known.block.why = note.why;
    this.#leave(key, note.at, true);
  }

  #noteFailure(note: FailureNote): void {
    this.failures = [...this.failures, note].slice(-mostFailures);
  }

  #end(agent: KnownAgent, end: JobEnd): void {
    const key = `${agent.id}:${end.job}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.waiting.delete(key);
    this.endedJobs += 1;
    this.#ends.push({ at: end.ended, bytesOut: end.bytesOut, bytesIn: end.bytesIn });
    const running = this.#working.get(key);
    const pid = agent.jobs.get(end.job)?.pid;
    if (pid !== undefined) this.#pids.set(pid, end.ended + leftover);
    const failed = end.status !== undefined && end.status !== 0;
    const row = this.#row(end.host ?? ownRow);
    if (running === undefined) for (const attempt of attemptsBefore(end)) this.#addAttempt(key, end, attempt);
    const block = running?.row === row ? running.block : this.#pastBlock(key, row, end);
    if (running !== undefined && running.row !== row) this.#leave(key, end.ended);
    block.failed ||= failed;
    block.why = end.why ?? (failed ? `exit status ${end.status}` : block.why);
    block.kept = end.sent === 'result';
    const phases = phasesAtEnd(end);
    if (phases.length > 0) block.phases = phases;
    this.#working.delete(key);
    row.end(block, end.ended);
    if (row.name === ownRow) {
      row.done += 1;
      if (failed) row.failed += 1;
    }
  }

  /** The block of a job that was not seen at its last place. */
  #pastBlock(key: string, row: Row, end: JobEnd): Block {
    const phases = phasesAtEnd(end);
    const atWork = phases.find(({ phase }) => phase !== 'queue')?.at ?? end.began;
    const usual = { phase: row.name === ownRow ? ('local' as const) : ('compile' as const), at: atWork };
    return this.#addPast(row, { key, file: end.file, slot: end.slot, began: atWork, ended: end.ended }, [
      ...(phases.length > 0 ? phases : [usual]),
    ]);
  }

  /** An attempt at a host that failed before a job was seen. */
  #addAttempt(key: string, { file }: JobEnd, { host, slot, phases, until }: Attempt): void {
    const row = this.#row(host);
    const block = this.#addPast(row, { key, file, slot, began: phases[0]?.at ?? until, ended: until }, phases);
    block.failed = true;
    row.end(block, until);
  }

  #addPast(row: Row, past: Past, phases: readonly PhaseStart[]): Block {
    const { key, file, slot, began, ended } = past;
    const block: Block = {
      ...{ key, file, began, ended, directory: '', pid: undefined },
      ...{ phases: [...phases], lane: row.laneFor(began, slot), failed: false, why: undefined, kept: false },
    };
    row.begin(block);
    return block;
  }

  #endSeen({ pid, host }: SeenJob, at: number): void {
    const known = this.#working.get(`state:${pid}`);
    this.#drop(`state:${pid}`, at);
    if (known === undefined) return;
    this.endedJobs += 1;
    this.#ends.push({ at, bytesOut: 0, bytesIn: 0 });
    if (!known.row.listed || host === undefined) known.row.done += 1;
  }
}

function workOf({ pid, file, host, slot, phase, since }: SeenJob): Work {
  return { key: `state:${pid}`, pid, file, directory: '', host, slot, phase: { phase, at: since }, why: undefined };
}
