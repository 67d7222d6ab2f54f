import type { HostPicture, JobEnd } from '../../../agent-state/events.ts';
import { attemptsBefore, phasesAtEnd, withPlace } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import type { Block, Departure, PhaseStart } from './block.ts';
import { ownRow, Row } from './row.ts';

/** A job at work, wherever it is told of. */
export interface Work {
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

/** Where jobs are: at a host, on this machine, or nowhere yet. */
export class Places {
  /** By name; this machine's is the first. */
  readonly rows = new Map<string, Row>([[ownRow, new Row(ownRow)]]);
  /** Jobs without a place, by key: they wait. */
  readonly waiting = new Map<string, Work>();
  readonly #working = new Map<string, { readonly block: Block; readonly row: Row }>();

  /** The row in which a job is at work. */
  rowOf(key: string): Row | undefined {
    return this.#working.get(key)?.row;
  }

  /** Takes the list of hosts over: rows are in its order, and those that are not in it come last. */
  list(hosts: ReadonlyMap<string, HostPicture>): void {
    for (const [name, row] of this.rows) {
      row.listed = name === ownRow || hosts.has(name);
      if (!row.listed) row.rest = undefined;
    }
    for (const { name, slots, done, failed, expected, rest } of hosts.values()) {
      Object.assign(this.#row(name), { listed: true, slots, done, failed, expected, rest });
      this.#row(name).version += 1;
    }
    const others = [...this.rows.keys()].filter((name) => name !== ownRow && !hosts.has(name));
    for (const name of [...hosts.keys(), ...others]) {
      const row = this.#row(name);
      this.rows.delete(name);
      this.rows.set(name, row);
    }
  }

  /** Takes over how many jobs this machine has done, and how many of them failed. */
  countHere(done: number, failed: number): void {
    Object.assign(this.#row(ownRow), { done, failed });
    this.#row(ownRow).version += 1;
  }

  /** Forgets what is too old. Hosts that are no longer listed go with their last block. */
  forget(now: number): void {
    for (const [name, row] of this.rows) {
      row.forget(now);
      if (name !== ownRow && !row.listed && row.running.size === 0 && row.ended.length === 0) this.rows.delete(name);
    }
  }

  /** Puts a job where it is now, and adds its phase. */
  put(work: Work): void {
    const { key, host, slot, phase, why } = work;
    const before = this.#working.get(key);
    const row = phase.phase === 'queue' && host === undefined ? undefined : this.#row(host ?? ownRow);
    if (before !== undefined && before.row !== row) {
      // What a job does here before it has a host is part of it; an attempt at a host that it leaves has failed.
      this.#leave(key, phase.at, 'went on');
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
        lane: row.freeLane(slot, key),
        failed: false,
        left: undefined,
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

  /** Ends a job's block where it is. An attempt at a host from which a job goes on has failed. */
  #leave(key: string, at: number, left: Departure | undefined): void {
    const known = this.#working.get(key);
    if (known === undefined) return;
    this.#working.delete(key);
    known.block.left = left;
    known.block.failed ||= left === 'went on' && known.row.name !== ownRow;
    known.row.end(known.block, at);
  }

  /** A job is not known any more: its client has ended, or its agent, which tells nothing of its end. */
  drop(key: string, at: number, left?: Departure): void {
    this.waiting.delete(key);
    this.#leave(key, at, left);
  }

  /** Takes a job away as if it had never been. */
  remove(key: string): void {
    const known = this.#working.get(key);
    known?.row.remove(known.block);
    this.#working.delete(key);
    this.waiting.delete(key);
  }

  /** An attempt of a job at a host has failed. */
  fail(key: string, { at, host, why }: { readonly at: number; readonly host: string; readonly why: string }): void {
    const known = this.#working.get(key);
    if (known?.row.name !== host) return;
    known.block.why = why;
    this.#leave(key, at, 'went on');
  }

  /** Ends a job where its agent says that it was. */
  end(key: string, told: JobEnd): void {
    const end = withPlace(told);
    this.waiting.delete(key);
    const running = this.#working.get(key);
    const failed = end.status !== undefined && end.status !== 0;
    const row = this.#row(end.host ?? ownRow);
    if (running === undefined) for (const attempt of attemptsBefore(end)) this.#addAttempt(key, end, attempt);
    const block = running?.row === row ? running.block : this.#pastBlock(key, row, end);
    if (running !== undefined && running.row !== row) this.#leave(key, end.ended, 'went on');
    block.failed ||= failed;
    if (end.interrupted === true) block.left = 'interrupted';
    block.why = end.why ?? (failed ? `exit status ${end.status}` : block.why);
    block.kept = end.sent === 'result';
    const phases = phasesAtEnd(end);
    if (phases.length > 0) block.phases = phases;
    this.#working.delete(key);
    row.end(block, end.ended);
  }

  #row(name: string): Row {
    const row = this.rows.get(name) ?? new Row(name);
    this.rows.set(name, row);
    return row;
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
    block.left = 'went on';
    row.end(block, until);
  }

  #addPast(row: Row, past: Past, phases: readonly PhaseStart[]): Block {
    const { key, file, slot, began, ended } = past;
    const block: Block = {
      key,
      file,
      directory: '',
      pid: undefined,
      began,
      ended,
      phases: [...phases],
      lane: row.laneFor(began, slot),
      failed: false,
      left: undefined,
      why: undefined,
      kept: false,
    };
    row.begin(block);
    return block;
  }
}
