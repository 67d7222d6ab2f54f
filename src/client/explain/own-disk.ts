import { spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { constants as systemConstants } from 'node:os';
import { stampLength } from '../../wire/agent/inputs.ts';
import { longestFile } from '../headers/disk.ts';
import type { CompilerAnswer, Disk, ReadFile } from '../headers/disk.ts';
import { isYoung } from '../headers/stamp.ts';
import type { Environment } from '../../config/client-environment.ts';
import { bytesOf } from '../../system/byte-text.ts';
import { errorCode } from '../../system/error-text.ts';

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW, S_IFDIR, S_IFMT } = constants;
const errnoByCode: Readonly<Record<string, number>> = systemConstants.errno;

/** How long a compiler may take, in ms: one that hangs is ended. */
const compilerPatience = 20_000;

/** A stamp as `Disk.look` gives it. */
function stampOf(found: BigIntStats): Buffer {
  const stamp = Buffer.alloc(stampLength);
  stamp.writeUInt32LE(Number(found.mode), 4);
  stamp.writeBigUInt64LE(found.dev, 8);
  stamp.writeBigUInt64LE(found.ino, 16);
  stamp.writeBigUInt64LE((Number(found.mode) & S_IFMT) === S_IFDIR ? 0n : found.size, 24);
  stamp.writeBigInt64LE(found.mtimeNs, 32);
  stamp.writeBigInt64LE(found.ctimeNs, 40);
  return stamp;
}

function stampAt(path: Buffer): Buffer {
  try {
    return stampOf(lstatSync(path, { bigint: true }));
  } catch (error) {
    const stamp = Buffer.alloc(stampLength);
    stamp.writeUInt32LE(errnoByCode[errorCode(error) ?? ''] ?? systemConstants.errno.EIO, 0);
    return stamp;
  }
}

/** A regular file, or undefined. */
function readOne(path: Buffer): ReadFile | undefined {
  const now = Date.now();
  let descriptor: number;
  try {
    descriptor = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const before = fstatSync(descriptor, { bigint: true });
    if (!before.isFile() || before.size > BigInt(longestFile)) return undefined;
    const bytes = readFileSync(descriptor);
    const stamp = stampOf(fstatSync(descriptor, { bigint: true }));
    if (!stamp.equals(stampOf(before))) return undefined;
    return { stamp, bytes, young: isYoung(stamp, now) };
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** The files of this process, for a command that only explains: no build waits for it. */
export class OwnDisk implements Disk {
  readonly #directory: string;
  readonly #environment: Environment;

  constructor(directory: string, environment: Environment) {
    this.#directory = directory;
    this.#environment = environment;
  }

  look(paths: Buffer): Promise<Buffer> {
    const stamps: Buffer[] = [];
    for (let from = 0; from < paths.length;) {
      const end = paths.indexOf(0, from);
      stamps.push(stampAt(paths.subarray(from, end)));
      from = end + 1;
    }
    return Promise.resolve(Buffer.concat(stamps));
  }

  read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    return Promise.resolve(paths.map((path) => readOne(bytesOf(path))));
  }

  readLinks(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    const read = (path: string): string | undefined => {
      try {
        return readlinkSync(bytesOf(path), 'latin1');
      } catch {
        return undefined;
      }
    };
    return Promise.resolve(paths.map(read));
  }

  ask([program = '', ...words]: readonly string[]): Promise<CompilerAnswer> {
    return new Promise((resolve) => {
      const child = spawn(program, words, {
        cwd: this.#directory,
        env: { ...this.#environment, LC_ALL: 'C' },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: compilerPatience,
        killSignal: 'SIGKILL',
      });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
      child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
      const end = (status: number): void =>
        resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
      child.on('error', () => end(127));
      child.on('close', (status) => end(status ?? 128));
    });
  }
}
