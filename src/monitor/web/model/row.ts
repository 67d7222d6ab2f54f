import type { Block } from './block.ts';

/** The name of the row of this machine. */
export const ownRow = '';

/** The longest time that is kept, in ms. */
export const longestWindow = 5 * 60_000;

/** The most blocks that a row keeps of those that have ended. */
const mostEnded = 6000;

/** The most lanes of a host and of this machine: with more jobs at a time, some share a lane. */
const mostLanes = 64;
const mostOwnLanes = 16;

/** Why a host gets no jobs, and until when in ms since 1970. */
export interface Rest {
  readonly why: string;
  readonly until: number;
}

/** Who hands out the slots that a job gets: its agent, or the clients without one. */
const ownerOf = (key: string): string => key.slice(0, key.lastIndexOf(':'));

/** A host, or this machine, with its blocks. */
export class Row {
  readonly name: string;
  /** Slots by the host list; 0 when they are not known. */
  slots = 0;
  /** Jobs done and attempts that failed, as agents count them or as they were seen. */
  done = 0;
  failed = 0;
  /** Seconds that a job is expected to take. */
  expected: number | undefined;
  rest: Rest | undefined;
  /** Whether an agent has this host in its list now. */
  listed = false;
  readonly running = new Set<Block>();
  /** In the order of their ends. */
  ended: Block[] = [];
  /** How many have ended, also those that are forgotten. */
  total = 0;
  /** Counts the changes of everything but running blocks' growth. */
  version = 0;
  readonly #laneEnds: number[] = [];
  readonly #mostLanes: number;

  constructor(name: string) {
    this.name = name;
    this.#mostLanes = name === ownRow ? mostOwnLanes : mostLanes;
  }

  /** How many lanes are shown. */
  get lanes(): number {
    return Math.max(1, Math.min(Math.max(this.slots, this.#laneEnds.length), this.#mostLanes));
  }

  /** The lane for a job that begins now: its slot's, or the first that is free. */
  freeLane(slot: number | undefined, key: string): number {
    const others = [...this.running].filter((block) => slot === undefined || ownerOf(block.key) !== ownerOf(key));
    // Who gave a job this slot has taken it from the one before, even if the end of that is told a moment later.
    if (slot !== undefined && slot < this.#mostLanes && others.every(({ lane }) => lane !== slot)) return slot;
    const taken = new Set([...this.running].map((block) => block.lane));
    let lane = 0;
    while (taken.has(lane) && lane < this.#mostLanes - 1) lane += 1;
    return lane;
  }

  /** The lane for a job that has ended before it was seen. */
  laneFor(began: number, slot: number | undefined): number {
    if (slot !== undefined && slot < this.#mostLanes) return slot;
    const free = this.#laneEnds.findIndex((end) => end <= began);
    return free === -1 ? Math.min(this.#laneEnds.length, this.#mostLanes - 1) : free;
  }

  begin(block: Block): void {
    while (this.#laneEnds.length <= block.lane) this.#laneEnds.push(0);
    // Two jobs of a slot never overlap: what is known of the second's beginning may be too early.
    block.began = Math.max(block.began, Math.min(this.#laneEnds[block.lane] ?? 0, block.ended ?? block.began));
    this.running.add(block);
    this.version += 1;
  }

  end(block: Block, at: number): void {
    this.running.delete(block);
    block.ended = Math.max(at, block.began);
    this.#laneEnds[block.lane] = Math.max(this.#laneEnds[block.lane] ?? 0, block.ended);
    this.ended.push(block);
    this.total += 1;
    this.version += 1;
  }

  /** Takes a block away as if it had never been. */
  remove(block: Block): void {
    this.running.delete(block);
    this.version += 1;
  }

  /** Forgets what ended too long ago, and lanes that have not been needed since. */
  forget(now: number): void {
    const last = this.ended.findIndex(({ ended = 0 }) => ended > now - longestWindow);
    const old = Math.max(last === -1 ? this.ended.length : last, this.ended.length - mostEnded);
    if (old > 0) this.ended = this.ended.slice(old);
    const used = new Set([...this.running].map(({ lane }) => lane));
    for (let lane = this.#laneEnds.length - 1; lane >= 0; lane -= 1) {
      if (used.has(lane) || (this.#laneEnds[lane] ?? 0) > now - longestWindow) break;
      this.#laneEnds.pop();
      this.version += 1;
    }
  }

  /** The share of its slots that were at work in the last `span` ms, from 0 to 1. */
  busyShare(now: number, span: number): number {
    const from = now - span;
    let busy = 0;
    for (const { began } of this.running) busy += now - Math.max(began, from);
    for (let at = this.ended.length - 1; at >= 0; at -= 1) {
      const { began = 0, ended = 0 } = this.ended[at] ?? {};
      // They are in the order of their ends.
      if (ended <= from) break;
      busy += Math.min(ended, now) - Math.max(began, from);
    }
    return Math.max(0, Math.min(1, busy / (span * Math.max(1, this.slots, this.slots === 0 ? this.lanes : 0))));
  }
}
