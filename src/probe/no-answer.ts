/** How a peer failed to answer. */
export type Silence =
  /** It took longer than it may. */
  | 'late'
  /** It closed the connection before its answer was whole. */
  | 'closed'
  /** The system reported an error, which is the cause. */
  | 'failed'
  /** It answered with something else; the cause says where that differs. */
  | 'garbled';

/** A peer did not answer as it should; the message is a sentence such as `timed out while connecting`. */
export class NoAnswer extends Error {
  readonly kind: Silence;
  /** The first bytes that came instead, at most `mostShown` of them. */
  readonly came: Buffer;

  constructor(
    kind: Silence,
    sentence: string,
    { came = Buffer.alloc(0), cause }: { came?: Buffer; cause?: unknown } = {},
  ) {
    super(sentence, { cause });
    this.name = 'NoAnswer';
    this.kind = kind;
    this.came = came;
  }
}

/** How many of the bytes that came are kept for a message. */
export const mostShown = 80;
