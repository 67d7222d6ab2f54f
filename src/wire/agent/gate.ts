import { numbers, terminated } from './fields.ts';
import { encodeFrame, kinds } from './frame.ts';

/** Of each lane: its multiplier, how far its word and the lane are turned, and what is added. */
const lanes = [
  { factor: 0x239b961b, next: 0xab0e9789, turnWord: 15, turnLane: 19, addend: 0x561ccd1b },
  { factor: 0xab0e9789, next: 0x38b34ae5, turnWord: 16, turnLane: 17, addend: 0x0bcaa747 },
  { factor: 0x38b34ae5, next: 0xa1e38b93, turnWord: 17, turnLane: 15, addend: 0x96cd1c35 },
  { factor: 0xa1e38b93, next: 0x239b961b, turnWord: 18, turnLane: 13, addend: 0x32ac3b17 },
] as const;

const turned = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/**
 * 16 bytes that tell one list of stamps from another: the body of MurmurHash3 for 128 bits, without what it does at the
 * end. The launcher computes the same (src/launcher/inputs.c). Nobody can choose the stamps of a disk, and who could
 * would only deceive his own compile, so it need not be a hash that resists that.
 */
export function stampsDigest(stamps: Buffer): Buffer {
  const state = new Uint32Array(lanes.length);
  for (let at = 0; at + 16 <= stamps.length; at += 16)
    for (let lane = 0; lane < 4; lane += 1) {
      const how = lanes[lane];
      if (how === undefined) break;
      const word = Math.imul(turned(Math.imul(stamps.readInt32LE(at + 4 * lane), how.factor), how.turnWord), how.next);
      const mixed = turned((state[lane] ?? 0) ^ word, how.turnLane) + (state[(lane + 1) % 4] ?? 0);
      state[lane] = Math.imul(mixed, 5) + how.addend;
    }
  return numbers(...state);
}

/** What has to be so before a request goes to a host. */
export interface Gate {
  /** As a job's command names it. */
  readonly source: string;
  /** Files that can be written, and are not the source; an empty name stands for none. */
  readonly outputs: readonly string[];
  /** Absolute paths, as encodePaths() makes them, and what stampsDigest() gives for their stamps. */
  readonly paths: Buffer;
  readonly digest: Buffer;
}

/**
 * GATE: 16 bytes of the digest, count of outputs; then source and outputs, and the paths, each with a NUL. The launcher
 * looks at once and says nothing; when anything is not so, the CARRY that follows is answered by "closed".
 */
export function encodeGate({ source, outputs, paths, digest }: Gate): Buffer {
  return encodeFrame(kinds.GATE, digest, numbers(outputs.length), terminated([source, ...outputs]), paths);
}
