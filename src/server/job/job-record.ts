import { basename } from 'node:path';
import type { Stage } from '../limits/open-connections.ts';

/** What is compiled, for those who look: names without directories, cut when they are long. */
export interface NamedJob {
  readonly compiler: string;
  readonly source: string;
}

/** The longest name that is kept, in characters: clients choose them. */
const longestName = 200;

const nameOf = (path: string): string => basename(path).slice(0, longestName);

/** What one connection has done so far, and when, in ms of a clock that only goes forward. */
export class JobRecord {
  /** The client's address. */
  readonly client: string;
  readonly began: number;
  #stage: Stage = 'receiving';
  #since: number;
  readonly #spent = new Map<Stage, number>();
  #job: NamedJob | undefined;

  constructor(client: string, now: number) {
    this.client = client;
    this.began = now;
    this.#since = now;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** Known from when its command has been judged. */
  get job(): NamedJob | undefined {
    return this.#job;
  }

  /** The first byte has come: the time before it is nobody's work. */
  heard(now: number): void {
    this.#since = now;
  }

  /** The command that will be run. */
  name(compiler: string, source: string): void {
    this.#job = { compiler: nameOf(compiler), source: nameOf(source) };
  }

  /** Goes on to a stage. */
  enter(stage: Stage, now: number): void {
    if (stage === this.#stage) return;
    this.leave(now);
    this.#stage = stage;
  }

  /** Ends the present stage. */
  leave(now: number): void {
    this.#spent.set(this.#stage, (this.#spent.get(this.#stage) ?? 0) + now - this.#since);
    this.#since = now;
  }

  /** How long it has been in a stage that is over, in ms; undefined for one that it never reached or is still in. */
  spent(stage: Stage): number | undefined {
    return this.#spent.get(stage);
  }
}
