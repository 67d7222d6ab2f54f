import { NumberSet } from '../../basics/number-set.ts';
import type { Steps } from '../../basics/steps.ts';
import type { Definition } from '../../wire/inputs/definitions.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import { turnTaker } from '../limits/in-turns.ts';
import { Refusal } from '../policy/refusal.ts';
import type { StoredContent } from './content-store.ts';
import { declare, isSameInput, memoryOf } from './declared-input.ts';
import type { DeclaredFile, DeclaredInput } from './declared-input.ts';
import { ExactTrees } from './exact-trees.ts';
import { requireSame } from './machine-files.ts';
import { proves } from './possession.ts';
import type { Sessions, SessionUser } from './sessions.ts';
import type { MachineParts, Tree } from './tree.ts';

/** One state of a client's files, and how many jobs work on it. */
export interface Generation {
  readonly number: number;
  readonly tree: Tree;
  jobs: number;
  /** Numbers of which it is known that a job with these parts of the machine sees them. */
  readonly seen: WeakMap<MachineParts, NumberSet>;
}

/** A content that a connection has been asked for. */
interface Coming {
  readonly over: Promise<void>;
  readonly settle: () => void;
}

/** Contents that one connection has been asked for. */
export interface Asked {
  /** They have come, or will not. */
  close(): void;
  /** One has come. */
  came(hash: string): void;
}

/** What one client's connections share: what numbers stand for, and the trees of its files. */
export class Session {
  readonly nonce: Buffer;
  readonly address: string;
  readonly #sessions: Sessions;
  /** By their numbers, which a client gives one after the other: a list takes less memory than a map. */
  readonly #inputs: DeclaredInput[] = [];
  readonly #generations = new Map<number, Generation>();
  #latest = -1;
  readonly #coming = new Map<string, Coming>();
  /** What single jobs see. */
  readonly exact: ExactTrees;
  /** Bytes of memory of what is defined. */
  memory = 0;
  /** Connections that use it. */
  readonly users = new Set<SessionUser>();
  /** Whether nobody may enter it any more. */
  ended = false;
  /** When the last one left, in ms. */
  left = 0;
  /** How much of the news about compilers its client has heard. */
  told = 0;

  constructor(sessions: Sessions, { nonce, address }: { readonly nonce: Buffer; readonly address: string }) {
    this.#sessions = sessions;
    this.exact = new ExactTrees(sessions.exactTrees);
    this.nonce = nonce;
    this.address = address;
  }

  /** Takes what numbers stand for, in steps. @throws ProtocolError for a number that stands for something else */
  *define(definitions: readonly Definition[]): Steps<void> {
    for (const definition of definitions) {
      this.#define(definition.number, declare(definition));
      yield;
    }
  }

