import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, read, readSync, writeSync } from 'node:fs';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writeAll } from '../../system/descriptors/write-all.ts';
import { ResultFile } from '../job/result-file.ts';
import type { TreeCompiled } from '../job/run-tree-job.ts';

const readLater = promisify(read);

/**
 * A result in one file: this word, the key, four lengths, the SHA-256 of all that and of the bodies, the bodies. Another
 * form gets another word.
 */
const word = Buffer.from('distccR1');
const keyLength = 32;
const hashLength = 32;
const partNames = ['stderr', 'stdout', 'object', 'dependencies'] as const;
const headLength = word.length + keyLength + 4 * partNames.length;
/** Bytes before the bodies. */
const bodiesAt = headLength + hashLength;

/** What is read or written at a time, and at most at once before others have their turn, in bytes. */
const pieceLength = 256 * 1024;

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

type Lengths = readonly [stderr: number, stdout: number, object: number, dependencies: number];

const lengthsOf = ({ stderr, stdout, object, dependencies }: TreeCompiled): Lengths => [
  stderr.length,
  stdout.length,
  object.length,
  dependencies.length,
];

/** How long a file a result makes, in bytes. */
export const keptLength = (result: TreeCompiled): number =>
  lengthsOf(result).reduce((sum, length) => sum + length, bodiesAt);

function encodeHead(key: string, lengths: Lengths): Buffer {
  const head = Buffer.alloc(headLength);
  word.copy(head);
  head.write(key, word.length, 'hex');
  lengths.forEach((length, at) => head.writeUInt32LE(length, word.length + keyLength + 4 * at));
  return head;
}

/**
 * Writes a result into a new file (mode 0600), with turns for others.
 * @param key 64 hexadecimal digits
 * @throws the system's error
 */
export async function writeResult(path: string, key: string, result: TreeCompiled): Promise<void> {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    const head = encodeHead(key, lengthsOf(result));
    const hash = createHash('sha256').update(head);
    // The hash comes last: a file that was not finished has none.
    writeAll(descriptor, Buffer.concat([head, Buffer.alloc(hashLength)]));
    let held = 0;
    for (const name of partNames) {
      for await (const piece of result[name].pieces(pieceLength)) {
        if ((held += piece.length) > pieceLength) {
          await othersTurn();
          held = piece.length;
        }
        hash.update(piece);
        writeAll(descriptor, piece);
      }
    }
    writeSync(descriptor, hash.digest(), 0, hashLength, headLength);
  } finally {
    closeSync(descriptor);
  }
}

/** A file is not the result that it should be. */
export class BrokenResult extends Error {
  constructor(fault: string) {
    super(`a kept result ${fault}`);
    this.name = 'BrokenResult';
  }
}

/**
 * Opens a result and looks at every byte of it, with turns for others; it is for the caller to close.
 * @throws BrokenResult, the system's error
 */
export async function openResult(path: string, key: string): Promise<TreeCompiled> {
  const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const lengths = await checkResult(descriptor, key);
    const [stderr, stdout, object, dependencies] = ResultFile.partsOf(descriptor, bodiesAt, lengths);
    return { status: 0, stderr, stdout, object, dependencies };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

async function checkResult(descriptor: number, key: string): Promise<Lengths> {
  const start = Buffer.alloc(bodiesAt);
  const about = fstatSync(descriptor);
  if (!about.isFile() || readSync(descriptor, start, 0, bodiesAt, 0) !== bodiesAt)
    throw new BrokenResult('is cut short');
  const length = (at: number): number => start.readUInt32LE(word.length + keyLength + 4 * at);
  const lengths: Lengths = [length(0), length(1), length(2), length(3)];
  const head = start.subarray(0, headLength);
  if (!head.equals(encodeHead(key, lengths))) throw new BrokenResult('has another key or form');
  if (about.size !== lengths.reduce((sum, one) => sum + one, bodiesAt)) throw new BrokenResult('has another length');
  const hash = createHash('sha256').update(head);
  await hashRest(descriptor, about.size, hash);
  if (!hash.digest().equals(start.subarray(headLength))) throw new BrokenResult('has other contents');
  return lengths;
}

async function hashRest(descriptor: number, size: number, hash: Hash): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(pieceLength, size - bodiesAt));
  for (let at = bodiesAt; at < size;) {
    const wanted = Math.min(buffer.length, size - at);
    // What is short is read sooner than another thread has been asked.
    const count =
      size <= pieceLength
        ? readSync(descriptor, buffer, 0, wanted, at)
        : (await readLater(descriptor, buffer, 0, wanted, at)).bytesRead;
    if (count === 0) throw new BrokenResult('became shorter');
    hash.update(buffer.subarray(0, count));
    at += count;
  }
}
