/**
 * A view of the same bytes that reads and writes words at any place, in one instruction each once V8 has compiled it.
 */
export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