  #define(number: number, input: DeclaredInput): void {
    const before = this.#inputs[number];
    if (before === undefined) {
      this.#sessions.takeMemory(this, memoryOf(input));
      this.#inputs[number] = input;
      return;
    }
    if (!isSameInput(before, input)) {
      throw new ProtocolError('malformed', `number ${number} is defined as something else`);
    }
    if (before.kind === 'file' && input.kind === 'file' && before.proof !== undefined) before.proof = input.proof;
  }

  /** What a number stands for. @throws ProtocolError when nothing is known of it */
  input(number: number): DeclaredInput {
    const input = this.#inputs[number];
    if (input === undefined) throw new ProtocolError('malformed', `number ${number} is used and not defined`);
    return input;
  }

  /** The file that a number stands for. @throws ProtocolError */
  file(number: number): DeclaredFile {
    const input = this.input(number);
    if (input.kind === 'file') return input;
    throw new ProtocolError('malformed', `a content came for number ${number}, which is not a file`);
  }

  /** A content that is here and that this client has as well: of any other one it hears nothing. */
  #possessed(file: DeclaredFile): StoredContent | undefined {
    const stored = this.#sessions.store.known(file);
    if (stored === undefined || file.proof === undefined) return stored;
    if (!proves(Buffer.from(file.proof, 'latin1'), stored.key, this.nonce)) return undefined;
    file.proof = undefined;
    return stored;
  }

  /** Has the store look at contents that an earlier daemon left; tells whether there were any. */
  async prove(numbers: readonly number[]): Promise<boolean> {
    const { store } = this.#sessions;
    const rest = turnTaker();
    let any = false;
    for (const number of numbers) {
      const file = this.file(number);
      if (!store.isUnproved(file)) continue;
      any = true;
      await store.prove(file);
      await rest();
    }
    return any;
  }

  /** The generation of a job, which leaves it in the end. @throws Refusal */
  enter(number: number): Generation {
    let generation = this.#generations.get(number);
    if (generation === undefined) {
      if (number < this.#latest) {
        throw new Refusal(
          'client_files',
          `generation ${number} of the client's files is over: ${this.#latest} is the last one`,
        );
      }
      generation = this.#open(number);
    }
    generation.jobs += 1;
    return generation;
  }

  #open(number: number): Generation {
    this.#latest = Math.max(this.#latest, number);
    this.#endOld();
    if (this.#generations.size >= this.#sessions.limits.generations) {
      throw new Refusal(
        'client_files',
        `jobs of ${this.#generations.size} generations of the client's files are at work here: that is the limit`,
      );
    }
    const generation: Generation = {
      number,
      tree: this.#sessions.makeTree(this.address),
      jobs: 0,
      seen: new WeakMap(),
    };
    this.#generations.set(number, generation);
    return generation;
  }

  /** A job is over. */
  leave(generation: Generation): void {
    generation.jobs -= 1;
    this.#endOld();
  }

  #endOld(): void {
    for (const [number, { jobs, tree }] of this.#generations) {
      if (jobs > 0 || number === this.#latest) continue;
      this.#generations.delete(number);
      this.#sessions.removeTree(tree);
    }
  }

  /**
   * Lays what a job may read into its tree, in steps; gives the numbers of files whose contents have to come first.
   * @throws ProtocolError, Refusal
   */
  *lay({ tree, seen }: Generation, parts: MachineParts, numbers: readonly number[]): Steps<number[]> {
    tree.addParts(parts);
    const known = seen.get(parts) ?? new NumberSet();
    seen.set(parts, known);
    const lacking: number[] = [];
    for (const number of numbers) {
      if (known.has(number)) continue;
      if (yield* this.#layOne(tree, parts, this.input(number))) known.add(number);
      else lacking.push(number);
      yield;
    }
    return lacking;
  }

  *#layOne(tree: Tree, parts: MachineParts, input: DeclaredInput): Steps<boolean> {
    if (parts.isShown(input.path)) {
      yield* requireSame(input);
      return true;
    }
    if (input.kind === 'file' && !this.#mayHave(tree, input)) return false;
    return tree.add(input);
  }

  /** Whether a file's content is here, and the client's as well. */
  #mayHave(tree: Tree, file: DeclaredFile): boolean {
    // What is in the tree was the client's when it came there.
    return tree.has(file) || this.#possessed(file) !== undefined;
  }

  /** Whether it is known of all these files that the client has their contents, in steps. @throws ProtocolError */
  *hasAll(numbers: readonly number[]): Steps<boolean> {
    for (const number of numbers) {
      const file = this.file(number);
      if (file.proof === undefined) continue;
      if (this.#possessed(file) === undefined) return false;
      yield;
    }
    return true;
  }

  /** The client has sent the content of a file, so that it has it. */
  possesses(file: DeclaredFile): void {
    file.proof = undefined;
  }

  /**
   * Numbers of which another connection of this client was asked for the content, and a promise of the end of all that:
   * a job that looked again whenever one content came would look hundreds of times.
   */
  underWay(numbers: readonly number[]): { readonly numbers: ReadonlySet<number>; readonly over: Promise<void> } {
    const waited = numbers.filter((number) => this.#coming.has(this.file(number).hash));
    const ends = waited.map((number) => this.#coming.get(this.file(number).hash)?.over ?? Promise.resolve());
    return { numbers: new Set(waited), over: Promise.all(ends).then(() => undefined) };
  }

  /** Of numbers with the same content the first. */
  withoutTwins(numbers: readonly number[]): number[] {
    const seen = new Set<string>();
    return numbers.filter((number) => {
      const { hash } = this.file(number);
      return !seen.has(hash) && seen.add(hash);
    });
  }

  /** A connection is about to be asked for these. */
  ask(numbers: readonly number[]): Asked {
    const mine = new Map<string, Coming>();
    for (const number of numbers) {
      const { hash } = this.file(number);
      let settle = (): void => {};
      const over = new Promise<void>((resolve) => (settle = resolve));
      mine.set(hash, { over, settle });
      this.#coming.set(hash, { over, settle });
    }
    const came = (hash: string): void => {
      const coming = mine.get(hash);
      if (coming === undefined) return;
      mine.delete(hash);
      this.#coming.delete(hash);
      coming.settle();
    };
    return { came, close: () => [...mine.keys()].forEach(came) };
  }

  /** Ends it: nobody uses it any more. */
  close(): void {
    for (const { tree } of this.#generations.values()) this.#sessions.removeTree(tree);
    this.exact.close();
    this.#generations.clear();
    this.#inputs.length = 0;
  }
}
