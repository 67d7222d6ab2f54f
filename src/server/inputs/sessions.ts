import { randomBytes } from 'node:crypto';
import { EverySecond, steadyClock } from '../../system/machine/every-second.ts';
import type { Clock } from '../../system/machine/every-second.ts';
import type { Spool } from '../../system/files/temporary-folder.ts';
import { nonceLength } from '../../wire/inputs/tree-job.ts';
import { Overload } from '../policy/refusal.ts';
import { ContentStore } from './content-store.ts';
import type { ExactTreeMeans } from './exact-trees.ts';
import { full, refusalOfSystem } from './room.ts';
import type { InputLimits } from './room.ts';
import { Session } from './session.ts';
import { Tree } from './tree.ts';
import type { TreeTotals } from './tree.ts';

/** Where the files of clients are. */
export interface InputPlaces {
  /** The folder of the contents. */
  readonly contents: string;
  /** Lends the folders of trees, on the same file system. */
  readonly spool: Pick<Spool, 'lend' | 'takeBack' | 'path'>;
  /** A tree's folder could not be removed. */
  readonly left: (error: unknown) => void;
}

/** A connection that uses a session. */
export interface SessionUser {
  /** Whether its job runs, or is answered. */
  readonly works: boolean;
  /** Ends it in favour of another client. */
  end(reason: Overload): void;
}

/** A client's session, and whether it has just been made. */
export interface Entered {
  readonly session: Session;
  readonly fresh: boolean;
}

/**
 * The sessions of all clients. A session without a connection ends after some time, or to make room for another; one
 * whose connections have no job that works ends for a client that has fewer.
 */
export class Sessions {
  readonly limits: InputLimits;
  readonly store: ContentStore;
  readonly #places: InputPlaces;
  readonly #now: Clock;
  /** By their secrets, in the order in which they were last entered. */
  readonly #sessions = new Map<string, Session>();
  readonly #totals: TreeTotals = { entries: 0, copies: 0 };
  #memory = 0;
  /** Bytes of the files in trees, by address. */
  readonly #bytes = new Map<string, number>();
  /** For sessions: what exact trees are made with. */
  readonly exactTrees: ExactTreeMeans = {
    lend: () => this.#places.spool.lend('tree'),
    takeBack: (folder) => this.#takeBack(folder),
    idle: { count: 0, entries: 0 },
  };
  readonly #patrol = new EverySecond(() => this.review());

  constructor(places: InputPlaces, limits: InputLimits, now = steadyClock) {
    this.#places = places;
    this.limits = limits;
    this.#now = now;
    this.store = new ContentStore(places.contents, limits, () => this.#endOne());
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** A name for a new file on the file system of the store. */
  get scratch(): string {
    return `${this.#places.spool.path}/content`;
  }

  /** Enters the session of a secret, which is made when there is none. @throws Overload */
  enter(secret: Buffer, address: string, user: SessionUser): Entered {
    const name = secret.toString('hex');
    const found = this.#sessions.get(name);
    const session = found ?? this.#make(address);
    this.#sessions.delete(name);
    this.#sessions.set(name, session);
    session.users.add(user);
    return { session, fresh: found === undefined };
  }

  #make(address: string): Session {
    const { sessions, sessionsPerAddress } = this.limits;
    const mine = (session: Session): boolean => session.address === address;
    const count = [...this.#sessions.values()].filter(mine).length;
    if (count >= sessionsPerAddress && !this.#endOne(mine)) {
      throw new Overload('too_many_agents', `${count} agents of this client are at work here, which is the limit`);
    }
    if (this.#sessions.size >= sessions && !this.#endOne() && !this.#endIdle(count)) {
      throw new Overload(
        'too_many_agents',
        `agents of ${this.#sessions.size} clients are at work here, which is the limit`,
      );
    }
    this.#patrol.begin();
    return new Session(this, { nonce: randomBytes(nonceLength), address });
  }

  /** A connection of a session has ended. */
  leave(session: Session, user: SessionUser): void {
    session.users.delete(user);
    session.left = this.#now();
    if (session.ended && session.users.size === 0) this.#close(session);
  }

  /** Ends the oldest session without working jobs of the address that has most, if that is more than `least`. */
  #endIdle(least: number): boolean {
    const counts = new Map<string, number>();
    for (const { address } of this.#sessions.values()) counts.set(address, (counts.get(address) ?? 0) + 1);
    const countOf = ({ address }: Session): number => counts.get(address) ?? 0;
    const idle = [...this.#sessions].filter(
      ([, session]) => countOf(session) > least && [...session.users].every(({ works }) => !works),
    );
    // The sort leaves those of one address in their order.
    const [found] = idle.sort(([, one], [, other]) => countOf(other) - countOf(one));
    if (found === undefined) return false;
    const [name, session] = found;
    this.#sessions.delete(name);
    // Its connections let go of its trees; until then they stay.
    session.ended = true;
    for (const user of session.users) user.end(new Overload('too_many_agents', 'another client has fewer agents here'));
    return true;
  }

  /** Ends sessions whose time is over; tells whether there are any. */
  review(): boolean {
    const now = this.#now();
    for (const [name, session] of this.#sessions) {
      if (session.users.size === 0 && now - session.left >= this.limits.idleMs) this.#end(name, session);
    }
    return this.#sessions.size > 0;
  }

  /** Ends the session that was left alone for longest; false when all are in use. */
  #endOne(isMeant: (session: Session) => boolean = () => true): boolean {
    for (const [name, session] of this.#sessions) {
      if (session.users.size > 0 || !isMeant(session)) continue;
      this.#end(name, session);
      return true;
    }
    return false;
  }

  #end(name: string, session: Session): void {
    this.#sessions.delete(name);
    this.#close(session);
  }

  #close(session: Session): void {
    this.#memory -= session.memory;
    session.close();
  }

  /** For sessions: memory for what a client defines. @throws Overload */
  takeMemory(session: Session, bytes: number): void {
    const { memory } = this.limits;
    if (session.memory + bytes > memory / 4) throw full();
    while (this.#memory + bytes > memory) if (!this.#endOne()) throw full();
    session.memory += bytes;
    this.#memory += bytes;
  }

  /** For sessions: an empty tree for the files of an address. @throws Overload on a full disk, the system's error */
  makeTree(address: string): Tree {
    const charge = (bytes: number): void => this.#charge(address, bytes);
    const { store, limits } = this;
    let folder: string | undefined;
    try {
      folder = this.#places.spool.lend('tree');
      return new Tree(folder, { store, limits, totals: this.#totals, charge });
    } catch (error) {
      if (folder !== undefined) this.#takeBack(folder);
      throw refusalOfSystem(error) ?? error;
    }
  }

  /** Ends sessions of an address that nobody uses until it may have that many bytes more. @throws Overload */
  #makeRoom(address: string, bytes: number): void {
    const isMine = (session: Session): boolean => session.address === address;
    const mayHave = (): boolean => (this.#bytes.get(address) ?? 0) + bytes <= this.limits.perAddress;
    while (!mayHave()) if (!this.#endOne(isMine)) throw full();
  }

  #charge(address: string, bytes: number): void {
    if (bytes > 0) this.#makeRoom(address, bytes);
    const left = (this.#bytes.get(address) ?? 0) + bytes;
    if (left > 0) this.#bytes.set(address, left);
    else this.#bytes.delete(address);
  }

  /** For sessions: takes a tree away. */
  removeTree(tree: Tree): void {
    tree.close();
    this.#takeBack(tree.path);
  }

  #takeBack(folder: string): void {
    this.#places.spool.takeBack(folder).catch(this.#places.left);
  }
}
