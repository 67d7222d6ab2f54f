/** An output in the launcher's memory: its offset and length, and its first bytes. */
export interface HeldOutput {
  readonly at: number;
  readonly length: number;
  readonly head: Buffer;
  /** Reads bytes that lie within it. */
  readonly read: (from: number, length: number) => Promise<Buffer>;
}

/** The output of a host's compiler. */
export type Output = Buffer | HeldOutput;

/** What a host answered. */
export interface HostResponse {
  /** The raw Unix wait status of its compiler. */
  readonly status: number;
  readonly stderr: Buffer;
  readonly stdout: Buffer;
  readonly object: Output;
}
