/**
 * A view of the same bytes, for reading and writing words at any position. V8 compiles each access to one instruction.
 */
export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
