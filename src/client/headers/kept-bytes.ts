/** Bytes of one piece of memory; what is kept in it is small and lives long. */
const slabLength = 64 * 1024;

let slab = Buffer.alloc(0);
let used = 0;

/**
 * A copy for a long time. Node's own small buffers share their memory with those of messages that have long been
 * handled: one that is kept may hold a hundred times its length.
 */
export function keepBytes(bytes: Buffer): Buffer {
  // A longer one has memory of its own.
  if (bytes.length > slabLength / 8) return bytes.length === bytes.buffer.byteLength ? bytes : Buffer.from(bytes);
  if (used + bytes.length > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabLength);
    used = 0;
  }
  const kept = slab.subarray(used, used + bytes.length);
  used += bytes.copy(kept);
  return kept;
}
