import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What two hashes of a content say: which content it is, and that somebody has it. */
export interface ContentHashes {
  /** SHA-256 of the content, hexadecimal. */
  readonly hash: string;
  /**
   * SHA-256 of `possession` and the content: the key of proofs, which nobody is told. One character for each byte: a
   * buffer of its own takes several times as much memory.
   */
  readonly key: string;
}

/** Takes both hashes of a content as it comes. */
export class ContentHasher {
  readonly #hash = createHash('sha256');
  readonly #key = createHash('sha256').update('possession');

  update(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.#key.update(bytes);
  }

  digest(): ContentHashes {
    return { hash: this.#hash.digest('hex'), key: this.#key.digest('binary') };
  }
}

/** The proof that whoever was told a nonce has a content: HMAC-SHA-256. */
export const proofOf = (key: string, nonce: Buffer): Buffer =>
  createHmac('sha256', Buffer.from(key, 'latin1')).update(nonce).digest();

/** Whether a proof is that of a content. */
export function proves(proof: Buffer, key: string, nonce: Buffer): boolean {
  const right = proofOf(key, nonce);
  return proof.length === right.length && timingSafeEqual(proof, right);
}
