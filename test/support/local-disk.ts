import { spawn } from 'node:child_process';
import { closeSync, constants as modes, fstatSync, lstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import type { BigIntStats } from 'node:fs';
import type { CompilerAnswer, Disk, ReadFile } from '../../src/client/headers/disk.ts';
import { longestFile, stampLength } from '../../src/client/headers/disk.ts';

const typeBits = 0o170000n;
const folder = 0o040000n;
const regular = 0o100000n;

/** A stamp as `Disk.look` gives it. */
export function writeStamp(stats: BigIntStats | undefined, errno = 0): Buffer {
  const stamp = Buffer.alloc(stampLength);
  stamp.writeUInt32LE(stats === undefined ? errno : 0, 0);
  if (stats === undefined) return stamp;
  stamp.writeUInt32LE(Number(stats.mode), 4);
  stamp.writeBigUInt64LE(stats.dev, 8);
  stamp.writeBigUInt64LE(stats.ino, 16);
  stamp.writeBigUInt64LE((stats.mode & typeBits) === folder ? 0n : stats.size, 24);
  stamp.writeBigInt64LE(stats.mtimeNs, 32);
  stamp.writeBigInt64LE(stats.ctimeNs, 40);
  return stamp;
}

const errnoOf = (error: unknown): number => {
  const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
  return (constants.errno as Readonly<Record<string, number>>)[code] ?? constants.errno.EIO;
};

/** A disk for tests: the files of this process, and compilers as its children. It counts what it is asked. */
export class LocalDisk implements Disk {
  looks = 0;
  looked = 0;
  reads = 0;
  readonly asked: (readonly string[])[] = [];
  readonly #directory: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(directory: string, environment: NodeJS.ProcessEnv = process.env) {
    this.#directory = directory;
    this.#environment = environment;
  }

  /** For tests that have other times. */
  stampWith(stats: BigIntStats): Buffer {
    return writeStamp(stats);
  }

  stampOf(path: Buffer): Buffer {
    try {
      return this.stampWith(lstatSync(path, { bigint: true }));
    } catch (error) {
      return writeStamp(undefined, errnoOf(error));
    }
  }

  look(paths: Buffer): Promise<Buffer> {
    const stamps: Buffer[] = [];
    for (let from = 0; from < paths.length;) {
      const end = paths.indexOf(0, from);
      stamps.push(this.stampOf(paths.subarray(from, end)));
      from = end + 1;
    }
    this.looks += 1;
    this.looked += stamps.length;
    return Promise.resolve(Buffer.concat(stamps));
  }

  read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    this.reads += paths.length;
    return Promise.resolve(paths.map((path) => this.#readOne(Buffer.from(path, 'latin1'))));
  }

  #readOne(path: Buffer): ReadFile | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(path, modes.O_RDONLY | modes.O_NONBLOCK | modes.O_NOFOLLOW);
    } catch {
      return undefined;
    }
    try {
      const before = fstatSync(descriptor, { bigint: true });
      if ((before.mode & typeBits) !== regular || before.size > BigInt(longestFile)) return undefined;
      const bytes = readFileSync(descriptor);
      const stamp = this.stampOf(path);
      if (!stamp.equals(this.stampWith(before))) return undefined;
      const changed = before.mtimeNs > before.ctimeNs ? before.mtimeNs : before.ctimeNs;
      const young = BigInt(Date.now()) * 1_000_000n - changed < 2_000_000_000n;
      return { stamp, bytes, young };
    } finally {
      closeSync(descriptor);
    }
  }

  readLinks(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    const read = (path: string): string | undefined => {
      try {
        return readlinkSync(Buffer.from(path, 'latin1'), 'latin1');
      } catch {
        return undefined;
      }
    };
    return Promise.resolve(paths.map(read));
  }

  ask(argv: readonly string[]): Promise<CompilerAnswer> {
    this.asked.push(argv);
    const [program = '', ...words] = argv;
    const environment = { ...this.#environment, LC_ALL: 'C' };
    return new Promise((resolve) => {
      const child = spawn(program, words, {
        cwd: this.#directory,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
      child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
      child.on('error', () => resolve({ status: 127, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }));
      child.on('close', (status) =>
        resolve({ status: status ?? 128, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }),
      );
    });
  }
}
